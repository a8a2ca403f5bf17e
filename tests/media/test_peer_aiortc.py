"""A peer session against stock aiortc on loopback: pictures, loss, lies, silence and nonsense."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Sequence

import pytest
from aiortc import RTCSessionDescription

from tests.media.peer_media import now_us, read_number
from tests.media.peer_pair import Pair, no_leaks, poll
from wire.errors import Reason, WireError
from wire.frame_story import ClockReply, ClockRequest, encode_story
from wire.session_control import PeerState, VideoCodec
from wire.worker_control import IceSpec

__all__ = ["no_leaks"]
pytestmark = [pytest.mark.media, pytest.mark.usefixtures("no_leaks")]


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
    assert pair.peer.video.frames_dropped == 0
    await pair.close()
    assert pair.states[-1] == (PeerState.LEFT, Reason.LEFT)


async def test_lost_packets_are_repeated_and_the_picture_goes_on() -> None:
    pair = Pair()
    await pair.connect()
    await pair.looper.run(lambda: len(pair.browser.frames) >= 20, 10)
    losing = random.Random(3)
    ice = pair.peer._parts().ice
    put = ice.send_burst
    ssrc = pair.peer._parts().video.ssrc.to_bytes(4, "big")

    def lossy(datagrams: Sequence[bytes]) -> int:
        """Lose pictures' packets, but not their repeats: aiortc asks for each only once."""
        put([each for each in datagrams if each[8:12] != ssrc or losing.random() >= 0.05])
        return len(datagrams)

    ice.send_burst = lossy  # type: ignore[method-assign]
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
    assert pair.peer.feedback.rtt_us < 1_000_000
    await pair.close()


async def test_a_browser_that_closes_has_left() -> None:
    pair = Pair()
    await pair.connect()
    await pair.browser.close()
    await poll(lambda: pair.peer.state is PeerState.LEFT, 2)
    assert pair.states[-1] == (PeerState.LEFT, Reason.PEER_CLOSED)
    await pair.close()


async def test_the_address_may_change_with_a_valid_check() -> None:
    pair = Pair()
    await pair.connect()
    before = pair.ice._nominated
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
    request.add_message_integrity(pair.ice.local_password.encode())
    transport.sendto(bytes(request), pair_now.remote_addr)
    await pair.looper.run(lambda: pair.ice._nominated != before, 5)
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


async def test_a_full_socket_drops_whole_frames_and_then_needs_a_keyframe() -> None:
    pair = Pair()
    await pair.connect()
    await pair.looper.run(lambda: len(pair.browser.frames) >= 10, 10)
    sent, dropped, wanted = pair.peer.video.frames_sent, pair.peer.video.frames_dropped, pair.keyframes_wanted
    pair.peer._parts().ice.is_congested = lambda: True  # type: ignore[method-assign]
    for _ in range(5):
        pair.looper.send_frame()
    assert pair.peer.video.frames_sent == sent
    assert pair.peer.video.frames_dropped == dropped + 5
    del pair.peer._parts().ice.is_congested
    shown = len(pair.browser.frames)
    await pair.looper.run(lambda: len(pair.browser.frames) >= shown + 20, 10)
    assert pair.keyframes_wanted > wanted
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
    await pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    await pair.looper.run(lambda: len(pair.browser.frames) >= 30 and len(pair.browser.sound) >= 20, 10)
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
