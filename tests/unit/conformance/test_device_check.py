"""Which pictures count as an answer to a device, on a stage in virtual time."""

from __future__ import annotations

import contextlib
import random
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from render_node.conformance import device_check
from render_node.conformance.device_check import check_device
from render_node.conformance.motion import COLUMNS, ROWS, Grid
from render_node.conformance.plan import CheckPlan
from render_node.conformance.stage import GRIDS_PER_S, Stage
from wire.input_events import Key, Payload, ReleaseAll
from wire.title_check import Outcome


class Title:
    """Draws by its clock and by what was pressed; subclasses say how."""

    def __init__(self, start_s: float) -> None:
        self.presses = 0
        self.clock_s = start_s

    def level(self) -> float:
        """Return how bright a block is."""
        return 0.0

    def picture(self) -> Grid:
        shown = np.full((ROWS, COLUMNS, 3), 40.0, np.float32)
        shown[10:20, 10:20] = 60.0 + self.level() % 180.0
        return shown


class Answers(Title):
    def level(self) -> float:
        return 40.0 * self.presses


class AnswersOnce(Title):
    def level(self) -> float:
        return 120.0 * (self.presses > 0)


class ChangesOnce(Title):
    """Goes on from its first screen by itself."""

    def level(self) -> float:
        return 120.0 * (self.clock_s > 3.4)


class NewPictures(Title):
    """Shows another picture every second."""

    def level(self) -> float:
        return 37.0 * int(self.clock_s)


class MovesOnce(Title):
    """Moves everywhere, and goes on from its first screen when a key is pressed."""

    def picture(self) -> Grid:
        among = np.random.default_rng(int(self.clock_s * GRIDS_PER_S)).uniform(0, 60, (ROWS, COLUMNS, 3))
        return (among + 150.0 * (self.presses > 0)).astype(np.float32)


class VirtualStage:
    """A title and a clock that goes when somebody waits."""

    end, last_words, first_frame_s = None, "", 0.1

    def __init__(self, title: Title, clock: SimpleNamespace) -> None:
        self._title, self._clock = title, clock
        self._pile: list[Grid] | None = None

    def send(self, *payloads: Payload) -> None:
        self._title.presses += any(isinstance(each, Key) and each.down for each in payloads)
        assert all(isinstance(each, Key | ReleaseAll) for each in payloads)

    def look(self) -> Grid:
        return self._title.picture()

    def pile(self, grids: list[Grid] | None) -> None:
        self._pile = grids

    async def until(self, holds: object, within_s: float) -> bool:
        return True

    async def wait(self, seconds: float) -> bool:
        left_s = seconds
        while left_s > 1e-9:
            step_s = min(left_s, 1 / GRIDS_PER_S)
            left_s -= step_s
            self._clock.now_s += step_s
            self._title.clock_s += step_s
            if self._pile is not None:
                self._pile.append(self.look())
        return True


async def answers(title: type[Title], monkeypatch: pytest.MonkeyPatch, seed: int = 1) -> bool:
    clock = SimpleNamespace(now_s=0.0)
    random.seed(seed)
    monkeypatch.setattr(device_check, "time", SimpleNamespace(monotonic=lambda: clock.now_s))

    def stage() -> Stage:
        return cast("Stage", VirtualStage(title(0.2), clock))

    @contextlib.asynccontextmanager
    async def again() -> AsyncIterator[Stage]:
        yield stage()

    finding = await check_device(stage(), again, "keyboard", "keyboard", CheckPlan())
    return finding.outcome is Outcome.PASSED


@pytest.mark.parametrize("title", [Answers, AnswersOnce, MovesOnce])
async def test_what_comes_of_input_is_an_answer(title: type[Title], monkeypatch: pytest.MonkeyPatch) -> None:
    assert all([await answers(title, monkeypatch, seed) for seed in range(5)])


@pytest.mark.parametrize("title", [Title, ChangesOnce, NewPictures])
async def test_what_a_picture_does_by_itself_is_none(title: type[Title], monkeypatch: pytest.MonkeyPatch) -> None:
    assert not any([await answers(title, monkeypatch, seed) for seed in range(10)])
