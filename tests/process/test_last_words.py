"""What a title prints is kept at little cost, however it prints."""

from __future__ import annotations

import asyncio
import os
import threading

import pytest

from render_node.session.io.last_words import CHUNK_BYTES, PAUSE_S, LastWords

pytestmark = pytest.mark.process

PRINTS_S = 0.5


@pytest.mark.parametrize("line", [b"x\n", b"y" * 1000, b"z" * CHUNK_BYTES])
async def test_a_title_that_prints_without_end_is_read_at_a_bounded_rate(
    line: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = 0
    read = os.read

    def counted(descriptor: int, size: int) -> bytes:
        nonlocal reads
        reads += 1
        return read(descriptor, size)

    monkeypatch.setattr(os, "read", counted)
    reading, writing = os.pipe()
    stop = threading.Event()

    def print_on() -> None:
        os.set_blocking(writing, False)
        while not stop.is_set():
            try:
                os.write(writing, line)
            except BlockingIOError:
                stop.wait(0.001)

    loop = asyncio.get_running_loop()
    began_s, words = loop.time(), LastWords(reading, loop)
    writer = threading.Thread(target=print_on)
    writer.start()
    try:
        await asyncio.sleep(PRINTS_S)
    finally:
        stop.set()
        writer.join()
        words.close()
        os.close(writing)
    assert 1 <= reads <= (loop.time() - began_s) / PAUSE_S + 2
    assert words.text().endswith(line.decode()[-1:])
