"""How close the page's picture is to the title's, and to what the same encoder does offline.

The test card draws each frame from its number and counters, all legible in the picture, so the exact source of any
frame read back in the page can be drawn again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from tests.support.card_source import FPS, CardKey, CardSource, with_check
from tests.support.offline_encoder import TARGET_BPS, CardEncoder
from tests.support.page_probe import Luma

CELLS = 64
WARM_FRAMES = 120
"""Frames encoded before the first compared one, so that the rate control has settled."""
BLACK, WHITE = 16, 235
SPAN_FRAMES = 1200
"""Numbers further apart than this were not read back in one go: eight bits of checksum fit a spoilt row by chance."""


def read_key(luma: Luma) -> CardKey | None:
    """Read what a frame was drawn from out of its two rows of cells; None if a checksum does not fit."""
    picture, states = _read_row(luma, 0), _read_row(luma, 1)
    if picture is None or states is None:
        return None
    return CardKey(int.from_bytes(picture[:4], "big"), int.from_bytes(picture[4:], "big"), states)


def _read_row(luma: Luma, row: int) -> bytes | None:
    cell = luma.shape[1] // CELLS
    y = luma.shape[0] - row * cell - cell // 2
    data = np.packbits(luma[y, cell // 2 :: cell][:CELLS] > (BLACK + WHITE) // 2).tobytes()
    return data[:7] if with_check(data[:7]) == data else None


class SourceCard:
    """Draws source frames by key."""

    def __init__(self, *, hard: bool, colorspace: Colorspace = Colorspace.ITU709) -> None:
        self._card = CardSource(hard=hard)
        self._reformatter = VideoReformatter()
        self._colorspace = colorspace

    def frame(self, key: CardKey) -> av.VideoFrame:
        """Return the frame as BGRA."""
        return av.VideoFrame.from_ndarray(self._card.draw(key), format="bgra")

    def luma(self, key: CardKey) -> Luma:
        """Return the frame's limited-range luma."""
        picture = self._reformatter.reformat(
            self.frame(key), format="yuv420p", dst_colorspace=self._colorspace, dst_color_range=ColorRange.MPEG,
            threads=1,
        )  # fmt: skip
        return luma_of(picture)


def luma_of(picture: av.VideoFrame) -> Luma:
    """Return a copy of a planar frame's luma."""
    plane = picture.planes[0]
    buffer: Any = plane
    rows: Luma = np.frombuffer(buffer, np.uint8).reshape(-1, plane.line_size)
    return rows[: picture.height, : picture.width].copy()


def psnr_db(left: Luma, right: Luma) -> float:
    """Return the luma PSNR of two pictures of one size."""
    error = np.mean(np.square(left.astype(np.float32) - right.astype(np.float32)))
    return float(10 * np.log10(255.0**2 / max(float(error), 1e-6)))


def shown_psnr_db(shown: Sequence[Luma], source: SourceCard) -> tuple[float, list[CardKey]]:
    """Return the mean PSNR of frames read back in the page, and their keys.

    Raises:
        AssertionError: if none of the frames is legible.
    """
    found: list[tuple[CardKey, float]] = []
    for luma in shown:
        if key := read_key(luma):
            found.append((key, psnr_db(luma, source.luma(key))))
    assert found, "no legible frame was read back"
    middle = sorted(key.number for key, _ in found)[len(found) // 2]
    found = [(key, value) for key, value in found if abs(key.number - middle) <= SPAN_FRAMES]
    return float(np.mean([value for _, value in found])), [key for key, _ in found]


def offline_psnr_db(keys: Sequence[CardKey], source: SourceCard, preset: str, target_bps: int = TARGET_BPS) -> float:
    """Return the mean PSNR that the encoder reaches on the same frames with nothing else to do.

    Encodes every frame from `WARM_FRAMES` before the first key to the last one at an even 60 fps.
    """
    encoder = CardEncoder(preset, target_bps)
    decoder = av.CodecContext.create("h264", "r")
    wanted = {key.number: key for key in keys}
    values: list[float] = []
    first = min(wanted) - WARM_FRAMES
    for number in range(max(1, first), max(wanted) + 1):
        key = wanted.get(number, replace(keys[0], number=number))
        frame = source.frame(key)
        frame.pts, frame.time_base = number * 90_000 // FPS, Fraction(1, 90_000)
        for picture in decoder.decode(encoder.encode(frame)):
            if number in wanted:
                values.append(psnr_db(luma_of(picture), source.luma(key)))
    return float(np.mean(values))
