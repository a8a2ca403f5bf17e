"""One peer session and a real Chromium with a lossy link between them, and what came of it."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from render_node.session.core.send_side import RateLimits
from render_node.session.io.peer_session import PeerCallbacks, PeerSession
from tests.support.lossy_link import LossyLink
from wire.errors import Reason
from wire.session_control import VideoCodec
from wire.worker_control import IceSpec

PAGE = Path(__file__).parents[1] / "browser/loss/loss_page.html"
ICE = IceSpec("127.0.0.1", 0, 0, ("127.0.0.1",))
LIMITS = RateLimits(300_000, 4_000_000, 8_000_000)
COLUMNS, ROWS = 20, 10
"""Points of a picture that the page looks at."""
SETTLE_S = 1.0
"""Without loss at first, so that every run begins alike."""


class Source(Protocol):
    """Feeds frames to a session."""

    peers: list[PeerSession]

    def restart(self) -> None:
        """The session needs a keyframe."""

    def frames_lost(self, first_id: int, newest_id: int) -> None:
        """The session needs a frame that does without these."""

    async def run(self, until: Callable[[], bool], deadline_s: float) -> None:
        """Send until it is so."""


class Tab(Protocol):
    """A browser's page, Playwright's or ours."""

    async def goto(self, url: str) -> Any:
        """Load an address."""


@dataclass
class LossRun:
    """What a run gave."""

    link: LossyLink
    answer: str
    stats: dict[str, Any]
    """The picture's ``inbound-rtp``, at the end."""
    sound: dict[str, Any]
    """How much the sound's counters grew since the loss began."""
    decoded_us: dict[int, float]
    """By RTP time, on the page's clock."""
    samples: dict[int, list[int]]
    """Green of ``COLUMNS`` x ``ROWS`` points of some pictures, by RTP time."""
    media_ssrc: int

    def sent_us(self) -> dict[int, int]:
        """When each frame's first packet was sent, by RTP time."""
        times: dict[int, int] = {}
        for packet in self.link.sent:
            if packet.ssrc == self.media_ssrc:
                times.setdefault(packet.rtp_ts, packet.sent_us)
        return times

    def late_ms(self) -> dict[int, float]:
        """By RTP time, how much later each decoded frame came, from sending to decoding, than an undisturbed one.

        That is taken to be the lower quartile: with 5% loss every second frame is hit.
        """
        sent = self.sent_us()
        took = {rtp_ts: at - sent[rtp_ts] for rtp_ts, at in self.decoded_us.items() if rtp_ts in sent}
        usual = statistics.quantiles(took.values(), n=4)[0]
        return {rtp_ts: (each - usual) / 1000 for rtp_ts, each in took.items()}

    def hit_ms(self) -> list[float]:
        """Return how late the frames were of which a media packet was lost the first time it was sent."""
        late = self.late_ms()
        hit = {packet.rtp_ts for packet in self.link.lost if packet.ssrc == self.media_ssrc}
        return sorted(late[rtp_ts] for rtp_ts in hit if rtp_ts in late)

    def gaps_ms(self) -> list[float]:
        """Return the times between decoded frames, longest last."""
        times = sorted(self.decoded_us.values())
        return sorted((after - before) / 1000 for before, after in pairwise(times))

    def overhead(self) -> float:
        """Return the share of bytes that are not the first sending of a media packet."""
        seen: set[int] = set()
        first = total = 0
        for packet in self.link.sent:
            total += packet.size_bytes
            if packet.ssrc == self.media_ssrc and packet.seq not in seen:
                seen.add(packet.seq)
                first += packet.size_bytes
        return total / first - 1

    def summary(self) -> str:
        """Return one line of figures."""
        late, hit, gaps = sorted(self.late_ms().values()), self.hit_ms(), self.gaps_ms()
        return (
            f"frames {len(self.sent_us())} decoded {len(late)} hit {len(hit)}; late ms: "
            f"p50 {_at(late, 0.5):.1f} p95 {_at(late, 0.95):.1f} p99 {_at(late, 0.99):.1f} max {late[-1]:.1f}; hit: "
            f"p50 {_at(hit, 0.5):.1f} p95 {_at(hit, 0.95):.1f} max {_at(hit, 1):.1f}; longest gap {gaps[-1]:.0f}; "
            f"overhead {self.overhead():.1%}; nacks {len(self.link.nacks)} plis {len(self.link.keyframe_requests)} "
            f"freezes {self.stats.get('freezeCount')} keys {self.stats.get('keyFramesDecoded')} "
            f"fec {self.stats.get('fecPacketsReceived')} jitter buffer "
            f"{self.stats['jitterBufferDelay'] / max(1, self.stats['jitterBufferEmittedCount']) * 1000:.1f} ms"
        )


