"""Descriptions of real browsers pass, nonsense is refused with a reason, and our own text says what it must."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from aiortc import RTCPeerConnection
from aiortc.sdp import SessionDescription
from hypothesis import given
from hypothesis import strategies as st

from render_node.session.core.dependency_descriptor import DEPENDENCY_DESCRIPTOR_URI
from render_node.session.core.local_sdp import finish_answer, finish_offer
from render_node.session.core.rtp_packets import PLAYOUT_DELAY_URI, ExtensionIds
from render_node.session.core.sdp import CANDIDATES_MAX, check_codec, check_remote
from wire.errors import Reason, WireError
from wire.limits import SDP_MAX_BYTES
from wire.session_control import VideoCodec

FOLDER = Path(__file__).with_name("sdp")
CHROMIUM = (FOLDER / "chromium_answer_h264.sdp").read_bytes().decode()
FIREFOX = (FOLDER / "firefox_answer_vp8.sdp").read_bytes().decode()
VP8_LITE: dict[str, bool] = {"describes_dependencies": True, "ice_lite": True}
FINGERPRINT = next(line for line in CHROMIUM.splitlines() if line.startswith("a=fingerprint"))


def as_offer(answer: str) -> str:
    return answer.replace("setup:active", "setup:actpass")


def refused(sdp: str, *, answer: bool = True) -> str:
    with pytest.raises(WireError) as error:
        check_remote(sdp, answer=answer)
    assert error.value.reason is Reason.BAD_SDP
    return error.value.detail


@pytest.mark.parametrize(("sdp", "codec"), [(CHROMIUM, VideoCodec.H264), (FIREFOX, VideoCodec.VP8)])
def test_browsers_answers_pass(sdp: str, codec: VideoCodec) -> None:
    remote = check_remote(sdp, answer=True)
    check_codec(remote, codec)
    video = remote.section("video")
    assert video is not None
    assert video.extension_ids() == ExtensionIds(mid=1, abs_send_time=3, playout_delay=6)
    parsed = SessionDescription.parse(remote.sdp)
    assert [media.kind for media in parsed.media] == ["video", "audio", "application"]
    for media in parsed.media:
        assert media.dtls is not None
        assert media.ice is not None
        assert len(media.dtls.fingerprints) == 1
        assert media.dtls.role == "client"
        assert media.ice.usernameFragment
        assert media.ice.password
    assert parsed.media[0].rtcp_mux
    assert parsed.media[2].sctp_port == 5000


def test_the_other_codec_is_not_common() -> None:
    with pytest.raises(WireError) as error:
        check_codec(check_remote(FIREFOX, answer=True), VideoCodec.H264)
    assert error.value.reason is Reason.NO_COMMON_CODEC


def test_a_rejected_or_unwanted_picture_is_no_common_codec() -> None:
    rejected = CHROMIUM.replace("m=video 9", "m=video 0")
    unwanted = CHROMIUM.replace("a=recvonly", "a=inactive", 1)
    for sdp in (rejected, unwanted):
        with pytest.raises(WireError) as error:
            check_codec(check_remote(sdp, answer=True), VideoCodec.H264)
        assert error.value.reason is Reason.NO_COMMON_CODEC


def with_candidates(*lines: str) -> str:
    added = "".join(f"a=candidate:{line}\r\n" for line in lines)
    return CHROMIUM.replace("a=rtcp-mux\r\n", "a=rtcp-mux\r\n" + added, 1)


@pytest.mark.parametrize(
    "line",
    [
        "1 1 udp 2113937151 0f2a.local 51234 typ host",
        "1 1 tcp 1518280447 192.0.2.7 9 typ host tcptype active",
        "1 2 udp 2113937151 192.0.2.7 51234 typ host",
        "1 1 udp 2113937151 192.0.2.700 51234 typ host",
        "1 1 udp 2113937151 :::: 51234 typ host",
        "1 1 udp 2113937151 192.0.2.7 51234 typ prince",
        "1 1 udp 99999999999 192.0.2.7 51234 typ host",
        "! 1 udp 2113937151 192.0.2.7 51234 typ host",
    ],
)
def test_candidates_that_are_no_udp_address_are_left_out(line: str) -> None:
    assert "candidate" not in check_remote(with_candidates(line), answer=True).sdp


def test_udp_addresses_are_kept_as_far_as_they_are_read() -> None:
    line = "842163049 1 udp 1677729535 192.0.2.7 51234 typ srflx"
    remote = check_remote(
        with_candidates(f"{line} raddr 10.1.2.3 rport 9 generation 0 network-cost 999"), answer=True
    )
    assert remote.sdp.count(f"a=candidate:{line}\r\n") == len(remote.sections) > 1, "aiortc reads the last section's"
    assert "10.1.2.3" not in remote.sdp
    other = "1 1 UDP 1 2001:db8::7 51234 typ host"
    assert f"a=candidate:{other}\r\n" in check_remote(with_candidates(other), answer=True).sdp


def test_so_many_candidates_are_kept_and_no_more() -> None:
    many = [f"1 1 udp 1 192.0.2.{number} 51234 typ host" for number in range(1, 200)]
    remote = check_remote(with_candidates(*many), answer=True)
    assert remote.sdp.count("a=candidate") == CANDIDATES_MAX * len(remote.sections)


def test_digests_beside_sha_256_are_left_out() -> None:
    sha1 = "a=fingerprint:sha-1 " + ":".join(["AB"] * 20)
    remote = check_remote(CHROMIUM.replace(FINGERPRINT, f"{sha1}\r\n{FINGERPRINT}"), answer=True)
    assert "sha-1 " not in remote.sdp
    assert FINGERPRINT in remote.sdp


@pytest.mark.parametrize(
    ("old", "new", "detail"),
    [
        (FINGERPRINT, "", "fingerprint"),
        (FINGERPRINT, FINGERPRINT.replace("sha-256", "sha-1"), "fingerprint"),
        (FINGERPRINT, FINGERPRINT[:-3], "fingerprint"),
        (FINGERPRINT, "a=fingerprint:sha-256 nonsense", "malformed"),
        (FINGERPRINT, FINGERPRINT + "\r\n" + FINGERPRINT.replace("2E:", "2F:"), "2 sha-256"),
        ("a=setup:active", "a=setup:actpass", "setup"),
        ("a=setup:active\r\n", "", "setup"),
        ("a=ice-ufrag:cPVB", "a=ice-ufrag:c", "ufrag"),
        ("a=ice-pwd:LHEkAE3kka3g7JghwKPVPOGG", "a=ice-pwd:short", "pwd"),
        ("a=mid:1", "a=mid:0", "media ids"),
        ("a=group:BUNDLE 0 1 2", "a=group:BUNDLE 0", "bundled"),
        ("m=audio", "m=video", "one kind"),
        ("m=audio", "m=text", "media line"),
        ("m=video 9 UDP/TLS/RTP/SAVPF 101 102", "m=video 9 UDP/TLS/RTP/SAVPF 300", "payload type"),
        ("a=extmap:6 ", "a=extmap:six ", "extension"),
        ("v=0", "v=1", "v=0"),
        ("s=-", "s=\x01", "not SDP"),
        ("s=-", "s=" + "x" * 2000, "not SDP"),
        ("s=-", "s=-\r\na=x" * 1001, "lines"),
    ],
)
def test_nonsense_is_refused(old: str, new: str, detail: str) -> None:
    assert old in CHROMIUM
    assert detail in refused(CHROMIUM.replace(old, new))


def test_size_and_emptiness() -> None:
    assert "bytes" in refused("v=0\r\n" + "a=x\r\n" * (SDP_MAX_BYTES // 5 + 1))
    refused("")
    refused("v=0\r\n")
    refused("\ud800")


def test_offers_must_leave_the_setup_to_us_and_not_be_lite() -> None:
    check_remote(as_offer(CHROMIUM), answer=False)
    assert "setup" in refused(CHROMIUM.replace("setup:active", "setup:passive"), answer=False)
    assert "lite" in refused(as_offer(CHROMIUM).replace("s=-", "s=-\r\na=ice-lite"), answer=False)


def test_a_codec_whose_line_is_malformed_counts_as_not_there() -> None:
    damaged = check_remote(CHROMIUM.replace("H264/90000", "H264/90000x"), answer=True)
    video = damaged.section("video")
    assert video is not None
    assert video.codecs == ("RTX",)
    SessionDescription.parse(damaged.sdp)


@given(st.integers(0, 2**32), st.sampled_from([CHROMIUM, FIREFOX]))
def test_damaged_descriptions_are_refused_or_safe_to_parse(seed: int, sdp: str) -> None:
    rng = random.Random(seed)
    lines = sdp.split("\r\n")
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(lines))
        match rng.randrange(4):
            case 0:
                del lines[at]
            case 1:
                lines.insert(at, rng.choice(lines))
            case 2:
                where = rng.randrange(len(lines[at]) + 1)
                lines[at] = lines[at][:where] + chr(rng.randrange(32, 127)) + lines[at][where + 1 :]
            case _:
                lines[at] = lines[at][: rng.randrange(len(lines[at]) + 1)]
    try:
        remote = check_remote("\r\n".join(lines), answer=True)
    except WireError:
        return
    SessionDescription.parse(remote.sdp)


@given(st.text(max_size=400))
def test_any_text_is_refused(text: str) -> None:
    refused(text)
    refused("v=0\r\n" + text)


async def test_our_offer_says_what_aiortc_cannot() -> None:
    pc = RTCPeerConnection()
    pc.addTransceiver("video", direction="sendonly")
    pc.addTransceiver("audio", direction="sendonly")
    text = finish_offer((await pc.createOffer()).sdp, 4_000_000_000, describes_dependencies=True, ice_lite=True)
    await pc.close()
    head, video, audio = text.split("m=")
    assert "a=ice-lite\r\n" in head
    assert f"a=extmap:6 {PLAYOUT_DELAY_URI}\r\n" in video
    assert f"a=extmap:4 {DEPENDENCY_DESCRIPTOR_URI}\r\n" in video
    assert "a=rtcp-xr:rcvr-rtt=all\r\n" in video
    assert ";rtx-time=100\r\n" in video
    assert video.splitlines()[0].endswith(" 123")
    assert "a=rtpmap:123 flexfec-03/90000\r\n" in video
    media_ssrc = re.findall(r"a=ssrc:(\d+) ", video)[0]
    assert f"a=ssrc-group:FEC-FR {media_ssrc} 4000000000\r\na=ssrc:4000000000 cname:" in video
    assert "flexfec" not in audio
    assert "stereo=1" in audio
    assert "a=ptime:10\r\n" in audio
    opus = re.findall(r"a=rtpmap:(\d+) opus/", audio)[0]
    assert audio.splitlines()[0].split()[3] == opus, "what is sent without a need comes first"
    assert audio.splitlines()[0].endswith(" 124")
    assert f"a=rtpmap:124 red/48000/2\r\na=fmtp:124 {opus}/{opus}\r\n" in audio
    assert "red/" not in video
    assert "stereo" not in video
    assert "sha-512" not in text
    assert text.endswith("\r\n")
    SessionDescription.parse(text)


def with_parity(sdp: str) -> str:
    return sdp.replace("SAVPF 101 102", "SAVPF 101 102 123").replace(
        "a=rtpmap:102", "a=rtpmap:123 flexfec-03/90000\r\na=fmtp:123 repair-window=10000000\r\na=rtpmap:102"
    )


def test_parity_is_taken_only_if_the_answer_has_it() -> None:
    plain = check_remote(CHROMIUM, answer=True).section("video")
    assert plain is not None
    assert plain.parity_payload_type is None
    taken = with_parity(CHROMIUM)
    video = check_remote(taken, answer=True).section("video")
    assert video is not None
    assert video.parity_payload_type == 123
    unlisted = check_remote(taken.replace(" 102 123", " 102"), answer=True).section("video")
    assert unlisted is not None
    assert unlisted.parity_payload_type is None


def with_red(sdp: str, fmtp: str = "96/96") -> str:
    return sdp.replace("m=audio 9 UDP/TLS/RTP/SAVPF 96", "m=audio 9 UDP/TLS/RTP/SAVPF 96 63").replace(
        "a=rtpmap:96 opus", f"a=rtpmap:63 red/48000/2\r\na=fmtp:63 {fmtp}\r\na=rtpmap:96 opus"
    )


def red_payload_type(sdp: str, *, kind: str = "audio") -> int | None:
    section = check_remote(sdp, answer=True).section(kind)
    assert section is not None
    return section.red_payload_type


def test_earlier_sound_is_carried_only_if_the_answer_takes_it_for_its_opus() -> None:
    assert red_payload_type(CHROMIUM) is None
    assert red_payload_type(with_red(CHROMIUM)) == 63
    assert red_payload_type(with_red(CHROMIUM, "101/101")) is None
    assert red_payload_type(with_red(CHROMIUM).replace("SAVPF 96 63", "SAVPF 96")) is None
    parsed = SessionDescription.parse(check_remote(with_red(CHROMIUM), answer=True).sdp)
    assert [codec.mimeType for codec in parsed.media[1].rtp.codecs] == ["audio/red", "audio/opus"]


def test_our_answer_takes_earlier_sound_by_the_remotes_number() -> None:
    ours = "v=0\r\ns=-\r\nm=audio 9 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 opus/48000/2\r\n"
    taken = finish_answer(ours, check_remote(as_offer(with_red(CHROMIUM)), answer=False), 7, **VP8_LITE)
    assert "m=audio 9 UDP/TLS/RTP/SAVPF 96 63\r\n" in taken
    assert "a=rtpmap:63 red/48000/2\r\na=fmtp:63 96/96\r\n" in taken
    plain = finish_answer(ours, check_remote(as_offer(CHROMIUM), answer=False), 7, **VP8_LITE)
    assert "red" not in plain


def test_our_answer_takes_the_remotes_extension_id() -> None:
    remote = check_remote(as_offer(CHROMIUM.replace("extmap:6 ", "extmap:12 ")), answer=False)
    ours = "v=0\r\ns=-\r\nm=video 9 UDP/TLS/RTP/SAVPF 101\r\na=rtpmap:101 H264/90000\r\n"
    assert f"a=extmap:12 {PLAYOUT_DELAY_URI}\r\n" in finish_answer(ours, remote, 7, **VP8_LITE)
    without = check_remote(as_offer(CHROMIUM).replace(PLAYOUT_DELAY_URI, "urn:else"), answer=False)
    assert PLAYOUT_DELAY_URI not in finish_answer(ours, without, 7, **VP8_LITE)


def test_our_answer_names_the_stream_of_parity_where_that_was_offered() -> None:
    ours = "v=0\r\ns=-\r\nm=video 9 UDP/TLS/RTP/SAVPF 101\r\na=rtpmap:101 H264/90000\r\na=ssrc:5 cname:c\r\n"
    taken = finish_answer(ours, check_remote(as_offer(with_parity(CHROMIUM)), answer=False), 7, **VP8_LITE)
    assert "m=video 9 UDP/TLS/RTP/SAVPF 101 123\r\n" in taken
    assert "a=ssrc-group:FEC-FR 5 7\r\na=ssrc:7 cname:c\r\n" in taken
    assert "flexfec" not in finish_answer(ours, check_remote(as_offer(CHROMIUM), answer=False), 7, **VP8_LITE)


def test_our_answer_describes_dependencies_only_where_there_are_some_and_the_remote_offered_it() -> None:
    ours = "v=0\r\ns=-\r\nm=video 9 UDP/TLS/RTP/SAVPF 101\r\na=rtpmap:101 H264/90000\r\n"
    offered = CHROMIUM.replace("a=extmap:6 ", f"a=extmap:13 {DEPENDENCY_DESCRIPTOR_URI}\r\na=extmap:6 ", 1)
    remote = check_remote(as_offer(offered), answer=False)
    line = f"a=extmap:13 {DEPENDENCY_DESCRIPTOR_URI}\r\n"
    assert line in finish_answer(ours, remote, 7, **VP8_LITE)
    assert line not in finish_answer(ours, remote, 7, describes_dependencies=False, ice_lite=True)
    plain = check_remote(as_offer(CHROMIUM), answer=False)
    assert DEPENDENCY_DESCRIPTOR_URI not in finish_answer(ours, plain, 7, **VP8_LITE)
