"""What a check keeps of the pictures of a title that draws only when something has changed."""

from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace
from typing import cast

import pytest

from render_node.conformance import stage as stage_module
from render_node.conformance.device_check import play
from render_node.conformance.motion import Grid, Watch
from render_node.conformance.stage import Stage
from render_node.session.io.title_process import TitleProcess
from wire.input_events import Payload, ReleaseAll


class StillTitle:
    """Shows one colour until it is asked for another."""

    def __init__(self) -> None:
        self.level = 40
        self.taken = False
        self.has_read_all = True
        self.applied_seq = 0

    def take_frame(self) -> SimpleNamespace:
        assert not self.taken
        self.taken = True
        pixels = memoryview(bytes([self.level]) * (64 * 36 * 4))
        return SimpleNamespace(pixels=pixels, width=64, height=36, flips=1, tick_us=0, input_seq=self.applied_seq)

    def send_input(self, event: object) -> None:
        pass

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


def on_stage(title: StillTitle) -> Stage:
    stage = Stage()
    stage.process = cast("TitleProcess", title)
    return stage


async def test_a_title_that_is_held_up_is_waited_for_until_it_has_drawn_with_its_input() -> None:
    title = StillTitle()
    stage = on_stage(title)
    stage.send(ReleaseAll())

    async def draw_late() -> None:
        stage.on_frame()
        await asyncio.sleep(0)
        assert not waiting.done(), "that picture was drawn before the event"
        title.applied_seq = 1
        stage.on_frame()

    waiting = asyncio.create_task(stage.wait_drawn(0.0))
    await asyncio.sleep(0)
    await draw_late()
    await waiting
    assert title.applied_seq == 1


async def test_a_picture_that_stands_still_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage_module, "STILL_S", 0.0)
    stage = on_stage(StillTitle())
    stage.send(ReleaseAll())
    await stage.wait_drawn(0.0)


async def test_a_title_that_reads_nothing_is_waited_for_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stage_module, "STILL_S", 0.0)
    monkeypatch.setattr(stage_module, "HELD_UP_S", 0.03)
    title = StillTitle()
    title.has_read_all = False
    stage, began_s = on_stage(title), time.monotonic()
    await stage.wait_drawn(0.0)
    assert time.monotonic() - began_s >= 0.03
    began_s = time.monotonic()
    for _ in range(200):
        await stage.wait_drawn(0.0)
    assert time.monotonic() - began_s < 200 * 0.03, "it was waited for again"


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
