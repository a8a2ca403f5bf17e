"""Remote session descriptions: what they must look like before aiortc reads them.

A remote description is hostile. It is checked line by line and rebuilt from the lines that matter. Of candidates, UDP
addresses are kept; names are left out, because a ``.local`` one would cost a second, and checks show its address.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address

from render_node.session.core.dependency_descriptor import DEPENDENCY_DESCRIPTOR_URI
from render_node.session.core.rtp_packets import (
    ABS_SEND_TIME_URI,
    MID_URI,
    PLAYOUT_DELAY_URI,
    TRANSPORT_SEQ_URI,
    ExtensionIds,
)
from wire.errors import Reason, WireError
from wire.limits import SDP_MAX_BYTES
from wire.session_control import VideoCodec

LINES_MAX = 1000
LINE_MAX_CHARS = 1024
SECTIONS_MAX = 4
CANDIDATES_MAX = 16

_LINE = re.compile(r"[a-z]=[\x20-\x7e]*")
_MEDIA = re.compile(r"m=(audio|video|application) (\d{1,5}) ([A-Z/]{3,32})((?: [0-9A-Za-z-]{1,32}){1,64})")
_FINGERPRINT = re.compile(r"a=fingerprint:([A-Za-z0-9-]{1,16}) ((?:[0-9A-Fa-f]{2}:)*[0-9A-Fa-f]{2})")
_UFRAG = re.compile(r"a=ice-ufrag:[A-Za-z0-9+/]{4,256}")
_PASSWORD = re.compile(r"a=ice-pwd:[A-Za-z0-9+/]{22,256}")
_EXTMAP = re.compile(r"a=extmap:(\d{1,5})(?:/[a-z]+)? (\S+)(?: .*)?")
_NUMBERED = re.compile(r"a=(?:rtpmap:(\d{1,3}) [A-Za-z0-9._-]{1,32}/\d{1,6}(?:/\d{1,2})?|rtcp-fb:(\d{1,3}|\*) .+)")
_FMTP = re.compile(r"a=fmtp:(\d{1,3}) (.+)")
_PARAMETER = re.compile(
    r"(?:apt=\d{1,3}|profile-level-id=[0-9A-Fa-f]{6}|packetization-mode=\d|level-asymmetry-allowed=\d)"
)
FLEXFEC = "FLEXFEC-03"
OPUS, RED = "OPUS", "RED"
RTPMAP = re.compile(r"a=rtpmap:(\d+) ([^/ ]+)/(\d+)")
_CANDIDATE = re.compile(
    r"(a=candidate:[A-Za-z0-9+/]{1,32} 1 udp \d{1,10} ([0-9A-Fa-f.:]{2,45}) \d{1,5} typ (?:host|srflx|prflx|relay))"
    r"(?: .*)?",
    re.IGNORECASE,
)
_SHA256_BYTES = 32
_KEPT_AS_IS = re.compile(
    r"a=(?:mid:[A-Za-z0-9_.-]{1,16}|rtcp-mux|rtcp-rsize|sendrecv|sendonly|recvonly|inactive"
    r"|sctp-port:\d{1,5}|max-message-size:\d{1,9}|setup:(?:active|passive|actpass))"
)


@dataclass(frozen=True, slots=True)
class RemoteSection:
    """One media section of a checked remote description."""

    kind: str
    mid: str
    rejected: bool
    receives: bool
    """Whether it wants media from us."""
    codecs: tuple[str, ...]
    """Upper-case codec names."""
    extensions: tuple[tuple[int, str], ...]
    parity_payload_type: int | None = None
    """Of FlexFEC-03, if it takes that."""
    red_payload_type: int | None = None
    """Of Opus packets that carry earlier ones (RFC 2198), if it takes those."""

    def extension_ids(self) -> ExtensionIds:
        """Return the ids of the extensions that we know."""
        by_uri = {uri: number for number, uri in self.extensions}
        return ExtensionIds(
            mid=by_uri.get(MID_URI),
            abs_send_time=by_uri.get(ABS_SEND_TIME_URI),
            playout_delay=by_uri.get(PLAYOUT_DELAY_URI),
            transport_seq=by_uri.get(TRANSPORT_SEQ_URI),
            dependency_descriptor=by_uri.get(DEPENDENCY_DESCRIPTOR_URI),
        )


@dataclass(frozen=True, slots=True)
class RemoteDescription:
    """A checked remote description."""

    sdp: str
    """Rebuilt text, safe to be parsed."""
    sections: tuple[RemoteSection, ...]

    def section(self, kind: str) -> RemoteSection | None:
        """Return the section of a kind unless it is missing or rejected."""
        return next((part for part in self.sections if part.kind == kind and not part.rejected), None)


def check_remote(sdp: str, *, answer: bool) -> RemoteDescription:
    """Check a remote description and return it rebuilt.

    Args:
        sdp: Text from a browser.
        answer: Whether it answers our offer; otherwise it is an offer (WHEP).

    Raises:
        WireError: ``bad_sdp`` with what is wrong.
    """
    lines = _lines(sdp)
    head, sections = split_sections(lines)
    if not sections or len(sections) > SECTIONS_MAX:
        raise _bad(f"{len(sections)} media sections")
    _check_fingerprints(lines)
    _check_transport(head, sections, answer=answer)
    if not answer and "a=ice-lite" in head:
        raise _bad("two ICE-lite sides cannot connect")
    kept_head = ["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0"]
    kept_head += [line for line in head if _keep_in_head(line)]
    checked = [_section(section) for section in sections]
    _check_sections([part for _, part in checked], kept_head)
    # Browsers name them in the first section only, aiortc takes those of the last one; all share one transport.
    candidates = list(dict.fromkeys(filter(None, map(_candidate, lines))))[:CANDIDATES_MAX]
    text = join_sections([kept_head, *([*kept, *candidates] for kept, _ in checked)])
    return RemoteDescription(text, tuple(part for _, part in checked))


def check_codec(remote: RemoteDescription, codec: VideoCodec) -> None:
    """Check that the remote takes our video.

    Raises:
        WireError: ``no_common_codec``.
    """
    video = remote.section("video")
    if video is None or not video.receives or codec.value.upper() not in video.codecs:
        raise WireError(Reason.NO_COMMON_CODEC, f"the other side does not take {codec.value}")


def _bad(detail: str) -> WireError:
    return WireError(Reason.BAD_SDP, detail)


def _lines(sdp: str) -> list[str]:
    if len(sdp.encode("utf-8", "surrogatepass")) > SDP_MAX_BYTES:
        raise _bad(f"more than {SDP_MAX_BYTES} bytes")
    lines = [line for line in sdp.replace("\r\n", "\n").split("\n") if line]
    if len(lines) > LINES_MAX:
        raise _bad(f"{len(lines)} lines")
    for number, line in enumerate(lines, 1):
        if len(line) > LINE_MAX_CHARS or not _LINE.fullmatch(line):
            raise _bad(f"line {number} is not SDP")
    if not lines or lines[0] != "v=0":
        raise _bad("it does not begin with v=0")
    return lines


def split_sections(lines: list[str]) -> tuple[list[str], list[list[str]]]:
    """Return the lines before the first media line, and those of each media section."""
    head: list[str] = []
    sections: list[list[str]] = []
    for line in lines:
        if line.startswith("m="):
            sections.append([line])
        else:
            (sections[-1] if sections else head).append(line)
    return head, sections


def join_sections(groups: list[list[str]]) -> str:
    """Return the lines of all groups as SDP text."""
    return "".join(f"{line}\r\n" for group in groups for line in group)


def _check_fingerprints(lines: list[str]) -> None:
    values = set()
    for line in lines:
        if not line.startswith("a=fingerprint:"):
            continue
        match = _FINGERPRINT.fullmatch(line)
        if match is None:
            raise _bad("a DTLS fingerprint is malformed")
        if match[1].lower() == "sha-256":
            values.add(match[2].upper())
    if len(values) != 1 or any(len(value) != _SHA256_BYTES * 3 - 1 for value in values):
        raise _bad(f"it has {len(values)} sha-256 fingerprints, one is needed")


def _check_transport(head: list[str], sections: list[list[str]], *, answer: bool) -> None:
    allowed = {"a=setup:active", "a=setup:passive"} if answer else {"a=setup:actpass", "a=setup:active"}
    for section in sections:
        if section[0].split()[1:2] == ["0"]:
            continue
        lines = head + section
        setups = {line for line in lines if line.startswith("a=setup:")}
        if len(setups) != 1 or not setups <= allowed:
            raise _bad("the DTLS setup attribute is missing or not allowed")
        if not any(map(is_sha256, lines)):
            raise _bad("a media section has no sha-256 fingerprint")
        for name, pattern in (("ufrag", _UFRAG), ("pwd", _PASSWORD)):
            values = {line for line in lines if line.startswith(f"a=ice-{name}:")}
            if len(values) != 1 or not all(map(pattern.fullmatch, values)):
                raise _bad(f"ice-{name} is missing, repeated or malformed")


def _keep_in_head(line: str) -> bool:
    if re.fullmatch(r"a=group:BUNDLE(?: [A-Za-z0-9_.-]{1,16}){0,4}", line):
        return True
    return line == "a=ice-lite" or _is_transport(line)


def _is_transport(line: str) -> bool:
    return is_sha256(line) or line.startswith(("a=ice-ufrag:", "a=ice-pwd:", "a=setup:"))


def is_sha256(line: str) -> bool:
    """Tell whether a line is a SHA-256 fingerprint."""
    return line.lower().startswith("a=fingerprint:sha-256 ")


def _section(lines: list[str]) -> tuple[list[str], RemoteSection]:
    media = _MEDIA.fullmatch(lines[0])
    if media is None:
        raise _bad("a media line is malformed")
    kind, formats = media[1], media[4].split()
    if kind != "application" and not all(part.isdigit() and int(part) < 128 for part in formats):
        raise _bad("a payload type is malformed")
    mapped = {found[1] for line in lines if (found := _codec(line))} & set(formats)
    kept = [lines[0]]
    extensions: list[tuple[int, str]] = []
    codecs: list[str] = []
    parity = None
    mid = ""
    for line in lines[1:]:
        if line.startswith("a=extmap:"):
            extensions += _extension(line)
        elif line.startswith("a=mid:"):
            mid = line[6:]
        if (found := _codec(line)) and found[1] in mapped:
            codecs.append(found[2].upper())
            if codecs[-1] == FLEXFEC:
                parity = int(found[1])
        if _keep(line, mapped):
            kept.append(line)
        elif (found := _FMTP.fullmatch(line)) and found[1] in mapped:
            kept += _format(found[1], found[2])
    kept += [f"a=extmap:{number} {uri}" for number, uri in extensions]
    receives = not {"a=sendonly", "a=inactive"} & set(lines)
    red = _red(lines, mapped)
    return kept, RemoteSection(kind, mid, int(media[2]) == 0, receives, tuple(codecs), tuple(extensions), parity, red)


def _codec(line: str) -> re.Match[str] | None:
    """Read a codec's line if it is one that is kept."""
    return RTPMAP.match(line) if _NUMBERED.fullmatch(line) else None


