"""A peer session against stock aiortc on loopback: pictures, loss, lies, silence and nonsense."""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from render_node.session.core.rtcp import build_dlrr
from render_node.session.io import lite_port
from render_node.session.io.peer_session import PeerCallbacks, PeerSession
from tests.media.aiortc_browser import AiortcBrowser, use_loopback
from tests.media.peer_media import Looper, clip, now_us, read_number, tone
from wire.errors import Reason, WireError
from wire.frame_story import ClockReply, ClockRequest, encode_story
from wire.session_control import PeerState, VideoCodec
from wire.worker_control import IceSpec

pytestmark = pytest.mark.media
ICE = IceSpec("127.0.0.1", 0, 0, ("127.0.0.1",))
SMALL = (640, 360, 90, 2_000_000)


class Pair:
    """A peer session, its browser, and a looper that feeds it."""

    def __init__(self, codec: VideoCodec = VideoCodec.H264, ice: IceSpec = ICE) -> None:
        self.looper = Looper(clip(codec, *SMALL), tone(440))
        self.states: list[tuple[PeerState, Reason | None]] = []
        self.inputs: list[tuple[bytes, int]] = []
        self.keyframes_wanted = 0
        self.peer = PeerSession(
            "peer_test",
            codec=codec,
            ice=ice,
            callbacks=PeerCallbacks(
                lambda data, received_us: self.inputs.append((data, received_us)),
                lambda state, reason: self.states.append((state, reason)),
                self._keyframe_wanted,
            ),
        )
        self.looper.peers = [self.peer]
        self.browser = AiortcBrowser()

    def _keyframe_wanted(self) -> None:
        self.keyframes_wanted += 1
        self.looper.restart()

    async def connect(self) -> None:
        await self.peer.accept_answer(await self.browser.answer(await self.peer.offer()))
        await poll(lambda: self.peer.state is PeerState.CONNECTED, 5)

    async def close(self) -> None:
        await self.peer.close(Reason.LEFT)
        await self.browser.close()


async def poll(check: Callable[[], bool], within_s: float) -> None:
    deadline = time.monotonic() + within_s
    while not check():
        assert time.monotonic() < deadline, "not in time"
        await asyncio.sleep(0.01)


