"""The best scores, how far the player came, and whether sound is on: a small file that survives anything in it."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

KEPT = 5
FILE_NAME = "cinderwake.json"
SCORE_MAX = 10**12
SECTOR_MAX = 99


@dataclass
class Records:
    """What is remembered from run to run."""

    scores: list[int] = field(default_factory=list)
    """Highest first, at most ``KEPT``."""
    sector: int = 0
    """Furthest sector that was reached, from 0."""
    sound: bool = True

    def enter(self, score: int, sector: int) -> int | None:
        """Add a run; return its place among the best, from 0, if it is one of them."""
        self.sector = max(self.sector, min(sector, SECTOR_MAX))
        if score <= 0:
            return None
        place = sum(other >= score for other in self.scores)
        self.scores.insert(place, min(score, SCORE_MAX))
        del self.scores[KEPT:]
        return place if place < KEPT else None


def save_folder(environment: Mapping[str, str]) -> Path:
    """Return where saves belong: the launcher's folder, else the user's own."""
    if environment.get("FARPLAY_SAVE_DIR"):
        return Path(environment["FARPLAY_SAVE_DIR"])
    data = environment.get("XDG_DATA_HOME")
    return (Path(data) if data else Path.home() / ".local" / "share") / "cinderwake"


def load(folder: Path) -> Records:
    """Read the records; what is missing or makes no sense is as if it had never been."""
    try:
        body = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return Records()
    return parse(body)


def parse(body: Any) -> Records:
    """Take from a file's content what makes sense."""
    if not isinstance(body, dict):
        return Records()
    records = Records()
    scores, sector = body.get("scores"), body.get("sector")
    if isinstance(scores, list):
        good = [score for score in scores if type(score) is int and 0 < score <= SCORE_MAX]
        records.scores = sorted(good, reverse=True)[:KEPT]
    if type(sector) is int and 0 <= sector <= SECTOR_MAX:
        records.sector = sector
    records.sound = body.get("sound") is not False
    return records


def save(folder: Path, records: Records) -> None:
    """Write the records so that the file is always whole; without room or right to write, nothing happens."""
    text = json.dumps({"scores": records.scores, "sector": records.sector, "sound": records.sound})
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        descriptor, draft = tempfile.mkstemp(dir=folder, prefix=FILE_NAME)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, folder / FILE_NAME)
        except OSError:
            os.unlink(draft)
            raise
