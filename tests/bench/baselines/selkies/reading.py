"""Measures Selkies in either of its modes, with the probe and the presses that every stream gets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from av.video.reformatter import Colorspace
from playwright.async_api import Browser

from tests.bench.baselines.selkies.server import selkies
from tests.bench.measure import measure
from tests.bench.reading import NoPicture, Reading
from tests.support.chromium import play_page

DECODED_VIDEO_JS = (Path(__file__).parent / "decoded_video.js").read_text()
PLAY_BUTTON = "#playButton"
LOG_TAIL = 1500


@dataclass(frozen=True, slots=True)
class Mode:
    """One way in which Selkies brings its picture to the page."""

    name: str
    """As its ``--mode`` says."""
    stage: str
    """Id of the ``<video>`` that shows it."""
    waits_for_click: bool
    """The page asks for a click before it plays."""


MODES = {
    "selkies_websocket": Mode("websockets", "videoStream", waits_for_click=False),
    "selkies_webrtc": Mode("webrtc", "stream", waits_for_click=True),
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
        if not mode.waits_for_click:
            await play.context.add_init_script(DECODED_VIDEO_JS)
        await play.page.goto(serving.url)
        if mode.waits_for_click:
            await play.page.locator(PLAY_BUTTON).click()
        try:
            await play.probe.until_playing()
        except AssertionError as error:
            raise NoPicture(f"{error}\n{serving.log.read_text(errors='replace')[-LOG_TAIL:]}") from error
        return await measure(play, stream, serving.groups, seed=seed, colorspace=Colorspace.ITU709)
