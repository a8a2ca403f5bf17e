"""Lost packets between a peer session and a real Firefox: what it takes of our tools, and how it heals.

It receives VP8 only here, and not over loopback addresses, so all of it runs in a network of its own. One Firefox
serves both tests, since its start takes seconds.
"""

from __future__ import annotations

import statistics
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from render_node.session.io.peer_session import PeerSession
from tests.media.peer_media import Looper, clip
from tests.support.deadlines import TIME_FACTOR
from tests.support.firefox_bidi import FirefoxTab, firefox_tab
from tests.support.lossy_link import LossyLink, random_loss
from tests.support.lossy_stand import run_lossy
from tests.support.own_network import ADDRESS, own_network
from wire.session_control import VideoCodec
from wire.worker_control import IceSpec

pytestmark = [pytest.mark.media, pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

HOST = ADDRESS.split("/")[0]
ICE = IceSpec(HOST, 0, 0, (HOST,))
SIZE = (640, 360, 720, 3_000_000)


@pytest.fixture(scope="module")
def outside_loopback() -> Iterator[None]:
    with own_network():
        yield


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tab(outside_loopback: None) -> AsyncIterator[FirefoxTab]:
    async with firefox_tab() as opened:
        yield opened


@pytest.mark.timeout(90)
async def test_firefox_heals_by_repeats_and_a_repeated_tail(tab: FirefoxTab) -> None:
    source = Looper(clip(VideoCodec.VP8, *SIZE))

    def lose(link: LossyLink, peer: PeerSession) -> None:
        link.loses = random_loss(0.02, 3)

    run = await run_lossy(tab, VideoCodec.VP8, source, lose, seconds=4, ice=ICE)
    print(f"\nfirefox: {run.summary()}")
    # What the table in docs/loss.md says.
    assert "flexfec" not in run.answer
    assert "red/48000" not in run.answer
    assert "dependency-descriptor" not in run.answer
    assert "rcvr-rtt" not in run.answer
    assert "rtx-time" not in run.answer
    protection = source.peers[0]._parts().video.protection
    assert protection is not None
    assert protection.tails_repeated > 50
    hit_ms = run.hit_ms()
    assert len(hit_ms) >= 10
    # Two round trips of 20 ms and the wait for the next packet.
    assert statistics.median(hit_ms) < 60 * TIME_FACTOR
    # A busy machine decodes fewer than come; one keyframe that is waited for would leave half of them.
    assert run.stats["framesDecoded"] >= 0.6 * len(run.sent_us())
    assert not run.link.keyframe_requests


@pytest.mark.timeout(90)
async def test_firefox_gets_a_keyframe_long_before_it_asks_for_one(tab: FirefoxTab) -> None:
    def lose_once(link: LossyLink, peer: PeerSession) -> None:
        begun = len(link.sent)
        link.loses = lambda packet: len(link.sent) == begun + 40
        peer._parts().video.repeat = lambda seqs, **times: []  # type: ignore[method-assign]

    run = await run_lossy(tab, VideoCodec.VP8, Looper(clip(VideoCodec.VP8, *SIZE)), lose_once, seconds=4, ice=ICE)
    (lost,) = run.link.lost
    asked = [(at - lost.sent_us) / 1000 for at, seqs in run.link.nacks if lost.seq in seqs]
    asked_ms = [round(each) for each in asked[:8]]
    print(f"\nfirefox: asked after {asked_ms}; {run.summary()}")
    assert not run.link.keyframe_requests
    assert run.stats["keyFramesDecoded"] == 2
    assert run.gaps_ms()[-1] < 2000, "by itself it would wait for three seconds"
