import json
from pathlib import Path

import numpy as np
import pytest

from games.embertide.duel import records, synth
from games.embertide.duel.arena import Side
from games.embertide.duel.lobby import IDLE_STEPS, Joined, Lobby
from games.embertide.duel.records import Records


def test_devices_sit_down_where_they_wish_if_it_is_free() -> None:
    lobby = Lobby()
    assert lobby.press("keys", Side.TIDE) is Joined.SEATED
    assert lobby.press("keys", Side.TIDE) is Joined.READY
    assert lobby.press("pad", Side.TIDE) is Joined.SEATED
    assert (lobby.device(Side.EMBER), lobby.device(Side.TIDE)) == ("pad", "keys")
    assert lobby.press("late", Side.EMBER) is Joined.FULL
    assert lobby.leave("keys") is Side.TIDE
    assert lobby.leave("keys") is None
    assert lobby.press("late", Side.EMBER) is Joined.SEATED
    assert lobby.side_of("late") is Side.TIDE


def test_the_computers_level_is_chosen_only_where_it_plays() -> None:
    lobby = Lobby()
    lobby.press("a", Side.EMBER)
    for _ in range(5):
        lobby.change_level(1)
    assert lobby.level == 2
    lobby.press("b", Side.TIDE)
    lobby.change_level(-1)
    assert lobby.level == 2


def test_a_player_who_is_gone_gives_way_but_a_lone_one_may_rest() -> None:
    lobby = Lobby()
    lobby.press("a", Side.EMBER)
    assert not any(lobby.count_idle(Side.EMBER, False) for _ in range(IDLE_STEPS * 2))
    lobby.press("b", Side.TIDE)
    assert lobby.count_idle(Side.EMBER, True) is False
    assert [lobby.count_idle(Side.TIDE, False) for _ in range(IDLE_STEPS)].count(True) == 1
    assert lobby.device(Side.TIDE) is None
    assert lobby.device(Side.EMBER) == "a"


def test_records_survive_and_streaks_break(tmp_path: Path) -> None:
    kept = Records(longest_rally=7)
    kept.won(1)
    kept.won(2)
    kept.lost()
    assert records.store(tmp_path / "new", kept)
    assert records.load(tmp_path / "new") == Records(
        wins_over_keen=1, wins_over_fierce=1, best_streak=2, longest_rally=7
    )
    assert [path.name for path in (tmp_path / "new").iterdir()] == [records.FILE_NAME]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"streak": "9"}', '{"streak": -4}', '{"streak": true}', "[" * 50_000, "\0\xff"]
)
def test_a_damaged_file_counts_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / records.FILE_NAME).write_text(text)
    assert records.load(tmp_path) == Records()


def test_what_is_readable_of_a_file_is_kept(tmp_path: Path) -> None:
    (tmp_path / records.FILE_NAME).write_text(json.dumps({"matches": 3, "streak": None, "other": 1}))
    assert records.load(tmp_path) == Records(matches=3)
    assert records.store(tmp_path / records.FILE_NAME, Records()) is False


def test_sounds_are_heard_and_never_clip_hard() -> None:
    for name, make in synth.effects().items():
        wave = make()
        assert 0.05 < np.max(np.abs(wave)) < 1.9, name
        assert abs(wave[-1]) < 0.05, name
    bars = list(synth.music())
    assert len({len(bar) for bar in bars}) == 1
    assert all(0.05 < np.max(np.abs(bar)) < 1.0 for bar in bars)
