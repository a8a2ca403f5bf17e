"""What a page tells of its display and decoder, in Chromium."""

from __future__ import annotations

import pytest

from tests.support.farplay_process import FarplayProcess
from tests.support.player import OpenPlayer
from wire.frame_story import Display, decode_story

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

THREE_SECONDS = """async () => {
  const entry = document.querySelector("script[type=module]").src;
  const { ShownRateNews } = await import(new URL("io/shown_rate_news.js", entry).href);
  let [atMs, refreshes] = [0, 0];
  window.requestAnimationFrame = (call) => setTimeout(() => {
    refreshes += 1;
    call((atMs += 1000 / 144));
  });
  const told = [];
  const news = new ShownRateNews((story) => told.push([...story]));
  news.tell({ decoded_share: 1 });
  while (refreshes < 24) await new Promise((done) => setTimeout(done, 5));
  await new Promise((done) => setTimeout(done));
  news.tell({ decoded_share: 0.5 });
  news.tell({ decoded_share: 0.6 });
  Object.defineProperty(document, "hidden", { value: true });
  news.tell({ decoded_share: 0 });
  return told;
}"""


async def test_it_tells_the_displays_rate_and_what_it_decodes_unless_it_is_hidden(
    up: FarplayProcess, open_player: OpenPlayer
) -> None:
    async with open_player() as play:
        await play.page.goto(f"{up.url}/check")
        told = await play.page.evaluate(THREE_SECONDS)
    assert [decode_story(bytes(each)) for each in told] == [Display(144, 100), Display(144, 60)]
