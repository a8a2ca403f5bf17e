"""Artwork is decoded and written anew, or refused."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from title_archive.artwork import image_type, reencode
from wire.errors import Reason, WireError

CARD = Path(__file__).resolve().parents[3] / "games" / "testcard" / "artwork.png"


def png(width: int, height: int, *, text: bytes = b"") -> bytes:
    """Return a black grey-scale picture, which is small however large it is."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = zlib.compress(bytes((width // 8 + 1) * height))
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    parts = chunk(b"IHDR", head) + (chunk(b"tEXt", text) if text else b"") + chunk(b"IDAT", rows)
    return b"\x89PNG\r\n\x1a\n" + parts + chunk(b"IEND", b"")


def test_only_the_pixels_come_back() -> None:
    smuggled = reencode(png(1920, 1080, text=b"Comment\x00<script>alert(1)</script>"))
    assert (smuggled.width_px, smuggled.height_px) == (1280, 720)
    assert image_type(smuggled.png) == "image/png"
    assert b"script" not in smuggled.png


def test_a_bundled_card_stays_what_it_is() -> None:
    card = reencode(CARD.read_bytes())
    assert card.width_px * 9 == card.height_px * 16


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a PNG"),
        (lambda: b"", "not a PNG"),
        (lambda: b"\x89PNG\r\n\x1a\n" + b"x" * 99, "cannot be decoded"),
        (lambda: CARD.read_bytes()[:2000], "cannot be decoded"),
        (lambda: b"\xff\xd8\xff" + CARD.read_bytes(), "cannot be decoded"),
        (lambda: b"\x89PNG\r\n\x1a\n" + bytes(4 << 20), "more than"),
        (lambda: png(60_000, 60_000), "cannot be decoded"),
        (lambda: png(9000, 10), "cannot be decoded"),
    ],
)
def test_what_is_no_picture_is_refused(make: Callable[[], bytes], words: str) -> None:
    with pytest.raises(WireError, match=words) as caught:
        reencode(make())
    assert caught.value.reason is Reason.BAD_ARCHIVE
