"""Our session descriptions: what is added to aiortc's text because aiortc has no words for it."""

from __future__ import annotations

import re
from dataclasses import replace

from render_node.session.core.dependency_descriptor import DEPENDENCY_DESCRIPTOR_URI
from render_node.session.core.rtp_packets import PLAYOUT_DELAY_URI, TRANSPORT_SEQ_URI, ExtensionIds
from render_node.session.core.sdp import RTPMAP, RemoteDescription, is_sha256, join_sections, split_sections

OFFERED_IDS = ExtensionIds(playout_delay=6, transport_seq=7, dependency_descriptor=4)
"""Extension ids that our offers give to what aiortc does not know; its own end at 3."""

RTX_TIME_MS = 100
"""Offered rtx-time: Chrome asks for a keyframe after three times this without a decodable frame, not after 3 s."""

FLEXFEC_PAYLOAD_TYPE = 123
"""Of parity in our offers; aiortc gives out its own from 96 upwards."""

RED_PAYLOAD_TYPE = 124
"""Of sound that carries earlier sound (RFC 2198) in our offers."""

OPUS_FMTP = "stereo=1;sprop-stereo=1;minptime=10;useinbandfec=0"

_SSRC = re.compile(r"a=ssrc:(\d+) cname:(.+)")


def finish_offer(sdp: str, parity_ssrc: int, *, describes_dependencies: bool, ice_lite: bool) -> str:
    """Return aiortc's offer with what it cannot say: ICE-lite, playout delay, transport-wide feedback, receiver
    round trips, parity, stereo Opus, and Opus that carries earlier packets.

    Args:
        sdp: Of aiortc.
        parity_ssrc: Where the video's parity would go.
        describes_dependencies: Whether frames may refer further back than to the one before.
        ice_lite: Whether our side leaves all checks to the other.
    """
    head, sections = _ours(sdp)
    done = [_with_ice_lite(head) if ice_lite else head]
    for section in sections:
        if section[0].startswith("m=video"):
            ids = OFFERED_IDS if describes_dependencies else replace(OFFERED_IDS, dependency_descriptor=None)
            section = [*map(_with_rtx_time, section), *_video_lines(section, ids)]
            section = _with_parity(section, parity_ssrc, FLEXFEC_PAYLOAD_TYPE)
        elif section[0].startswith("m=audio"):
            section = _with_red(_with_opus(section), RED_PAYLOAD_TYPE)
        done.append(section)
    return join_sections(done)


def finish_answer(
    sdp: str, remote: RemoteDescription, parity_ssrc: int, *, describes_dependencies: bool, ice_lite: bool
) -> str:
    """Return aiortc's answer with ICE-lite, if it is, and what the remote offered that aiortc does not know.

    Args:
        sdp: Of aiortc.
        remote: The offer, whose numbers are taken.
        parity_ssrc: As ``finish_offer``, and the rest too.
        describes_dependencies: Likewise.
        ice_lite: Likewise.
    """
    head, sections = _ours(sdp)
    done = [_with_ice_lite(head) if ice_lite else head]
    for section in sections:
        if section[0].startswith("m=video"):
            offered = remote.section("video")
            ids = offered.extension_ids() if offered is not None else ExtensionIds()
            ids = ids if describes_dependencies else replace(ids, dependency_descriptor=None)
            section = [*section, *_video_lines(section, ids)]
            if offered is not None and offered.parity_payload_type is not None:
                section = _with_parity(section, parity_ssrc, offered.parity_payload_type)
        elif section[0].startswith("m=audio"):
            section = _with_opus(section)
            offered = remote.section("audio")
            if offered is not None and offered.red_payload_type is not None:
                section = _with_red(section, offered.red_payload_type)
        done.append(section)
    return join_sections(done)


def _with_ice_lite(head: list[str]) -> list[str]:
    return [*head, "a=ice-lite"]


def _video_lines(section: list[str], ids: ExtensionIds) -> list[str]:
    added = ["a=rtcp-xr:rcvr-rtt=all", "a=rtcp-rsize"]
    if ids.playout_delay is not None:
        added.append(f"a=extmap:{ids.playout_delay} {PLAYOUT_DELAY_URI}")
    if ids.dependency_descriptor is not None:
        added.append(f"a=extmap:{ids.dependency_descriptor} {DEPENDENCY_DESCRIPTOR_URI}")
    found = (RTPMAP.match(line) for line in section)
    codecs = [match[1] for match in found if match and match[2].lower() != "rtx"]
    added += [f"a=rtcp-fb:{number} ccm fir" for number in codecs]
    if ids.transport_seq is not None:
        # Of video alone: sound is too little to steer.
        added.append(f"a=extmap:{ids.transport_seq} {TRANSPORT_SEQ_URI}")
        added += [f"a=rtcp-fb:{number} transport-cc" for number in codecs]
    return added


def _with_parity(section: list[str], parity_ssrc: int, number: int) -> list[str]:
    media = next(match for line in section if (match := _SSRC.fullmatch(line)))
    return [
        f"{section[0]} {number}",
        *section[1:],
        f"a=rtpmap:{number} flexfec-03/90000",
        f"a=fmtp:{number} repair-window=10000000",
        f"a=ssrc-group:FEC-FR {media[1]} {parity_ssrc}",
        f"a=ssrc:{parity_ssrc} cname:{media[2]}",
    ]


def _with_rtx_time(line: str) -> str:
    return f"{line};rtx-time={RTX_TIME_MS}" if re.fullmatch(r"a=fmtp:\d+ apt=\d+", line) else line


def _with_opus(section: list[str]) -> list[str]:
    numbers = [match[1] for line in section if (match := RTPMAP.match(line)) and match[2].lower() == "opus"]
    kept = [line for line in section if not any(line.startswith(f"a=fmtp:{number} ") for number in numbers)]
    return [*kept, *(f"a=fmtp:{number} {OPUS_FMTP}" for number in numbers), "a=ptime:10"]


def _with_red(section: list[str], number: int) -> list[str]:
    """Add RED behind the section's Opus, which stays what is sent without a need."""
    opus = next(match[1] for line in section if (match := RTPMAP.match(line)) and match[2].lower() == "opus")
    return [
        f"{section[0]} {number}",
        *section[1:],
        f"a=rtpmap:{number} red/48000/2",
        f"a=fmtp:{number} {opus}/{opus}",
    ]


def _ours(sdp: str) -> tuple[list[str], list[list[str]]]:
    """Split aiortc's text, which names each certificate by three digests where one is enough."""
    return split_sections(
        [line for line in sdp.splitlines() if not line.startswith("a=fingerprint:") or is_sha256(line)]
    )
