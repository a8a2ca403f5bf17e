"""What a check keeps of the pictures of a title that draws only when something has changed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

from render_node.conformance.device_check import play
from render_node.conformance.motion import Grid, Watch
from render_node.conformance.stage import Stage
from render_node.session.io.title_process import TitleProcess
from wire.input_events import Payload


class StillTitle:
    """Shows one colour until it is asked for another."""

    def __init__(self) -> None:
        self.level = 40
        self.taken = False

    def take_frame(self) -> SimpleNamespace:
        assert not self.taken
        self.taken = True
        pixels = memoryview(bytes([self.level]) * (64 * 36 * 4))
        return SimpleNamespace(pixels=pixels, width=64, height=36, flips=1, tick_us=0)

    def release_frame(self) -> None:
        self.taken = False


def test_the_picture_that_is_shown_counts_though_no_new_one_comes() -> None:
    stage, title, watch = Stage(), StillTitle(), Watch(1.0)
    stage.process = cast("TitleProcess", title)
    for grids in (watch.first, watch.second):
        stage.pile(grids)
        assert len(grids) == 1
    stage.pile(watch.under_input)
    assert not watch.left_range(0.5)
    title.level = 90
    stage.on_frame()
    assert watch.left_range(0.5), "one new picture is an answer of a title that stood still"
    kept: list[Grid] = watch.under_input
    stage.pile(None)
    title.level = 10
    stage.on_frame()
    assert len(kept) == 2


class Listened:
    """A stage whose title sounds once it was played for long enough."""

    def __init__(self, sounds_after: int) -> None:
        self.end, self.sent, self._sounds_after = None, 0, sounds_after

    @property
    def heard(self) -> bool:
        return self.sent >= self._sounds_after

    def send(self, *payloads: Payload) -> None:
        self.sent += len(payloads)

    async def wait(self, seconds: float) -> bool:
        return True


async def test_a_title_is_played_on_until_it_is_heard_and_no_longer_than_planned() -> None:
    late, silent = Listened(30), Listened(10**9)
    await play(cast("Stage", late), "keyboard", 30.0, until_heard=True)
    assert late.sent == 30
    await play(cast("Stage", silent), "keyboard", 0.0, until_heard=True)
    assert silent.sent == 0
