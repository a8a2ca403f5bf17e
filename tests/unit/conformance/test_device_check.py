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
from render_node.session.core.title_end import TitleEnd
from wire.errors import Reason
from wire.input_events import Key, Payload, ReleaseAll
from wire.title_check import Finding, Outcome


class Title:
    """Draws by its clock and by what was pressed; subclasses say how."""

    def __init__(self, start_s: float) -> None:
        self.presses = 0
        self.clock_s = start_s

    @property
    def crashed(self) -> bool:
        """Whether it has ended."""
        return False

    def press(self) -> None:
        """Take a key."""
        self.presses += 1

    def level(self) -> float:
        """Return how bright a block is."""
        return 0.0

    def picture(self) -> Grid:
        shown = np.full((ROWS, COLUMNS, 3), 40.0, np.float32)
        shown[10:20, 10:20] = 60.0 + self.level() % 180.0
        return shown


class Crashes(Title):
    @property
    def crashed(self) -> bool:
        return self.presses > 0


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


class Serves(Title):
    """Stands still with a few words until a ball is served, once; then it breaks more and more."""

    def picture(self) -> Grid:
        shown = super().picture()
        if self.presses == 0:
            self._served_s = self.clock_s
            shown[25, 20:40] = 180.0
            return shown
        flown = int((self.clock_s - self._served_s) * GRIDS_PER_S)
        shown[30, (20 + flown) % COLUMNS] = 220.0
        shown[:6, : 4 * (flown // 8)] = 200.0
        return shown


class NewPictures(Title):
    """Shows another picture every second."""

    def level(self) -> float:
        return 37.0 * int(self.clock_s)


class MovesOnce(Title):
    """Moves everywhere, and goes on from its first screen when a key is pressed."""

    def picture(self) -> Grid:
        among = np.random.default_rng(int(self.clock_s * GRIDS_PER_S)).uniform(0, 60, (ROWS, COLUMNS, 3))
        return (among + 150.0 * (self.presses > 0)).astype(np.float32)


class RestlessWater(Title):
    """An attract mode on water that moves everywhere; takes no notice of anything."""

    def __init__(self, start_s: float) -> None:
        super().__init__(start_s)
        chance = np.random.default_rng()
        self._phase = chance.uniform(0, 2 * np.pi, (2, ROWS, COLUMNS))
        self._speed = chance.uniform(1.5, 4.0, (2, ROWS, COLUMNS))
        self._tour = chance.uniform(0, 2 * np.pi, 4)

    def picture(self) -> Grid:
        waves = np.sin(self._speed * self.clock_s + self._phase).sum(axis=0)
        shown = np.repeat((80.0 + 12.0 * waves)[:, :, None], 3, axis=2).astype(np.float32)
        for across, down in (self._tour[:2], self._tour[2:]):
            row = int((0.5 + 0.4 * np.sin(2.1 * self.clock_s + down)) * ROWS)
            column = int((0.5 + 0.45 * np.sin(1.3 * self.clock_s + across)) * COLUMNS)
            shown[row : row + 3, column : column + 3] = 220.0
        return shown


class SeatOnWater(RestlessWater):
    """A key takes a seat, once: a few words appear. Nothing comes of further ones."""

    def picture(self) -> Grid:
        shown = super().picture()
        if self.presses:
            shown[24:26, 14:24] += 60.0
        return shown


class MatchOnWater(SeatOnWater):
    """The second press begins the match, in which a press charges a pulse that must then rest."""

    REST_S, SHOWN_S = 0.7, 0.4

    def __init__(self, start_s: float) -> None:
        super().__init__(start_s)
        self._charged_s = -self.REST_S

    def press(self) -> None:
        super().press()
        if self.presses > 2 and self.clock_s - self._charged_s > self.REST_S:
            self._charged_s = self.clock_s

    def picture(self) -> Grid:
        shown = super().picture() if self.presses < 2 else RestlessWater.picture(self)
        if self.clock_s - self._charged_s < self.SHOWN_S:
            shown[14:20, 6:12] += 50.0
        return shown


class VirtualStage:
    """A title and a clock that goes when somebody waits."""

    last_words, first_frame_s = "", 0.1

    def __init__(self, title: Title, clock: SimpleNamespace) -> None:
        self._title, self._clock = title, clock
        self._pile: list[Grid] | None = None

    @property
    def end(self) -> TitleEnd | None:
        return TitleEnd(Reason.TITLE_CRASHED, "", 0) if self._title.crashed else None

    def send(self, *payloads: Payload) -> None:
        if any(isinstance(each, Key) and each.down for each in payloads):
            self._title.press()
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

    wait_drawn = wait


async def tried(title: type[Title], monkeypatch: pytest.MonkeyPatch, seed: int, anew: type[Title]) -> Finding:
    clock = SimpleNamespace(now_s=0.0)
    random.seed(seed)
    monkeypatch.setattr(device_check, "time", SimpleNamespace(monotonic=lambda: clock.now_s))

    @contextlib.asynccontextmanager
    async def fresh_run() -> AsyncIterator[Stage]:
        yield cast("Stage", VirtualStage(anew(0.2), clock))

    stage = cast("Stage", VirtualStage(title(0.2), clock))
    return await check_device(stage, fresh_run, "keyboard", "keyboard", CheckPlan())


async def answers(title: type[Title], monkeypatch: pytest.MonkeyPatch, seed: int) -> bool:
    return (await tried(title, monkeypatch, seed, title)).outcome is Outcome.PASSED


@pytest.mark.parametrize("title", [Answers, AnswersOnce, MovesOnce, Serves, SeatOnWater, MatchOnWater])
async def test_what_comes_of_input_is_an_answer(title: type[Title], monkeypatch: pytest.MonkeyPatch) -> None:
    assert all([await answers(title, monkeypatch, seed) for seed in range(3)])


@pytest.mark.parametrize("title", [Title, ChangesOnce, NewPictures, RestlessWater])
async def test_what_a_picture_does_by_itself_is_none(title: type[Title], monkeypatch: pytest.MonkeyPatch) -> None:
    assert not any([await answers(title, monkeypatch, seed) for seed in range(4)])


@pytest.mark.parametrize("title", [Crashes, Title])
async def test_a_title_that_ends_at_a_key_is_said_to_in_whichever_run(
    title: type[Title], monkeypatch: pytest.MonkeyPatch
) -> None:
    finding = await tried(title, monkeypatch, 1, Crashes)
    assert finding.outcome is Outcome.FAILED
    assert finding.words == "ended while the keyboard was tried (title_crashed)"