def _red(lines: list[str], mapped: set[str]) -> int | None:
    """Return the payload type of RED if it is for Opus alone."""
    numbers = {found[2].upper(): found[1] for line in lines if (found := _codec(line)) and found[1] in mapped}
    opus, red = numbers.get(OPUS), numbers.get(RED)
    return int(red) if red is not None and f"a=fmtp:{red} {opus}/{opus}" in lines else None


def _keep(line: str, mapped: set[str]) -> bool:
    if _KEPT_AS_IS.fullmatch(line) or _is_transport(line):
        return True
    numbered = _NUMBERED.fullmatch(line)
    return numbered is not None and (numbered[1] or numbered[2]) in mapped | {"*"}


def _format(number: str, parameters: str) -> list[str]:
    """Return the line again with the parameters by which codecs are told apart."""
    kept = [part.strip() for part in parameters.split(";") if _PARAMETER.fullmatch(part.strip())]
    return [f"a=fmtp:{number} {';'.join(kept)}"] if kept else []


def _candidate(line: str) -> str:
    """Return a candidate as far as we read it; empty unless it is an address for UDP."""
    match = _CANDIDATE.fullmatch(line)
    if match is None:
        return ""
    try:
        ip_address(match[2])
    except ValueError:
        return ""
    return match[1]


def _extension(line: str) -> list[tuple[int, str]]:
    match = _EXTMAP.fullmatch(line)
    if match is None:
        raise _bad("an extension map is malformed")
    number = int(match[1])
    return [(number, match[2])] if 1 <= number <= 14 else []


def _check_sections(sections: list[RemoteSection], head: list[str]) -> None:
    kinds = [part.kind for part in sections]
    if len(set(kinds)) != len(kinds):
        raise _bad("two media sections of one kind")
    mids = [part.mid for part in sections]
    if len(set(mids)) != len(mids) or not all(mids):
        raise _bad("media ids are missing or repeated")
    used = {part.mid for part in sections if not part.rejected}
    bundled = {mid for line in head if line.startswith("a=group:BUNDLE") for mid in line.split()[1:]}
    if len(used) > 1 and not used <= bundled:
        raise _bad("the media sections are not bundled")
