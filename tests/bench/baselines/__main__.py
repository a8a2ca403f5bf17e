"""Serve one baseline: ``python -m tests.bench.baselines KIND``.

Prints one JSON line with the URL when ready, and runs until SIGTERM.
"""

from __future__ import annotations

import argparse
import json
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from aiortc import RTCConfiguration, RTCDataChannel, RTCPeerConnection, RTCSessionDescription
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse
from starlette.routing import Route

from tests.bench.baselines.drawn_card import DrawnCard
from tests.bench.baselines.kinds import KINDS, Baseline

FOLDER = Path(__file__).parent


class BaselineServer:
    """Answers each offer with a new card and a new peer."""

    def __init__(self, baseline: Baseline) -> None:
        self._baseline = baseline
        self._peers: list[RTCPeerConnection] = []

    async def answer(self, request: Request) -> PlainTextResponse:
        """Take a page's offer."""
        card = DrawnCard()
        track = self._baseline.track(card)
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._peers.append(peer)

        @peer.on("datachannel")
        def on_channel(channel: RTCDataChannel) -> None:
            @channel.on("message")
            def on_message(_: bytes | str) -> None:
                card.presses += 1

        transceiver = peer.addTransceiver(track, "sendonly")
        # Preferences count only when they are set before the remote description.
        transceiver.setCodecPreferences(self._baseline.capabilities())
        self._baseline.attach(transceiver.sender, track)
        await peer.setRemoteDescription(RTCSessionDescription((await request.body()).decode(), "offer"))
        await peer.setLocalDescription(await peer.createAnswer())
        return PlainTextResponse(peer.localDescription.sdp)

    async def close(self) -> None:
        """Close every peer."""
        for peer in self._peers:
            await peer.close()


def application(server: BaselineServer) -> Starlette:
    """Return the routes."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await server.close()

    async def page(request: Request) -> FileResponse:
        return FileResponse(FOLDER / ("page.js" if request.url.path == "/page.js" else "page.html"))

    routes = [Route("/", page), Route("/page.js", page), Route("/offer", server.answer, methods=["POST"])]
    return Starlette(routes=routes, lifespan=lifespan)


def main() -> None:
    """Serve on a free loopback port."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=KINDS)
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    app = application(BaselineServer(KINDS[chosen.kind]()))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(json.dumps({"url": f"http://localhost:{listener.getsockname()[1]}"}), flush=True)
        server = uvicorn.Server(uvicorn.Config(app, loop="uvloop", log_level="warning"))
        server.run([listener])


if __name__ == "__main__":
    main()
