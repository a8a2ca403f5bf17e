"""One supervised process: started with the rest of our command line, ready when it prints a line, ended by signal."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from farplay.log_file import last_lines, open_log

READY_LINE_MAX_BYTES = 64 * 1024
PACKAGES = Path(__file__).resolve().parents[1]
"""Where our packages lie, so that a child imports the very same ones."""


class ChildEnded(Exception):
    """The process ended before it was ready.

    Attributes:
        status: Its exit status, negative for a signal.
    """

    def __init__(self, name: str, status: int) -> None:
        super().__init__(f"the {name} ended with status {status}")
        self.status = status


class ChildProcess:
    """One start of a role; make another for a restart. Owns the process until ``stop`` or ``wait`` returned."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log_path: Path | None) -> None:
        self.name = name
        self.pid = process.pid
        self.started_at = time.monotonic()
        self._process = process
        self._log_path = log_path

    @classmethod
    async def start(
        cls,
        name: str,
        arguments: list[str],
        *,
        log_path: Path | None,
        secrets: Mapping[str, str],
        command: Sequence[str] | None = None,
    ) -> ChildProcess:
        """Start ``farplay NAME ARGUMENTS`` so that it dies with this process.

        Args:
            name: ``broker`` or ``node``.
            arguments: Its options, without secrets (they would show in the process list).
            log_path: Where its standard error goes; None inherits ours.
            secrets: Variables of its environment.
            command: What to run in place of these very packages, of whatever version it is by now.
        """
        log = None if log_path is None else open_log(log_path)
        path = os.pathsep.join([str(PACKAGES), *filter(None, [os.environ.get("PYTHONPATH")])])
        imports = {"PYTHONPATH": path} if command is None else {}
        try:
            process = await asyncio.create_subprocess_exec(
                *(command or (sys.executable, "-P", "-m", "farplay")),
                *(name, *arguments),
                *("--json", "--parent-pid", str(os.getpid())),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                limit=READY_LINE_MAX_BYTES,
                env={**os.environ, **imports, **secrets},
                start_new_session=True,
            )
        finally:
            if log is not None:
                os.close(log)
        return cls(name, process, log_path)

    async def ready(self, timeout_s: float) -> dict[str, Any]:
        """Return what it printed when it was ready.

        Raises:
            ChildEnded: it ended instead.
            TimeoutError: it printed nothing in time.
        """
        assert self._process.stdout is not None
        async with asyncio.timeout(timeout_s):
            line = await self._process.stdout.readline()
        if not line.endswith(b"\n"):
            raise ChildEnded(self.name, await self._process.wait())
        body: dict[str, Any] = json.loads(line)
        return body

    async def news(self) -> AsyncIterator[dict[str, Any]]:
        """Yield what it prints after it was ready, until it ends; must be read, or the process comes to a halt."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            with suppress(ValueError):
                yield json.loads(line)

    async def wait(self) -> int:
        """Return its exit status once it has ended."""
        return await self._process.wait()

    async def stop(self, grace_s: float) -> None:
        """SIGTERM, then SIGKILL after ``grace_s``; returns when it is reaped."""
        self._signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(grace_s):
                await self._process.wait()
        except TimeoutError:
            self._signal(signal.SIGKILL)
            await self._process.wait()

    def tell(self, number: signal.Signals) -> None:
        """Send a signal, unless it has ended."""
        self._signal(number)

    def kill(self) -> None:
        """SIGKILL now."""
        self._signal(signal.SIGKILL)

    def last_words(self) -> str:
        """Return the end of its log."""
        return "" if self._log_path is None else "\n".join(last_lines(self._log_path))

    def _signal(self, number: signal.Signals) -> None:
        if self._process.returncode is None:
            self._process.send_signal(number)
