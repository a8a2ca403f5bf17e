"""What is kept between sessions: the strokes that each solved level took, and where the player was."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from .levels import LEVELS_PER_POND, PONDS

FILE_NAME = "lanternpond.json"


@dataclass
class Progress:
    """Solved levels by ``(pond, number)``."""

    strokes: dict[tuple[int, int], int] = field(default_factory=dict)
    perfect: set[tuple[int, int]] = field(default_factory=set)
    last: tuple[int, int] = (0, 0)
    """The level that was played last."""

    def solve(self, pond: int, number: int, strokes: int, *, perfect: bool) -> None:
        """A level was solved; the best counts."""
        key = (pond, number)
        self.strokes[key] = min(strokes, self.strokes.get(key, strokes))
        if perfect:
            self.perfect.add(key)

    def solved_in(self, pond: int) -> int:
        """How many levels of a pond are solved."""
        return sum(where == pond for where, _ in self.strokes)

    def next_unsolved(self) -> tuple[int, int]:
        """The first level from the last one on that is not solved; the last one if all are."""
        every = [(pond, number) for pond in range(len(PONDS)) for number in range(LEVELS_PER_POND)]
        begin = every.index(self.last)
        return next((key for key in every[begin:] + every[:begin] if key not in self.strokes), self.last)


def folder() -> Path:
    """Return where saves go: the session's own place, else the user's data folder."""
    given = os.environ.get("FARPLAY_SAVE_DIR")
    if given:
        return Path(given)
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(data) if data else Path.home() / ".local" / "share") / "lanternpond"


def load(directory: Path) -> Progress:
    """Read the progress; what is missing or damaged counts as not played."""
    try:
        raw = json.loads((directory / FILE_NAME).read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return Progress()
    if not isinstance(raw, dict):
        return Progress()
    solved = raw.get("solved")
    progress = Progress(last=_key(raw.get("last")) or (0, 0))
    for text, strokes in solved.items() if isinstance(solved, dict) else ():
        key = _key(text)
        if key is not None and type(strokes) is int and strokes > 0:
            progress.strokes[key] = strokes
    perfect = raw.get("perfect")
    for text in perfect if isinstance(perfect, list) else ():
        key = _key(text)
        if key in progress.strokes and key is not None:
            progress.perfect.add(key)
    return progress


def store(directory: Path, progress: Progress) -> bool:
    """Write the progress such that a crash leaves the old or the new one; return False if the disk refuses."""
    body = {
        "last": _text(progress.last),
        "solved": {_text(key): strokes for key, strokes in sorted(progress.strokes.items())},
        "perfect": [_text(key) for key in sorted(progress.perfect)],
    }
    part = directory / (FILE_NAME + ".part")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with part.open("w", encoding="utf-8") as file:
            json.dump(body, file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(directory / FILE_NAME)
    except OSError:
        return False
    return True


def _text(key: tuple[int, int]) -> str:
    return f"{key[0]}-{key[1]}"


def _key(text: object) -> tuple[int, int] | None:
    """Read ``pond-number``; None if there is no such level."""
    pond, _, number = text.partition("-") if isinstance(text, str) else ("", "", "")
    if not (pond.isascii() and pond.isdigit() and number.isascii() and number.isdigit()):
        return None
    if len(pond) > 2 or len(number) > 2:
        return None
    key = (int(pond), int(number))
    return key if key[0] < len(PONDS) and key[1] < LEVELS_PER_POND else None
