"""A player who starts a session, plays for a while and ends it, over and over, at whichever replica answers."""

from __future__ import annotations

import asyncio
import contextlib
import random

import httpx
from websockets.asyncio.client import connect

from tests.support.chaos import FAULTS, Ledger
from tests.support.live_broker import FakeTab
from wire.schema import decode
from wire.session_control import (
    TO_TAB,
    Answer,
    Leave,
    Offer,
    OpenPeer,
    PeerNews,
    PeerState,
    SessionState,
    StateNews,
    TabHello,
)
from wire.version import ProtocolRange

_QUIET_S = 5.0
"""Seconds without news after which the player's page tries another socket."""


class RoamingPlayer:
    """One account in one tab."""

    def __init__(self, cookie: str, urls: list[str], ledger: Ledger, round_s: float) -> None:
        self._headers = {"Cookie": cookie}
        self._urls, self._ledger, self._round_s = urls, ledger, round_s
        self._plays_until: float | None = None
        self.session_id = ""

    async def play(self, until: asyncio.Event) -> None:
        """Play rounds; the one that runs when ``until`` is set is brought to its end."""
        async with httpx.AsyncClient(headers=self._headers, timeout=10.0) as client:
            while not until.is_set():
                self.session_id = await self._start(client)
                self._ledger.rounds[await self._round(client, self.session_id)] += 1

    async def _start(self, client: httpx.AsyncClient) -> str:
        while True:
            with contextlib.suppress(*FAULTS):
                url = f"{random.choice(self._urls)}/api/v1/sessions"
                answer = await client.post(url, json={"title_id": "testcard"})
                if answer.status_code in (200, 201):
                    return str(answer.json()["session_id"])
                if answer.status_code < 500 and answer.status_code != 429:
                    self._ledger.faults.append(f"start refused: {answer.text}")
            await asyncio.sleep(0.2)

    async def _round(self, client: httpx.AsyncClient, session_id: str) -> str:
        """Follow a session to its end, by as many sockets as it takes; returns how it ended."""
        self._plays_until = None
        while True:
            path = f"{random.choice(self._urls)}/api/v1/sessions/{session_id}"
            with contextlib.suppress(*FAULTS):
                address = f"{path}/socket".replace("http", "ws", 1)
                async with connect(address, additional_headers=self._headers, ping_interval=None) as opened:
                    return await self._follow(FakeTab(opened))
            with contextlib.suppress(*FAULTS):
                answer = await client.get(path)
                if answer.status_code == 200 and answer.json()["state"] == "ended":
                    return str(answer.json()["reason"])
            await asyncio.sleep(0.1)

    async def _follow(self, tab: FakeTab) -> str:
        clock = asyncio.get_running_loop().time
        await tab.send(TabHello(ProtocolRange()))
        await tab.send(OpenPeer(("H264",)))
        while True:
            left_s = _QUIET_S if self._plays_until is None else max(0.01, self._plays_until - clock())
            try:
                async with asyncio.timeout(left_s):
                    news = decode(await tab.socket.recv(), TO_TAB)
            except TimeoutError:
                if self._plays_until is None:
                    raise
                await tab.send(Leave(end=True))
                self._plays_until = clock() + _QUIET_S
                continue
            match news:
                case Offer():
                    await tab.send(Answer(news.peer_id, news.ticket, "v=0 answer"))
                case PeerNews(state=PeerState.CONNECTED) if self._plays_until is None:
                    self._plays_until = clock() + random.uniform(0.5, 1.5) * self._round_s
                case StateNews(state=SessionState.ENDED):
                    return str(news.reason)
