"""Does a title go on from a saved state as if it had never been away? Tried at the end of a run, for checks.

What was saved is loaded, and both games go on for some ticks without input: the one that saved and the one that
loaded. Their states must be equal at once, or something was not restored, and still be equal afterwards, or something
that the game goes by is not in the state.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path

TICKS = 120
TRIAL_FILE = "state-trial.json"
"""Where the result lies, in the save folder."""
TRIAL_MAX_BYTES = 64 * 1024
FAULT_MAX_CHARS = 1000


class TrialUnreadable(Exception):
    """A title's run left no result of its trial."""


@dataclass(frozen=True, slots=True)
class StateTrial:
    """The result; digests are SHA-256."""

    saved: str = ""
    """Of the state that was saved; empty for a title that keeps none."""
    loaded: str = ""
    """Of what was saved again just after it was loaded."""
    went_on: str = ""
    """Of the game that saved, some ticks later."""
    played_on: str = ""
    """Of the game that loaded, as many ticks later."""
    fault: str = ""
    """Why the state could not be loaded."""

    def write(self, folder: Path) -> None:
        """Leave the result in a save folder."""
        told = replace(self, fault=self.fault[:FAULT_MAX_CHARS])
        (folder / TRIAL_FILE).write_text(json.dumps(asdict(told)), "utf-8")

    @classmethod
    def read(cls, folder: Path) -> StateTrial:
        """Return what a title's run left; the title may have written anything there.

        Raises:
            TrialUnreadable: there is none, or it is none.
        """
        try:
            # A link or a pipe in its place leads nowhere and is not waited for.
            file = os.open(folder / TRIAL_FILE, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with open(file, "rb") as opened:
                trial = cls(**json.loads(opened.read(TRIAL_MAX_BYTES)))
        except (OSError, ValueError, TypeError, RecursionError) as error:
            raise TrialUnreadable(str(error)) from error
        if not all(isinstance(each, str) for each in asdict(trial).values()):
            raise TrialUnreadable("not text")
        return trial


def try_state(
    save: Callable[[], bytes | None], load: Callable[[bytes], None], run_tick: Callable[[], object]
) -> StateTrial:
    """Save, load, and compare.

    Args:
        save: Returns the state; None if there is none.
        load: Goes on from a state.
        run_tick: Runs one tick without input.

    Raises:
        Exception: whatever the title raises, but for ``ValueError`` from ``load``.
    """
    saved = save()
    if saved is None:
        return StateTrial()
    went_on = _after_ticks(save, run_tick)
    try:
        load(saved)
    except ValueError as error:
        return StateTrial(_digest(saved), went_on=went_on, fault=str(error) or "it does not say why")
    return StateTrial(_digest(saved), _digest(save()), went_on, _after_ticks(save, run_tick))


def _after_ticks(save: Callable[[], bytes | None], run_tick: Callable[[], object]) -> str:
    for _ in range(TICKS):
        run_tick()
    return _digest(save())


def _digest(state: bytes | None) -> str:
    return "" if state is None else sha256(state).hexdigest()
