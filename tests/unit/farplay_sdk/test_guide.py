"""The guide's own game: what it shows runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from farplay_sdk.input_log import InputLog
from farplay_sdk.replay import replay_program
from wire.title_manifest import parse_manifest

GUIDE = (Path(__file__).resolve().parents[3] / "docs" / "sdk.md").read_text("utf-8")


def block(language: str) -> str:
    """Return the guide's first block of a language."""
    found = re.search(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_game_in_five_minutes_is_a_title(tmp_path: Path) -> None:
    assert parse_manifest(block("toml")).kind == "sdk"
    (tmp_path / "main.py").write_text(block("python"), "utf-8")
    log = InputLog(seed=2)
    log.note([(0, "key", 80, 1)])
    for _ in range(40):
        log.note([])
    machine = replay_program(tmp_path / "main.py", log)
    frame = np.zeros((360, 640, 3), np.uint8)
    machine.title.draw(frame)
    assert (frame[350, 115:125] == (120, 220, 255)).all(), "the player went left"
    assert (frame == (230, 90, 60)).all(axis=2).any(), "stones fall"
