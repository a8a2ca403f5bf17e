"""Artwork of a title: what kind of picture it is, and the same picture decoded and written anew.

A publisher's own bytes are never shown to players: they are decoded in a process of its own, with bounds on memory
and time and without anything of ours in its environment, and only the pixels come back.
"""

from __future__ import annotations

import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from wire.errors import Reason, WireError

ARTWORK_MAX_BYTES = 4 * 1024 * 1024
"""A 16:9 picture of 1920 pixels is far smaller."""

DECODE_TIMEOUT_S = 20.0
_DECODER = Path(__file__).with_name("artwork_decoder.py")
_ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}


@dataclass(frozen=True, slots=True)
class Artwork:
    """A picture that may be shown."""

    png: bytes
    width_px: int
    height_px: int


def image_type(content: bytes) -> str | None:
    """Return the media type of a PNG, JPEG or WebP picture by its magic bytes; None for anything else, SVG too."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "image/webp"
    return None


def reencode(content: bytes) -> Artwork:
    """Decode a picture and write it anew, at most 1280x720, as PNG. Blocks for about half a second.

    Raises:
        WireError: ``bad_archive`` if it is none, or too large, or cannot be decoded.
    """
    media_type = image_type(content)
    if media_type is None:
        raise WireError(Reason.BAD_ARCHIVE, "the artwork is not a PNG, JPEG or WebP picture")
    if len(content) > ARTWORK_MAX_BYTES:
        raise WireError(Reason.BAD_ARCHIVE, f"the artwork has more than {ARTWORK_MAX_BYTES} bytes")
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(_DECODER), _ENDINGS[media_type]],
            input=content,
            env={"SDL_VIDEODRIVER": "dummy", "PYGAME_HIDE_SUPPORT_PROMPT": "1"},
            capture_output=True,
            timeout=DECODE_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise WireError(Reason.BAD_ARCHIVE, "the artwork takes too long to decode") from error
    if done.returncode != 0 or image_type(done.stdout) != "image/png":
        raise WireError(Reason.BAD_ARCHIVE, "the artwork cannot be decoded: it is broken, or larger than 8192 pixels")
    width, height = struct.unpack_from(">II", done.stdout, 16)
    return Artwork(done.stdout, width, height)
