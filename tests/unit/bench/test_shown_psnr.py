"""Frames read back in a page, against their source."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.card_source import CardKey
from tests.support.page_probe import Luma
from tests.support.psnr import SourceCard, read_key, shown_psnr_db


@pytest.fixture(scope="module")
def source() -> SourceCard:
    return SourceCard(hard=False)


def test_a_number_that_only_fits_its_checksum_is_left_out(source: SourceCard) -> None:
    shown = [source.luma(CardKey(number)) for number in (500, 506, 512)]
    misread = source.luma(CardKey(2**31))
    assert read_key(misread) is not None
    psnr, keys = shown_psnr_db([*shown[:2], misread, shown[2]], source)
    assert [key.number for key in keys] == [500, 506, 512]
    assert psnr > 100


def test_pictures_without_a_legible_row_are_no_reading(source: SourceCard) -> None:
    noise: Luma = np.random.default_rng(1).integers(0, 256, (720, 1280), np.uint8)
    with pytest.raises(AssertionError, match="legible"):
        shown_psnr_db([noise], source)