@pytest.fixture(autouse=True)
async def _no_leaks(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    use_loopback(monkeypatch)
    descriptors = len(os.listdir("/proc/self/fd"))
    yield
    await poll(lambda: asyncio.all_tasks() == {asyncio.current_task()}, 3)
    assert not lite_port._ports
    assert len(os.listdir("/proc/self/fd")) <= descriptors


@pytest.mark.parametrize("codec", [VideoCodec.H264, VideoCodec.VP8])
async def test_frames_and_sound_are_decoded_in_order(codec: VideoCodec) -> None:
    pair = Pair(codec)
    await pair.connect()
    await pair.looper.run(lambda: len(pair.browser.frames) >= 60 and len(pair.browser.sound) >= 50, 20)
    numbers = [read_number(frame.to_ndarray(format="yuv420p")) for frame in pair.browser.frames]
    # aiortc counts from the first frame's RTP time, so only differences can be told.
    sent = pair.looper.numbers
    times = [frame.pts or 0 for frame in pair.browser.frames]
    assert any(numbers == [sent.get((origin + at) % 2**32) for at in times] for origin in sent)
    assert len(set(numbers)) >= 50
    assert pair.peer.frames_dropped == 0
    await pair.close()
    assert pair.states[-1] == (PeerState.LEFT, Reason.LEFT)


async def test_lost_packets_are_repeated_and_the_picture_goes_on() -> None:
    pair = Pair()
    await pair.connect()
    await pair.looper.run(lambda: len(pair.browser.frames) >= 20, 10)
    losing = random.Random(3)
    put = pair.peer._parts().ice.send_now
    pair.peer._parts().ice.send_now = lambda data: losing.random() < 0.05 or put(data)  # type: ignore[method-assign]
    shown = len(pair.browser.frames)
    await pair.looper.run(lambda: len(pair.browser.frames) >= shown + 120, 20)
    assert pair.peer.feedback.nacked > 0
    assert pair.peer._parts().video.repeats > 0
    assert pair.peer.feedback.keyframe_requests == 0
    await pair.close()


async def test_pli_brings_a_keyframe_once() -> None:
    pair = Pair()
    await pair.connect()
    await pair.looper.run(lambda: len(pair.browser.frames) >= 20, 10)
    wanted = pair.keyframes_wanted
    for _ in range(5):
        await pair.browser.video_receiver._send_rtcp_pli(pair.peer._parts().video.ssrc)
    await pair.looper.run(lambda: pair.peer.feedback.keyframe_requests >= 5, 5)
    assert pair.keyframes_wanted == wanted + 1
    await pair.close()


async def test_round_trip_and_clock() -> None:
    pair = Pair()
    await pair.connect()
    await pair.looper.run(lambda: pair.browser.story.readyState == "open" and pair.peer.feedback.rtt_us > 0, 10)
    sent_us = now_us()
    pair.browser.story.send(encode_story(ClockRequest(sent_us)))
    pair.browser.input.send(b"batch")
    await pair.looper.run(lambda: bool(pair.browser.stories and pair.inputs), 5)
    reply = pair.browser.stories[0]
    assert isinstance(reply, ClockReply)
    assert reply.client_us == sent_us <= reply.received_us <= reply.sent_us <= now_us()
    assert pair.inputs[0][0] == b"batch"
    assert pair.peer.feedback.rtt_us < 200_000
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


async def test_a_browser_that_closes_has_left() -> None:
    pair = Pair()
    await pair.connect()
    await pair.browser.close()
    await poll(lambda: pair.peer.state is PeerState.LEFT, 2)
    assert pair.states[-1] == (PeerState.LEFT, Reason.PEER_CLOSED)
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
    from aiortc.rtcsctptransport import InitChunk, serialize_packet

    chunk = InitChunk()
    chunk.initiate_tag = chunk.initial_tsn = 1
    chunk.advertised_rwnd, chunk.outbound_streams, chunk.inbound_streams = 1024, 1, 1
    packet: bytes = bytes(serialize_packet(5000, 5000, 0, chunk))
    from google_crc32c import value

    raw = packet[:8] + b"\0\0\0\0" + packet[12:] + bytes(chunk)
    return raw[:8] + int(value(raw)).to_bytes(4, "little") + raw[12:]


async def test_datagrams_of_strangers_are_dropped() -> None:
    pair = Pair()
    await pair.connect()
    port = pair.peer._parts().ice._port
    assert port is not None
    stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    stranger.connect(("127.0.0.1", port.udp.port))
    noise = random.Random(9)
    ufrag = pair.peer._parts().ice.local_username.encode()
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


async def test_the_address_may_change_with_a_valid_check() -> None:
    pair = Pair()
    await pair.connect()
    before = pair.peer._parts().ice._nominated
    shown = len(pair.browser.frames)
    (pair_now,) = pair.browser.dtls.transport._connection._nominated.values()
    protocol = pair_now.protocol
    moved = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    moved.bind(("127.0.0.1", 0))
    moved.setblocking(False)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: Forwarder(protocol), sock=moved)
    real = protocol.transport
    protocol.transport = transport
    connection = pair.browser.dtls.transport._connection
    request = connection.build_request(pair_now, nominate=True)
    request.add_message_integrity(pair.peer._parts().ice.local_password.encode())
    transport.sendto(bytes(request), pair_now.remote_addr)
    await pair.looper.run(lambda: pair.peer._parts().ice._nominated != before, 5)
    await pair.looper.run(lambda: len(pair.browser.frames) >= shown + 30, 10)
    protocol.transport = real
    transport.close()
    await pair.close()


class Forwarder(asyncio.DatagramProtocol):
    """Hands what arrives at the new address to the old one's protocol."""

    def __init__(self, protocol: asyncio.DatagramProtocol) -> None:
        self._protocol = protocol

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._protocol.datagram_received(data, addr)


