"""What is kept between sessions: wins, streaks, the longest rally."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path

FILE_NAME = "embertide.json"


@dataclass
class Records:
    """Best so far; every number is 0 or more."""

    matches: int = 0
    wins_over_calm: int = 0
    wins_over_keen: int = 0
    wins_over_fierce: int = 0
    streak: int = 0
    """Matches won in a row against the computer."""
    best_streak: int = 0
    longest_rally: int = 0

    def won(self, level: int) -> None:
        """A lone player beat the computer at a level of ``rival.LEVELS``."""
        name = ("wins_over_calm", "wins_over_keen", "wins_over_fierce")[level]
        setattr(self, name, getattr(self, name) + 1)
        self.streak += 1
        self.best_streak = max(self.best_streak, self.streak)

    def lost(self) -> None:
        """A lone player was beaten."""
        self.streak = 0


def folder() -> Path:
    """Return where saves go: the session's own place, else the user's data folder."""
    given = os.environ.get("FARPLAY_SAVE_DIR")
    if given:
        return Path(given)
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(data) if data else Path.home() / ".local" / "share") / "embertide"


def load(directory: Path) -> Records:
    """Read the records; what is missing or damaged counts as 0."""
    try:
        raw = json.loads((directory / FILE_NAME).read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return Records()
    if not isinstance(raw, dict):
        return Records()
    known = {field.name: raw.get(field.name) for field in fields(Records)}
    return Records(**{name: value for name, value in known.items() if type(value) is int and value >= 0})


def store(directory: Path, records: Records) -> bool:
    """Write the records such that a crash leaves the old or the new ones; return False if the disk refuses."""
    part = directory / (FILE_NAME + ".part")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with part.open("w", encoding="utf-8") as file:
            json.dump(asdict(records), file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(directory / FILE_NAME)
    except OSError:
        return False
    return True
