"""Measures Selkies in either of its modes, with the probe and the presses that every stream gets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from av.video.reformatter import Colorspace
from playwright.async_api import Browser

from tests.bench.baselines.selkies.server import selkies
from tests.bench.measure import measure
from tests.bench.reading import NoPicture, Reading
from tests.support.chromium import PlayPage, play_page
from tests.support.deadlines import until

DECODED_VIDEO_JS = (Path(__file__).parent / "decoded_video.js").read_text()
PLAY_BUTTON = "#playButton"
PICTURE_WITHIN_S = 20.0
LOG_TAIL = 1500
"""Characters of Selkies' log that tell why there is no picture."""


@dataclass(frozen=True, slots=True)
class Mode:
    """One way in which Selkies brings its picture to the page."""

    name: str
    """As its ``--mode`` says."""
    stage: str
    """Id of the ``<video>`` that shows it."""
    over_rtp: bool
    """The browser has statistics of its own then."""


MODES = {
    "selkies_websocket": Mode("websockets", "videoStream", over_rtp=False),
    "selkies_webrtc": Mode("webrtc", "stream", over_rtp=True),
}


async def measure_selkies(browser: Browser, stream: str, folder: Path, seed: int) -> Reading:
    """Measure one of `MODES`.

    Raises:
        NoPicture: if its page shows none.
        CannotInstall: see `install`.
    """
    mode = MODES[stream]
    async with selkies(mode.name, folder) as serving, play_page(browser, stage=mode.stage) as play:
        # Somebody else's page: what it says on its console is not judged here.
        play.expected.append("")
        if not mode.over_rtp:
            await play.context.add_init_script(DECODED_VIDEO_JS)
        await play.page.goto(serving.url)
        try:
            await until(lambda: _plays(play, mode.stage), PICTURE_WITHIN_S, "a playing video")
            await play.probe.until_playing()
        except AssertionError as error:
            raise NoPicture(f"{error}\n{serving.log.read_text(errors='replace')[-LOG_TAIL:]}") from error
        return await measure(play, stream, serving.groups, seed=seed, colorspace=Colorspace.ITU709)


async def _plays(play: PlayPage, stage: str) -> bool:
    """Tell whether the video runs; click the button with which the page asks for leave to play, where it does."""
    button = play.page.locator(PLAY_BUTTON)
    if await button.is_visible():
        await button.click()
    return bool(await play.page.evaluate("id => document.getElementById(id)?.currentTime > 0", stage))
