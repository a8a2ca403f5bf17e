"""Takes the buffer from a C stream that a library opened for itself and does not hand out.

SDL's disk driver writes sound by ``fopen``, and glibc gathers 4 KiB of it first: 21 ms at 48 kHz stereo, by which the
mixer runs further ahead of its reader. glibc's own list of open streams leads to it; other C libraries have none, and
there the buffer stays.

While we hold that list's lock we keep the GIL: a thread that holds the GIL and opens a stream or forks waits for the
lock, and we would never get the GIL back.
"""

from __future__ import annotations

import ctypes
import os
import sys

_IONBF = 2
_WALK_S = 1.0
"""Seconds for which no other thread asks for the GIL; the walk takes microseconds."""
_NAMES = ("_IO_list_lock", "_IO_list_unlock", "_IO_iter_begin", "_IO_iter_end", "_IO_iter_next", "_IO_iter_file")


def unbuffer(fd: int) -> bool:
    """Let every stream to the file that ``fd`` is open on write at once; waits for a write that is under way.

    Returns:
        Whether there was such a stream.
    """
    libc = ctypes.PyDLL(None)
    if not all(hasattr(libc, name) for name in _NAMES):
        return False
    wanted = os.fstat(fd)
    streams = [stream for stream in _streams(libc) if _is_of(libc, stream, wanted, besides=fd)]
    for stream in streams:
        ctypes.CDLL(None).setvbuf(ctypes.c_void_p(stream), None, _IONBF, ctypes.c_size_t(0))
    return bool(streams)


def _streams(libc: ctypes.PyDLL) -> list[int]:
    for name in ("_IO_iter_begin", "_IO_iter_end", "_IO_iter_next", "_IO_iter_file"):
        getattr(libc, name).restype = ctypes.c_void_p
    streams = []
    interval_s = sys.getswitchinterval()
    sys.setswitchinterval(_WALK_S)
    libc._IO_list_lock()
    try:
        place, end = libc._IO_iter_begin(), libc._IO_iter_end()
        while place != end:
            streams.append(libc._IO_iter_file(ctypes.c_void_p(place)))
            place = libc._IO_iter_next(ctypes.c_void_p(place))
    finally:
        libc._IO_list_unlock()
        sys.setswitchinterval(interval_s)
    return streams


def _is_of(libc: ctypes.PyDLL, stream: int, wanted: os.stat_result, *, besides: int) -> bool:
    number = libc.fileno(ctypes.c_void_p(stream))
    if number < 0 or number == besides:
        return False
    try:
        found = os.fstat(number)
    except OSError:
        return False
    return (found.st_dev, found.st_ino) == (wanted.st_dev, wanted.st_ino)
