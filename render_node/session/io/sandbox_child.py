"""The sandbox's outer process, bubblewrap or a warden: spawned, watched by pidfd, and killed as a whole.

Bubblewrap's first process inside the sandbox is the root of its own process namespace: with that one, whose id it
writes to ``--info-fd``, everything in the sandbox dies, and bubblewrap itself then ends and is reaped here. A warden
does the same with the title's first process. Killing the outer process from outside instead would leave the dead to
whatever is process 1 of this machine.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

INFO_MAX_BYTES = 4096


class SandboxChild:
    """Owns the process until ``close``. Made on the main thread: it dies with the thread that made it."""

    def __init__(
        self,
        command: Callable[[int], list[str]],
        environment: Mapping[str, str],
        *,
        inherited: Sequence[int],
        loop: asyncio.AbstractEventLoop,
        on_exit: Callable[[int], None],
    ) -> None:
        """Spawn.

        Args:
            command: Makes the command line, given the number of the info descriptor.
            environment: Its whole environment.
            inherited: Descriptors that the child gets under the same numbers.
            loop: Where ``on_exit`` runs, once, with the exit status (128 + n for signal n).
            on_exit: Called when the process has ended.
        """
        self._loop = loop
        self._on_exit = on_exit
        self._exited = asyncio.Event()
        self._root_pidfd = -1
        self._info = b""
        self._info_fd, info_write_fd = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            self._process = subprocess.Popen(
                command(info_write_fd),
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(*inherited, info_write_fd),
                start_new_session=True,
                bufsize=0,
            )
        except BaseException:
            os.close(self._info_fd)
            raise
        finally:
            os.close(info_write_fd)
        self._pidfd = os.pidfd_open(self._process.pid)
        loop.add_reader(self._pidfd, self._reap)
        loop.add_reader(self._info_fd, self._read_info)

    @property
    def pid(self) -> int:
        """Return bubblewrap's process id, above everything in the sandbox."""
        return self._process.pid

    def take_output_fd(self) -> int:
        """Hand over the read end of the child's output; the caller closes it."""
        assert self._process.stdout is not None
        descriptor = os.dup(self._process.stdout.fileno())
        os.set_inheritable(descriptor, False)
        self._process.stdout.close()
        return descriptor

    def kill(self) -> None:
        """Kill everything in the sandbox; ``on_exit`` follows."""
        self._read_info()
        with suppress(ProcessLookupError):
            if self._root_pidfd >= 0:
                signal.pidfd_send_signal(self._root_pidfd, signal.SIGKILL)
            elif not self._exited.is_set():
                self._process.kill()

    async def wait(self, timeout_s: float) -> bool:
        """Wait for the end; return whether it came in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._exited.wait()
                await self._root_gone()
                return True
        return False

    async def _root_gone(self) -> None:
        """Wait for the sandbox's first process: bubblewrap itself ends a moment earlier."""
        self._read_info()
        if self._root_pidfd >= 0:
            gone = asyncio.Event()
            self._loop.add_reader(self._root_pidfd, gone.set)
            try:
                await gone.wait()
            finally:
                self._loop.remove_reader(self._root_pidfd)

    def close(self) -> None:
        """Close the descriptors; a process that is still there is killed and reaped."""
        if not self._exited.is_set():
            self._process.kill()
            self._reap()
        self._close_info()
        if self._root_pidfd >= 0:
            os.close(self._root_pidfd)
            self._root_pidfd = -1

    def _reap(self) -> None:
        if self._exited.is_set():
            return
        status = self._process.wait()
        self._loop.remove_reader(self._pidfd)
        os.close(self._pidfd)
        self._exited.set()
        self._on_exit(status if status >= 0 else 128 - status)

    def _read_info(self) -> None:
        if self._info_fd < 0:
            return
        try:
            data = os.read(self._info_fd, INFO_MAX_BYTES)
        except BlockingIOError:
            return
        self._info += data
        if data:
            return
        with suppress(ValueError, KeyError, ProcessLookupError):
            self._root_pidfd = os.pidfd_open(json.loads(self._info)["child-pid"])
        self._close_info()

    def _close_info(self) -> None:
        if self._info_fd >= 0:
            self._loop.remove_reader(self._info_fd)
            os.close(self._info_fd)
            self._info_fd = -1
