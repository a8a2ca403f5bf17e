"""What hostile titles aim at, laid out on the host: files, sockets, shared memory, and a process to harm."""

from __future__ import annotations

import ctypes
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from render_node.session.io.control_group import find_home

TITLE = Path(__file__).with_name("title")
"""The attacker, a title of several files."""

OTHER_UID = 61_234
VICTIM = """
import ctypes, sys, time
memory = ctypes.create_string_buffer(b"untouched!!")
print(ctypes.addressof(memory), flush=True)
sys.stdin.read()
print(memory.value.decode(), flush=True)
"""
IPC_PRIVATE, IPC_CREAT, IPC_RMID = 0, 0o1000, 0


@dataclass
class Stage:
    """One title's surroundings."""

    folder: Path
    """Where they lie; the title's own folder is ``title`` in it."""
    aim: dict[str, Any]
    key: Path
    victim: subprocess.Popen[str]

    @property
    def program(self) -> Path:
        """The attacker, in a title's folder."""
        return self.folder / "title" / "attacker.py"

    def victim_says(self) -> str:
        """End the victim; return what its memory holds."""
        said, _ = self.victim.communicate("", timeout=5)
        return said.strip()


@contextmanager
def laid_out(folder: Path, mark: str) -> Iterator[Stage]:
    """Lay out everything, and take it away again.

    Args:
        folder: An empty one.
        mark: Seconds that daemons sleep, by which they are found again.
    """
    with ExitStack() as stack:
        shutil.copytree(TITLE, folder / "title")
        become = Path(shutil.copy("/usr/bin/id", folder / "title" / "become"))
        os.chown(become, OTHER_UID, OTHER_UID)
        become.chmod(0o4755)
        outside = folder / "node"
        outside.mkdir()
        key = outside / "node.key"
        key.write_text("the node's key")
        key.chmod(0o600)
        other_save = folder / "other" / "save.dat"
        other_save.parent.mkdir()
        for path in (other_save, outside / "movable", outside / "scrap"):
            path.write_text("somebody else's")
        victim = subprocess.Popen(
            [sys.executable, "-c", VICTIM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        stack.callback(_end, victim)
        assert victim.stdout is not None
        aim = {
            "key": str(key), "key_inode": key.stat().st_ino, "other_save": str(other_save),
            "outside": str(outside), "scrap": str(outside / "scrap"),
            "launcher": "/farplay/launcher/render_node/title/launcher.py", "system": "/usr/bin/env",
            "worker": os.getpid(), "victim": victim.pid, "victim_address": int(victim.stdout.readline()),
            "groups": [f"{path}/cgroup.procs" for path in sorted(set(find_home().folders.values()))],
            "other_uid": OTHER_UID, "mark": mark,
        }  # fmt: skip
        aim |= _sockets(stack, folder)
        aim |= _shared_memory(stack)
        yield Stage(folder, aim, key, victim)


def _end(victim: subprocess.Popen[str]) -> None:
    victim.kill()
    victim.wait()
    for pipe in (victim.stdin, victim.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()


def _sockets(stack: ExitStack, folder: Path) -> dict[str, Any]:
    server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    server_6 = stack.enter_context(socket.create_server(("::1", 0), family=socket.AF_INET6))
    echo = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    echo.bind(("127.0.0.1", 0))
    answering = threading.Thread(target=_echo, args=(echo,), daemon=True)
    answering.start()
    port = echo.getsockname()[1]
    stack.callback(answering.join)
    stack.callback(_stop_echo, port)
    abstract = stack.enter_context(socket.socket(socket.AF_UNIX))
    name = f"farplay-test-{os.getpid()}-{port}"
    abstract.bind("\0" + name)
    abstract.listen()
    listening = stack.enter_context(socket.socket(socket.AF_UNIX))
    path = f"/tmp/{name}"
    listening.bind(path)
    stack.callback(os.unlink, path)
    listening.listen()
    return {
        "port": server.getsockname()[1], "port_6": server_6.getsockname()[1], "udp_port": port,
        "abstract": name, "socket": path,
    }  # fmt: skip


def _echo(sock: socket.socket) -> None:
    while True:
        data, sender = sock.recvfrom(64)
        if not data:
            return
        sock.sendto(data, sender)


def _stop_echo(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"", ("127.0.0.1", port))


def _shared_memory(stack: ExitStack) -> dict[str, Any]:
    libc = ctypes.CDLL(None)
    shm_id = libc.shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0o600)
    assert shm_id >= 0
    stack.callback(libc.shmctl, shm_id, IPC_RMID, None)
    name = f"farplay-test-{os.getpid()}-{shm_id}"
    path = Path("/dev/shm") / name
    path.write_text("somebody else's")
    stack.callback(path.unlink)
    return {"shm_id": shm_id, "shm_name": name}
