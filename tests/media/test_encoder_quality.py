"""The encoders on real pictures: colours, quality, bitrate, keyframes and rate steps, as a decoder sees them."""

from __future__ import annotations

from collections.abc import Iterator

import av
import numpy as np
import pytest
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from render_node.session.io.encoders import EncoderSettings, OpenEncoder, h264_level, opens
from tests.support.card_source import CardKey, CardSource
from wire.errors import Reason, WireError

pytestmark = pytest.mark.media

SETTINGS = EncoderSettings(1280, 720, 60, 8_000_000)
ENCODERS = [("libx264", "h264"), ("libvpx", "vp8")]


@pytest.fixture(scope="module")
def hard_frames() -> list[NDArray[np.uint8]]:
    card = CardSource(hard=True)
    return [card.draw(CardKey(number)).copy() for number in range(150)]


@pytest.fixture(scope="module")
def card_frame() -> NDArray[np.uint8]:
    return CardSource(hard=False).draw(CardKey(600)).copy()


def decoder(name: str) -> VideoCodecContext:
    context = av.CodecContext.create(name, "r")
    assert isinstance(context, VideoCodecContext)
    return context


def decode(context: VideoCodecContext, data: bytes) -> VideoFrame:
    (frame,) = context.decode(av.Packet(data))
    return frame


def convert(encoder: OpenEncoder, pixels: NDArray[np.uint8]) -> VideoFrame:
    return encoder.convert(pixels.data, pixels.shape[1], pixels.shape[0])


def encode(
    encoder: OpenEncoder, pixels: NDArray[np.uint8], pts: int, *, keyframe: bool = False
) -> tuple[bytes, bool]:
    return encoder.encode(convert(encoder, pixels), pts, keyframe=keyframe)


def encode_all(encoder: OpenEncoder, frames: list[NDArray[np.uint8]], start: int = 0) -> Iterator[tuple[bytes, bool]]:
    for number, pixels in enumerate(frames, start):
        yield encode(encoder, pixels, number * 1500)


def luma(frame: VideoFrame) -> NDArray[np.int16]:
    plane = np.asarray(memoryview(frame.planes[0])).reshape(frame.height, frame.planes[0].line_size)
    return plane[:, : frame.width].astype(np.int16)


def psnr_db(a: NDArray[np.int16], b: NDArray[np.int16]) -> float:
    return float(10 * np.log10(255**2 / max(float(np.mean((a - b).astype(np.float64) ** 2)), 1e-9)))


@pytest.mark.parametrize(("name", "codec"), ENCODERS)
def test_hard_content_reaches_its_rate_and_quality_with_one_keyframe_and_no_delay(
    hard_frames: list[NDArray[np.uint8]], name: str, codec: str
) -> None:
    encoder, context = OpenEncoder(name, SETTINGS), decoder(codec)
    sizes, keys, quality = [], 0, []
    for number, (data, keyframe) in enumerate(encode_all(encoder, hard_frames)):
        sizes.append(len(data))
        keys += keyframe
        picture = decode(context, data)
        if number % 15 == 14:
            source = convert(encoder, hard_frames[number])
            quality.append(psnr_db(luma(picture), luma(source)))
    rate_bps = sum(sizes[30:]) * 8 * 60 / len(sizes[30:])
    assert 0.85 * 8e6 <= rate_bps <= 1.1 * 8e6
    assert keys == 1
    assert max(sizes[30:]) < 3 * np.mean(sizes[30:])
    assert min(quality[2:]) > 27.0


COLOURS = {
    "green": (0, 200, 0), "red": (200, 0, 0), "blue": (0, 0, 200), "white": (255, 255, 255), "black": (0, 0, 0),
    "grey": (128, 128, 128), "skin": (224, 172, 105),
}  # fmt: skip


