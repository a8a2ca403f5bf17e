"""A TCP flow that takes what it can get, from the server's namespace to the client's."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.network.shaped_link import ShapedLink
from tests.network.shaper import CLIENT_ADDRESS

CHUNK_BYTES = 64 * 1024
CONTROL = b"cubic"


@contextmanager
def cubic_flow(link: ShapedLink) -> Iterator[None]:
    """Have the flow run for a while."""
    with link.client(), socket.create_server((CLIENT_ADDRESS, 0)) as listener:
        with link.server():
            giver = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        with giver:
            giver.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, CONTROL)
            giver.connect(listener.getsockname())
            taker, _ = listener.accept()
            with taker:
                threads = [
                    threading.Thread(target=_give, args=(giver,)),
                    threading.Thread(target=_take, args=(taker,)),
                ]
                for thread in threads:
                    thread.start()
                try:
                    yield
                finally:
                    for each in (giver, taker):
                        with suppress(OSError):  # broken already
                            each.shutdown(socket.SHUT_RDWR)
                    for thread in threads:
                        thread.join()


def _give(giver: socket.socket) -> None:
    chunk = bytes(CHUNK_BYTES)
    try:
        while True:
            giver.sendall(chunk)
    except OSError:  # shut down
        return


def _take(taker: socket.socket) -> None:
    try:
        while taker.recv(CHUNK_BYTES):
            pass
    except OSError:  # shut down
        return
