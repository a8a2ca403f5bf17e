"""Peer sessions whose other side lies, talks nonsense, stalls or dies."""

from __future__ import annotations

import asyncio
import random
import re
import signal
import socket
import time

import pytest
from aiortc.rtcsctptransport import InitChunk, serialize_packet
from google_crc32c import value as crc32c

from render_node.session.io.peer_session import PeerCallbacks
from tests.media.peer_pair import Pair, child_browser, no_leaks, poll
from wire.errors import Reason, WireError
from wire.session_control import PeerState

__all__ = ["no_leaks"]
pytestmark = [pytest.mark.media, pytest.mark.usefixtures("no_leaks")]

NOTICED_S = 5.0
"""Silence is noticed after two seconds, and on a busy machine a little later; ICE alone would take half a minute."""


async def test_malformed_rtcp_data_and_stories_change_nothing() -> None:
    pair = Pair()
    await pair.connect()
    await pair.looper.run(lambda: pair.browser.story.readyState == "open", 5)
    noise = random.Random(5)
    for _ in range(200):
        body = noise.randbytes(noise.randrange(8, 200))
        await pair.browser.dtls._send_rtp(
            bytes((0x80 | noise.randrange(32), noise.randrange(200, 208))) + body + b"12"
        )
        await pair.browser.dtls._send_data(noise.randbytes(noise.randrange(1, 60)))
        pair.browser.story.send(body or b"-")
        pair.browser.input.send("text, not bytes")
    # An INIT bundled with another chunk trips an assertion in aiortc's SCTP, which would close the session.
    await pair.browser.dtls._send_data(init_twice())
    shown = len(pair.browser.frames)
    await pair.looper.run(lambda: len(pair.browser.frames) >= shown + 30, 15)
    assert pair.peer.state is PeerState.CONNECTED
    assert not pair.inputs
    await pair.close()


def init_twice() -> bytes:
    chunk = InitChunk()
    chunk.initiate_tag = chunk.initial_tsn = 1
    chunk.advertised_rwnd, chunk.outbound_streams, chunk.inbound_streams = 1024, 1, 1
    packet: bytes = bytes(serialize_packet(5000, 5000, 0, chunk))
    raw = packet[:8] + b"\0\0\0\0" + packet[12:] + bytes(chunk)
    return raw[:8] + int(crc32c(raw)).to_bytes(4, "little") + raw[12:]


async def test_datagrams_of_strangers_are_dropped() -> None:
    pair = Pair()
    await pair.connect()
    port = pair.ice._port
    assert port is not None
    stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    stranger.connect(("127.0.0.1", port.udp.port))
    noise = random.Random(9)
    ufrag = pair.ice.local_username.encode()
    known_user = b"\x00\x06" + len(ufrag + b":x").to_bytes(2, "big") + ufrag + b":x" + bytes(-(len(ufrag) + 2) % 4)
    for _ in range(300):
        body = noise.randbytes(noise.randrange(0, 80))
        stranger.send(body)
        stranger.send(b"\x00\x01" + len(body).to_bytes(2, "big") + b"\x21\x12\xa4\x42" + noise.randbytes(12) + body)
        stranger.send(
            b"\x00\x01" + len(known_user).to_bytes(2, "big") + b"\x21\x12\xa4\x42" + noise.randbytes(12) + known_user
        )
        await asyncio.sleep(0)
    stranger.setblocking(False)
    shown = len(pair.browser.frames)
    await pair.looper.run(lambda: len(pair.browser.frames) >= shown + 30, 10)
    with pytest.raises(BlockingIOError):
        stranger.recv(100)
    stranger.close()
    assert port.strangers >= 300
    assert pair.peer.state is PeerState.CONNECTED
    await pair.close()


async def test_wrong_fingerprint_never_connects() -> None:
    pair = Pair()
    answer = await pair.browser.answer(await pair.peer.offer())
    forged = re.sub(r"sha-256 ..", "sha-256 00", answer)
    assert forged != answer
    await pair.peer.accept_answer(forged)
    await pair.looper.run(lambda: pair.peer.state is PeerState.LOST, 8)
    assert [state for state, _ in pair.states] == [PeerState.CONNECTING, PeerState.LOST]
    assert pair.states[-1][1] is Reason.BAD_FINGERPRINT
    assert pair.peer.sent_bytes == 0
    await pair.close()


async def test_bad_answers_are_refused_and_a_good_one_still_works() -> None:
    pair = Pair()
    answer = await pair.browser.answer(await pair.peer.offer())
    with pytest.raises(WireError) as refused:
        await pair.peer.accept_answer("v=0\r\nnonsense")
    assert refused.value.reason is Reason.BAD_SDP
    with pytest.raises(WireError) as refused:
        await pair.peer.accept_answer(answer.replace("H264/90000", "AV1/90000"))
    assert refused.value.reason is Reason.NO_COMMON_CODEC
    await pair.peer.accept_answer(answer)
    await poll(lambda: pair.peer.state is PeerState.CONNECTED, 5)
    with pytest.raises(WireError) as refused:
        await pair.peer.accept_answer(answer)
    assert refused.value.reason is Reason.BAD_STATE
    await pair.close()


async def test_handler_exceptions_change_nothing() -> None:
    pair = Pair()

    def fail(*args: object) -> None:
        raise RuntimeError("an owner's mistake")

    pair.peer._callbacks = PeerCallbacks(fail, fail, pair.looper.restart, fail)
    await pair.connect()
    await pair.looper.run(lambda: pair.browser.input.readyState == "open", 5)
    for _ in range(3):
        pair.browser.input.send(b"batch")
    shown = len(pair.browser.frames)
    await pair.looper.run(lambda: len(pair.browser.frames) >= shown + 30, 10)
    assert pair.peer.state is PeerState.CONNECTED
    await pair.close()


async def test_two_peers_share_a_port_and_a_stalled_one_harms_nobody() -> None:
    good, stalled = Pair(), Pair()
    await good.connect()
    async with child_browser(stalled) as child:
        assert good.ice._port is stalled.ice._port
        good.looper.peers = [good.peer, stalled.peer]
        await good.looper.run(lambda: stalled.peer.video.frames_sent >= 30 and len(good.browser.frames) >= 10, 10)
        child.send_signal(signal.SIGSTOP)
        stopped = time.monotonic()
        shown = len(good.browser.frames)
        good.looper.send_us.clear()
        await good.looper.run(lambda: stalled.peer.state is PeerState.LOST, 6)
        assert time.monotonic() - stopped < NOTICED_S
        assert stalled.states[-1] == (PeerState.LOST, Reason.PEER_SILENT)
        await good.looper.run(lambda: len(good.browser.frames) >= shown + 100, 10)
        assert good.peer.video.frames_dropped == 0
        assert sorted(good.looper.send_us)[len(good.looper.send_us) // 2] < 10_000
    await good.close()
    await stalled.close()


async def test_silence_of_a_killed_process_is_noticed() -> None:
    pair = Pair()
    async with child_browser(pair) as child:
        await pair.looper.run(lambda: pair.peer.video.frames_sent >= 30, 10)
        child.send_signal(signal.SIGKILL)
        killed = time.monotonic()
        await pair.looper.run(lambda: pair.peer.state is PeerState.LOST, 6)
        assert time.monotonic() - killed < NOTICED_S
        assert pair.states[-1] == (PeerState.LOST, Reason.PEER_SILENT)
    await pair.close()
