import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from render_node.title.pygame_hooks.stdio_stream import unbuffer

libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    read_fd, write_fd = os.pipe()
    os.set_blocking(read_fd, False)
    yield read_fd, write_fd
    os.close(read_fd)
    os.close(write_fd)


def waiting(fd: int) -> bytes:
    try:
        return os.read(fd, 4096)
    except BlockingIOError:
        return b""


def test_a_stream_that_a_library_opened_writes_at_once(pipe: tuple[int, int]) -> None:
    read_fd, write_fd = pipe
    stream = ctypes.c_void_p(libc.fopen(f"/proc/self/fd/{write_fd}".encode(), b"wb"))
    libc.fwrite(b"gathered", 1, 8, stream)
    assert waiting(read_fd) == b""
    assert unbuffer(write_fd)
    assert waiting(read_fd) == b"gathered"
    libc.fwrite(b"at once", 1, 7, stream)
    assert waiting(read_fd) == b"at once"
    libc.fclose(stream)


def test_without_such_a_stream_nothing_happens(pipe: tuple[int, int]) -> None:
    assert not unbuffer(pipe[1])


CONTENTION = """
import ctypes, os, sys, threading
from render_node.title.pygame_hooks.stdio_stream import unbuffer
libc, over, (_, write_fd) = ctypes.PyDLL(None), threading.Event(), os.pipe()
def flush_often():
    while not over.is_set():
        libc.fflush(None)
thread = threading.Thread(target=flush_often)
thread.start()
sys.setswitchinterval(1e-5)
for _ in range(1000):
    unbuffer(write_fd)
over.set()
thread.join()
"""


def test_a_thread_that_keeps_the_gil_while_it_waits_for_the_list_stops_nobody() -> None:
    subprocess.run([sys.executable, "-c", CONTENTION], check=True, timeout=60)