@pytest.mark.parametrize(("name", "codec"), ENCODERS)
def test_browsers_see_the_colours_that_the_title_drew(name: str, codec: str) -> None:
    """H.264 is read as BT.709, VP8 as BT.601, both limited: what browsers assume."""
    settings = EncoderSettings(320, 160, 60, 8_000_000)
    encoder, context = OpenEncoder(name, settings), decoder(codec)
    matrix = "ITU709" if codec == "h264" else "ITU601"
    for number, (label, (red, green, blue)) in enumerate(COLOURS.items()):
        pixels = np.empty((160, 320, 4), np.uint8)
        pixels[:] = (blue, green, red, 0)
        data, _ = encode(encoder, pixels, number * 1500, keyframe=True)
        picture = decode(context, data)
        shown = picture.reformat(format="rgb24", src_colorspace=matrix, src_color_range="MPEG").to_ndarray()[80, 160]
        assert np.abs(shown.astype(int) - (red, green, blue)).max() <= 6, (label, shown)
        if codec == "h264":
            assert (picture.colorspace, picture.color_range) == (1, 1)


@pytest.mark.parametrize(("name", "codec"), ENCODERS)
@pytest.mark.parametrize("bps", [100_000, 300_000, 1_000_000])
def test_a_keyframe_shows_the_picture_however_low_the_rate(
    card_frame: NDArray[np.uint8], name: str, codec: str, bps: int
) -> None:
    """An encoder is opened anew with a keyframe just when the network carries less."""
    encoder = OpenEncoder(name, EncoderSettings(1280, 720, 60, bps))
    data, keyframe = encode(encoder, card_frame, 0)
    quality_db = psnr_db(luma(decode(decoder(codec), data)), luma(convert(encoder, card_frame)))
    assert keyframe
    assert quality_db > 20.0


def test_x264_meets_a_rate_that_is_too_low_for_the_picture(hard_frames: list[NDArray[np.uint8]]) -> None:
    """What exceeds it stands in a queue of the network."""
    encoder = OpenEncoder("libx264", EncoderSettings(1280, 720, 60, 1_000_000))
    keyframe, *others = [len(data) for data, _ in encode_all(encoder, hard_frames[:60])]
    assert keyframe * 8 < 100_000
    assert sum(others) * 8 * 60 / len(others) < 1_100_000


def test_a_keyframe_comes_on_request_with_parameter_sets_and_only_then() -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (720, 1280, 4), np.uint8)
    for name, codec in ENCODERS:
        encoder = OpenEncoder(name, SETTINGS)
        kinds = []
        for number in range(8):
            data, keyframe = encode(encoder, pixels, number * 1500, keyframe=number == 5)
            kinds.append(keyframe)
            if number == 5:
                assert decode(decoder(codec), data).width == 1280
        assert kinds == [True, False, False, False, False, True, False, False]


def test_x264_follows_a_step_down_without_a_keyframe_where_pyav_lets_it(hard_frames: list[NDArray[np.uint8]]) -> None:
    encoder = OpenEncoder("libx264", SETTINGS)
    before = list(encode_all(encoder, hard_frames[:60]))
    in_place = int(av.__version__.partition(".")[0]) >= 19
    assert encoder.set_bitrate(4_000_000) is in_place
    after = list(encode_all(encoder, hard_frames[60:], 60))
    assert not any(keyframe for _, keyframe in after)
    rate_bps = sum(len(data) for data, _ in after[-60:]) * 8
    assert rate_bps < 4_600_000 if in_place else rate_bps > 0.8 * sum(len(data) for data, _ in before) * 8
    assert not OpenEncoder("libvpx", SETTINGS).set_bitrate(4_000_000)


def test_levels_and_encoders_that_do_not_open() -> None:
    assert h264_level(SETTINGS) == "3.2"
    assert h264_level(EncoderSettings(1920, 1080, 60, 8_000_000)) == "4.2"
    assert h264_level(EncoderSettings(640, 360, 60, 2_000_000)) == "3.1"
    assert opens("libx264", SETTINGS)
    assert not opens("h264_unheard_of", SETTINGS)
    with pytest.raises(WireError) as caught:
        OpenEncoder("libx264", EncoderSettings(0, 0, 60, 1))
    assert caught.value.reason is Reason.NO_CAPABILITY
