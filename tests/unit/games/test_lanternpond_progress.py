import json
from pathlib import Path

import numpy as np
import pytest

from games.lanternpond.pond import progress, synth
from games.lanternpond.pond.levels import LEVELS_PER_POND, PONDS
from games.lanternpond.pond.progress import Progress


def test_the_best_is_kept_and_survives(tmp_path: Path) -> None:
    kept = Progress()
    kept.solve(1, 3, 9, perfect=False)
    kept.solve(1, 3, 6, perfect=True)
    kept.solve(1, 3, 11, perfect=False)
    kept.last = (1, 3)
    assert progress.store(tmp_path / "new", kept)
    loaded = progress.load(tmp_path / "new")
    assert loaded == kept
    assert loaded.strokes == {(1, 3): 6}
    assert loaded.perfect == {(1, 3)}
    assert (loaded.solved_in(1), loaded.solved_in(0)) == (1, 0)
    assert [path.name for path in (tmp_path / "new").iterdir()] == [progress.FILE_NAME]


def test_play_goes_on_at_the_next_level_that_is_not_solved() -> None:
    kept = Progress(last=(0, 22))
    kept.solve(0, 22, 5, perfect=False)
    assert kept.next_unsolved() == (0, 23)
    kept.solve(0, 23, 5, perfect=False)
    assert kept.next_unsolved() == (1, 0)
    for pond in range(len(PONDS)):
        for number in range(LEVELS_PER_POND):
            kept.solve(pond, number, 5, perfect=False)
    assert kept.next_unsolved() == kept.last


@pytest.mark.parametrize(
    "body",
    [
        "", "[]", "7", "{", "[" * 50_000, '{"solved": [], "perfect": {}, "last": 4}',
        '{"solved": {"9-0": 3, "0-99": 3, "0-1": "x", "0-2": -1, "0-3": true, "x": 1, "٣-1": 2, "0-": 1}}',
        '{"perfect": ["0-0", 4, null], "last": "000000000000-1"}',
    ],
    ids=range(8),
)  # fmt: skip
def test_what_is_damaged_counts_as_not_played(tmp_path: Path, body: str) -> None:
    (tmp_path / progress.FILE_NAME).write_text(body, "utf-8")
    assert progress.load(tmp_path) == Progress()


def test_what_is_whole_of_a_damaged_file_is_kept(tmp_path: Path) -> None:
    body = {"solved": {"0-1": 5, "7-7": 2}, "perfect": ["0-1", "0-2"], "last": "0-1"}
    (tmp_path / progress.FILE_NAME).write_text(json.dumps(body))
    assert progress.load(tmp_path) == Progress({(0, 1): 5}, {(0, 1)}, (0, 1))
    assert progress.store(tmp_path / progress.FILE_NAME, Progress()) is False


def test_sounds_are_heard_and_never_clip_hard() -> None:
    for name, make in synth.effects().items():
        wave = make()
        assert 0.05 < np.max(np.abs(wave)) < 1.4, name
        assert abs(wave[-1]) < 0.05, name
    bars = list(synth.music())
    assert len({len(bar) for bar in bars}) == 1
    assert all(0.05 < np.max(np.abs(bar)) < 1.0 for bar in bars)
