"""A way for media that can be cut: UDP between one page and its session workers, led through the test's process.

The worker's address in each offer is replaced by a port of ours, as a forwarding router would have it. A worker that
is ICE-lite learns the page's address from the packets, so neither side notices. The broker is reached past it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias

from playwright.async_api import Page

Address: TypeAlias = tuple[str, int]

_EXPOSED = "ledThroughTheTest"
_REWRITE_JS = f"""
    const set = RTCPeerConnection.prototype.setRemoteDescription;
    RTCPeerConnection.prototype.setRemoteDescription = async function ({{ type, sdp }}) {{
        const lines = await Promise.all(sdp.split("\\r\\n").map(async (line) => {{
            const parts = line.split(" ");
            if (!line.startsWith("a=candidate:")) return line;
            parts[5] = String(await {_EXPOSED}(parts[4], Number(parts[5])));
            parts[4] = "127.0.0.1";
            return parts.join(" ");
        }}));
        return set.call(this, {{ type, sdp: lines.join("\\r\\n") }});
    }};
"""


class _Socket(asyncio.DatagramProtocol):
    """Hands every datagram on."""

    def __init__(self, take: Callable[[bytes, Address], None]) -> None:
        self._take = take

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._take(data, addr)


class CuttableMedia:
    """The relay.

    Attributes:
        dropped: Datagrams that met the cut.
    """

    def __init__(self) -> None:
        self.dropped = 0
        self._is_cut = False
        self._ports: dict[Address, asyncio.Task[int]] = {}
        self._transports: list[asyncio.DatagramTransport] = []

    def cut(self) -> None:
        """Let nothing through any more, in neither direction."""
        self._is_cut = True

    def mend(self) -> None:
        """Let everything through again."""
        self._is_cut = False

    async def port_to(self, host: str, port: int) -> int:
        """Return our port that leads to a worker's."""
        worker = (host, port)
        if worker not in self._ports:
            self._ports[worker] = asyncio.create_task(self._open(worker))
        return await self._ports[worker]

    def close(self) -> None:
        """Close all sockets."""
        for transport in self._transports:
            transport.close()

    async def _open(self, worker: Address) -> int:
        to_worker: dict[Address, asyncio.Task[asyncio.DatagramTransport]] = {}

        def from_page(data: bytes, page: Address) -> None:
            if page not in to_worker:
                to_worker[page] = asyncio.create_task(
                    self._socket(lambda answer, _: self._pass(front, answer, page), remote=worker)
                )
            # The first datagrams of a page are its checks, which it repeats.
            if to_worker[page].done():
                self._pass(to_worker[page].result(), data, None)

        front = await self._socket(from_page, local=("127.0.0.1", 0))
        return int(front.get_extra_info("sockname")[1])

    async def _socket(
        self, take: Callable[[bytes, Address], None], *, local: Address | None = None, remote: Address | None = None
    ) -> asyncio.DatagramTransport:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _Socket(take), local_addr=local, remote_addr=remote
        )
        self._transports.append(transport)
        return transport

    def _pass(self, transport: asyncio.DatagramTransport, data: bytes, address: Address | None) -> None:
        if self._is_cut:
            self.dropped += 1
        elif not transport.is_closing():
            transport.sendto(data, address)


@asynccontextmanager
async def cuttable_media(page: Page) -> AsyncIterator[CuttableMedia]:
    """Lead the media of a page, which has not been opened yet, through a relay that the test can cut."""
    media = CuttableMedia()
    await page.expose_function(_EXPOSED, media.port_to)
    await page.add_init_script(_REWRITE_JS)
    try:
        yield media
    finally:
        media.close()
