"""A real ``farplay`` command: started, read, ended, and searched for what it left behind."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from tests.support.deadlines import patient

ROOT = Path(__file__).resolve().parents[2]
FORK_SERVER = "render_node.agent.io.fork_server"
LAUNCHER = "render_node/title/__main__.py"
READY_S = 15.0
END_S = 10.0
TCP_LISTEN = "0A"
"""Of ``/proc/net/tcp``, see proc(5)."""


class FarplayProcess:
    """One ``farplay up``, ``broker``, ``node`` or ``title run`` with ``--json``.

    Owns the process from construction to `stop`. Its output beyond the JSON line goes to ``log_path``.
    """

    def __init__(self, arguments: Sequence[str], log_path: Path, **variables: str) -> None:
        self.log_path = log_path
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "default", **variables}
        environment["FARPLAY_MEDIA_HOST"] = "127.0.0.1"
        with log_path.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "farplay", *arguments], cwd=ROOT, env=environment,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, start_new_session=True,
            )  # fmt: skip
        self._seen: dict[int, psutil.Process] = {}
        self._shared_memory: set[Path] = set()
        self._ports: set[int] = set()
        self._listeners: set[int] = set()
        try:
            self.ready: dict[str, str] = json.loads(self._first_line(patient(READY_S)))
            self._ports = {port for each in self.ready.values() if (port := urlsplit(str(each)).port)}
        except BaseException:
            self.kill()
            raise

    @property
    def url(self) -> str:
        """Return where it serves, without a trailing slash."""
        return self.ready["url"].rstrip("/")

    def _first_line(self, within_s: float) -> str:
        assert self.process.stdout is not None
        deadline = time.monotonic() + within_s
        text = b""
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while b"\n" not in text:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    raise AssertionError(f"no line within {within_s} s\n{self.log_tail()}")
                chunk = os.read(self.process.stdout.fileno(), 65536)
                if not chunk:
                    raise AssertionError(f"ended with {self.process.wait()} before it was ready\n{self.log_tail()}")
                text += chunk
        return text.partition(b"\n")[0].decode()

    def log_tail(self) -> str:
        """Return the end of what it wrote to standard error."""
        return self.log_path.read_text(errors="replace")[-4000:]

    def descendants(self) -> list[psutil.Process]:
        """Return all its processes that live now, and remember them for `left_behind`."""
        try:
            found: list[psutil.Process] = psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []
        self._seen.update({each.pid: each for each in found})
        self._shared_memory.update(*map(_shared_memory_of, found))
        self._listeners |= _listeners_on(self._ports)
        return found

    def command_lines(self) -> list[str]:
        """Return what anybody can read of how its processes were started."""
        said = []
        for each in self.descendants():
            with suppress(psutil.NoSuchProcess):  # it ended meanwhile
                said.append(" ".join(each.cmdline()))
        return said

    def named(self, name: str) -> list[psutil.Process]:
        """Return its broker, node, worker or title processes (see `role_of`)."""
        return [each for each in self.descendants() if role_of(each) == name]

    def kill(self) -> None:
        """End everything at once, for a start that failed."""
        for each in [*self.descendants(), psutil.Process(self.process.pid)] if self.process.poll() is None else []:
            with suppress(psutil.NoSuchProcess):
                each.kill()
        self.process.wait(patient(END_S))
        if self.process.stdout is not None:
            self.process.stdout.close()

    def stop(self) -> int:
        """Interrupt it as a person would, and wait for its end.

        Returns:
            Its exit status.
        """
        self.descendants()
        self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(patient(END_S))
        except subprocess.TimeoutExpired as error:
            self.kill()
            raise AssertionError(f"did not end within {patient(END_S):g} s of SIGINT\n{self.log_tail()}") from error
        finally:
            if self.process.stdout is not None:
                self.process.stdout.close()

    def left_behind(self) -> list[str]:
        """Return what outlived it: processes, its listening sockets, shared memory."""
        left = [f"process {each}" for each in _alive(self._seen.values())]
        # By the sockets themselves: its ports may be somebody else's by now.
        if self._listeners & _listeners_on(self._ports):
            left.append(f"a listener of {self.ready}")
        left += [str(path) for path in self._shared_memory if path.exists()]
        return left


def role_of(process: psutil.Process) -> str:
    """Tell what a process of the tree is.

    Returns:
        ``broker``, ``node``, ``fork_server``, ``worker`` (one with a title), ``warm_worker``, ``sandbox``, ``title``,
        ``other`` or ``gone``. Forked workers keep the fork server's command line and are known by their parent.
    """
    try:
        command = process.cmdline()
        parent = process.parent()
        above = parent.cmdline() if parent else []
        if Path(command[0]).name == "bwrap":
            return "sandbox"
        if FORK_SERVER in command and FORK_SERVER in above:
            return "worker" if process.children() else "warm_worker"
    except (psutil.NoSuchProcess, psutil.ZombieProcess, IndexError):
        return "gone"
    if FORK_SERVER in command:
        return "fork_server"
    if any(word.endswith(LAUNCHER) for word in command):
        return "title"
    return command[command.index("farplay") + 1] if "farplay" in command[:-1] else "other"


def _alive(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Return those that still run after a short wait; zombies of ours count, as nobody reaps them."""
    alive: list[psutil.Process] = psutil.wait_procs(list(processes), timeout=patient(3.0))[1]
    return alive


def _listeners_on(ports: set[int]) -> set[int]:
    """Return the sockets of this thread's network that listen on TCP ports, by inode."""
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/thread-self/net", table).read_text().splitlines()[1:]:
            _, local, _, state, *others = line.split()
            if state == TCP_LISTEN and int(local.rpartition(":")[2], 16) in ports:
                found.add(int(others[5]))
    return found


def _shared_memory_of(process: psutil.Process) -> set[Path]:
    """Return the files below /dev/shm that a process has mapped or open."""
    proc = Path("/proc", str(process.pid))
    try:
        mapped = [line.split(maxsplit=5)[-1] for line in (proc / "maps").read_text().splitlines()]
        opened = [os.readlink(each) for each in (proc / "fd").iterdir()]
    except OSError:  # it ended meanwhile
        return set()
    return {Path(name) for name in (*mapped, *opened) if name.startswith("/dev/shm/")}
