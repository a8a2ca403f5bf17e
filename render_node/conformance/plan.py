"""How long a check takes and what it asks for; one object, made by the command line, or by a node."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from wire.sandbox import Profile


@dataclass(frozen=True, slots=True)
class CheckPlan:
    """One check of one title."""

    run: bool = True
    """Whether the title is run; its files are looked at in any case."""
    first_picture_s: float = 10.0
    """Seconds from the start to the first picture."""
    settle_s: float = 1.0
    """Seconds from there on in which a title may still load, before anything is measured."""
    measure_s: float = 3.0
    """Seconds over which frame rate and processor time are measured."""
    still_s: float = 1.2
    """Seconds for which the picture is watched without input, twice, before a device is tried."""
    react_s: float = 3.0
    """Seconds of input within which the picture must answer."""
    devices_at_once: int = 1
    """How many devices are tried at a time, each on a run of its own; a node has room for one beside its players."""
    listen_s: float = 5.0
    """Seconds for which a title that says it sounds, and that nobody has heard yet, is played on with each device."""
    quit_s: float = 2.0
    """Seconds that a title has to end when it is asked to, as in sessions."""
    frame_rate_share: float = 0.9
    """Share of its lowest frame rate that a title must hold."""
    cpu_margin_percent: int = 10
    """Points of processor time that a title may take beyond what it says."""
    state_s: float = 10.0
    """Seconds that a title with a state has, when it is asked to end, to save it, load it and play on from it."""
    sandbox: Profile | None = None
    """How the title is walled in; None takes ``userns`` where it works, else ``pod``."""
    screenshots: Path | None = None
    """Folder for pictures of each step; None takes none."""