async def test_two_peers_share_a_port_and_a_stalled_one_harms_nobody() -> None:
    good, stalled = Pair(), Pair()
    await good.connect()
    async with child_browser(stalled) as child:
        assert good.peer._parts().ice._port is stalled.peer._parts().ice._port
        good.looper.peers = [good.peer, stalled.peer]
        await good.looper.run(lambda: stalled.peer.frames_sent >= 30 and len(good.browser.frames) >= 10, 10)
        child.send_signal(signal.SIGSTOP)
        stopped = time.monotonic()
        shown = len(good.browser.frames)
        good.looper.send_us.clear()
        await good.looper.run(lambda: stalled.peer.state is PeerState.LOST, 6)
        assert time.monotonic() - stopped < 2.5
        assert stalled.states[-1] == (PeerState.LOST, Reason.PEER_SILENT)
        await good.looper.run(lambda: len(good.browser.frames) >= shown + 100, 10)
        assert good.peer.frames_dropped == 0
        assert sorted(good.looper.send_us)[len(good.looper.send_us) // 2] < 5_000
    await good.close()
    await stalled.close()


async def test_a_full_socket_drops_whole_frames_and_then_needs_a_keyframe() -> None:
    pair = Pair()
    await pair.connect()
    await pair.looper.run(lambda: len(pair.browser.frames) >= 10, 10)
    sent, wanted = pair.peer.frames_sent, pair.keyframes_wanted
    pair.peer._parts().ice.is_congested = lambda: True  # type: ignore[method-assign]
    for _ in range(5):
        pair.looper.send_frame()
    assert pair.peer.frames_sent == sent
    assert pair.peer.frames_dropped == 5
    del pair.peer._parts().ice.is_congested
    shown = len(pair.browser.frames)
    await pair.looper.run(lambda: len(pair.browser.frames) >= shown + 20, 10)
    assert pair.keyframes_wanted > wanted
    await pair.close()


@asynccontextmanager
async def child_browser(pair: Pair) -> AsyncIterator[asyncio.subprocess.Process]:
    """Connect a pair's session to a browser in a process of its own instead of the pair's."""
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.media.aiortc_child", stdin=pipe, stdout=pipe
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        child.stdin.write((await pair.peer.offer()).encode() + b"\0")
        answer = await asyncio.wait_for(child.stdout.readuntil(b"\0"), 20)
        await pair.peer.accept_answer(answer.rstrip(b"\0").decode())
        yield child
    finally:
        with suppress(ProcessLookupError):
            child.kill()
        child.stdin.close()
        await child.communicate()


async def test_silence_of_a_killed_process_is_noticed() -> None:
    pair = Pair()
    async with child_browser(pair) as child:
        await pair.looper.run(lambda: pair.peer.frames_sent >= 30, 10)
        child.send_signal(signal.SIGKILL)
        killed = time.monotonic()
        await pair.looper.run(lambda: pair.peer.state is PeerState.LOST, 6)
        assert time.monotonic() - killed < 2.5
        assert pair.states[-1] == (PeerState.LOST, Reason.PEER_SILENT)
    await pair.close()


async def test_connect_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("render_node.session.io.peer_session.CONNECT_US", 300_000)
    pair = Pair()
    answer = await pair.browser.answer(await pair.peer.offer())
    await pair.browser.close()
    await pair.peer.accept_answer(answer)
    await poll(lambda: pair.peer.state is PeerState.LOST, 2)
    assert pair.states[-1] == (PeerState.LOST, Reason.CONNECT_TIMEOUT)
    await pair.close()


async def test_answers_to_an_offer_and_streams() -> None:
    pair = Pair()
    pc = pair.browser.pc
    # Sound first: the order of a remote offer is not ours to choose.
    pc.addTransceiver("audio", direction="recvonly")
    pc.addTransceiver("video", direction="recvonly")
    await pc.setLocalDescription(await pc.createOffer())
    answer = await pair.peer.answer(pc.localDescription.sdp)
    assert "a=ice-lite" in answer
    from aiortc import RTCSessionDescription

    await pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    await pair.looper.run(lambda: len(pair.browser.frames) >= 30 and len(pair.browser.sound) >= 20, 10)
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


async def test_closing_at_any_step_leaves_nothing() -> None:
    unused = Pair()
    await unused.close()
    offered = Pair()
    await offered.peer.offer()
    await offered.close()
    connecting = Pair()
    await connecting.peer.accept_answer(await connecting.browser.answer(await connecting.peer.offer()))
    await connecting.peer.close(Reason.REPLACED)
    assert connecting.states[-1] == (PeerState.LEFT, Reason.REPLACED)
    await connecting.close()


async def test_no_free_port_is_said() -> None:
    taken = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    taken.bind(("127.0.0.1", 0))
    port = taken.getsockname()[1]
    pair = Pair(ice=IceSpec("127.0.0.1", port, port, ("127.0.0.1",)))
    with pytest.raises(WireError) as refused:
        await pair.peer.offer()
    assert refused.value.reason is Reason.NO_ROOM
    await pair.close()
    taken.close()


def test_dlrr_bytes() -> None:
    from render_node.session.core.rtcp import ReferenceTime

    packet = build_dlrr(1, ReferenceTime(2, 3), 4)
    assert packet.hex() == "80cf0005" + "00000001" + "05000003" + "00000002" + "00000003" + "00000004"
