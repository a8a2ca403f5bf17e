"""Is a state the same after it was loaded? And what a title leaves as the result is not believed unread."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from render_node.title.state_trial import TRIAL_FILE, StateTrial, TrialUnreadable, try_state


class Game:
    """Counts; ``hidden`` is what the state may leave out."""

    def __init__(self) -> None:
        self.count, self.hidden = 5, 1

    def tick(self) -> None:
        self.count += self.hidden

    def save(self) -> bytes:
        return str(self.count).encode()

    def load(self, state: bytes) -> None:
        self.count = int(state)

    def refuse(self, state: bytes) -> None:
        raise ValueError("of another version")

    def load_half(self, state: bytes) -> None:
        self.count = int(state) - 1

    def load_hidden(self, state: bytes) -> None:
        self.count, self.hidden = int(state), 2


def trial(load: Callable[[Game, bytes], None]) -> StateTrial:
    game = Game()
    return try_state(game.save, lambda state: load(game, state), game.tick)


def test_a_state_that_is_whole_is_equal_at_once_and_later() -> None:
    tried = trial(Game.load)
    assert tried.saved == tried.loaded != ""
    assert tried.went_on == tried.played_on != tried.saved


def test_what_is_not_restored_or_not_in_the_state_shows() -> None:
    half, hidden = trial(Game.load_half), trial(Game.load_hidden)
    assert half.loaded != half.saved
    assert (hidden.loaded == hidden.saved, hidden.played_on == hidden.went_on) == (True, False)
    assert trial(Game.refuse).fault == "of another version"
    game = Game()
    assert try_state(lambda: None, game.load, game.tick) == StateTrial()


def test_a_result_is_read_as_it_was_written(tmp_path: Path) -> None:
    tried = StateTrial("a", "b", "c", "d", "x" * 5000)
    tried.write(tmp_path)
    found = StateTrial.read(tmp_path)
    assert (found.saved, found.played_on, found.fault) == ("a", "d", "x" * 1000)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}x", '{"saved": 1}', '{"other": ""}', "[" * 100_000, "\x00", '{"saved"']
)
def test_nonsense_is_no_result(tmp_path: Path, text: str) -> None:
    (tmp_path / TRIAL_FILE).write_text(text)
    with pytest.raises(TrialUnreadable):
        StateTrial.read(tmp_path)


def test_links_and_pipes_are_not_followed_nor_waited_for(tmp_path: Path) -> None:
    StateTrial("a").write(tmp_path)
    (tmp_path / TRIAL_FILE).rename(tmp_path / "elsewhere")
    with pytest.raises(TrialUnreadable):
        StateTrial.read(tmp_path)
    (tmp_path / TRIAL_FILE).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(TrialUnreadable):
        StateTrial.read(tmp_path)
    (tmp_path / TRIAL_FILE).unlink()
    os.mkfifo(tmp_path / TRIAL_FILE)
    with pytest.raises(TrialUnreadable):
        StateTrial.read(tmp_path)