def _at(ranked: list[float], share: float) -> float:
    return ranked[min(int(share * len(ranked)), len(ranked) - 1)] if ranked else 0.0


async def run_lossy(
    tab: Tab,
    codec: VideoCodec,
    source: Source,
    lose: Callable[[LossyLink, PeerSession], None],
    *,
    seconds: float = 3.0,
    delay_s: float = 0.02,
    sample_every: int = 0,
    munge: Callable[[str], str] = lambda offer: offer,
    ice: IceSpec = ICE,
    page_offers: bool = False,
) -> LossRun:
    """Stream to a tab until it has played for ``seconds``.

    Args:
        tab: Of a running browser.
        codec: Of the session.
        source: What is sent.
        lose: Sets the link's ``loses`` once the picture has run without loss for a second.
        seconds: How long it plays.
        delay_s: Round trip.
        sample_every: Look at every so many pictures; 0 for none.
        munge: Changes our offer's text.
        ice: Where the session is reached.
        page_offers: The page makes the offer, as a WHEP player does; ``answer`` of the run is then ours.
    """
    outcome: dict[str, Any] = {}

    async def signal(socket: ServerConnection) -> None:
        callbacks = PeerCallbacks(
            lambda data, us: None,
            lambda state, reason: None,
            source.restart,
            on_frames_lost=source.frames_lost,
        )
        peer = PeerSession("peer_lossy", codec=codec, ice=ice, limits=LIMITS, callbacks=callbacks)
        offer = None if page_offers else munge(await peer.offer())
        wanted = {"offer": offer, "settle": SETTLE_S, "seconds": seconds, "sampleEvery": sample_every}
        await socket.send(json.dumps(wanted))
        described = json.loads(await socket.recv())["answer"]
        outcome["peer"] = peer
        outcome["answer"] = await peer.answer(described) if page_offers else described
        outcome["link"] = LossyLink(peer, delay_s)
        if page_offers:
            await socket.send(outcome["answer"])
        else:
            await peer.accept_answer(outcome["answer"])
        source.peers = [peer]
        outcome["result"] = json.loads(await socket.recv())

    def page(connection: ServerConnection, request: Request) -> Response | None:
        if request.path != "/":
            return None
        return Response(200, "OK", Headers({"Content-Type": "text/html"}), PAGE.read_bytes())

    def lossless_for_a_while() -> bool:
        link: LossyLink | None = outcome.get("link")
        return bool(link and link.sent and link.sent[-1].sent_us - link.sent[0].sent_us > SETTLE_S * 1e6)

    async with serve(signal, "127.0.0.1", 0, process_request=page, max_size=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        try:
            await tab.goto(f"http://127.0.0.1:{port}/")
            await source.run(lossless_for_a_while, 15)
            lose(outcome["link"], outcome["peer"])
            await source.run(lambda: "result" in outcome, seconds + 20)
        finally:
            if "peer" in outcome:
                await outcome["peer"].close(Reason.LEFT)
    result, peer = outcome["result"], outcome["peer"]
    return LossRun(
        outcome["link"],
        outcome["answer"],
        result["stats"],
        result["sound"],
        {rtp_ts: at * 1000 for rtp_ts, at in result["frames"]},
        dict(result["samples"]),
        peer._parts().video.ssrc,
    )
