"""What a ``title.toml`` tells players of a title: the library, the legend of controls, touch layout, absence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wire.manifest_reader import ManifestReader

DEVICES = ("keyboard", "mouse", "touch", "pad")
TOUCH_MODES = ("pointer", "pad")
PAD_CONTROLS = (
    "left_stick", "right_stick", "dpad", "a", "b", "x", "y", "l1", "r1", "l2", "r2", "start", "select",
)  # fmt: skip
CONTROLS_MAX = 16
ARTWORK_SUFFIXES = (".png", ".jpg", ".webp")
AFK_MIN_S, AFK_MAX_S = 10, 24 * 3600
"""Bounds of both limits of absence, for titles and operators alike."""

ABOUT_FIELDS = {"summary", "artwork", "devices", "controls", "touch", "afk", "needs"}
"""Fields of ``title.toml`` that this module reads."""


@dataclass(frozen=True, slots=True)
class Control:
    """A line of the legend; each text by language."""

    action: Mapping[str, str]
    by_device: Mapping[str, Mapping[str, str]]
    """What to use on each device, such as ``{"keyboard": {"en": "Arrow keys"}}``."""


@dataclass(frozen=True, slots=True)
class TitleAbout:
    """All of it has defaults: a title without a word about itself can be played."""

    summary: Mapping[str, str] = field(default_factory=dict)
    """One line by language."""
    artwork: str = ""
    """Picture for the library, 16:9, a POSIX path inside the title's folder; empty if there is none."""
    devices: tuple[str, ...] = ("keyboard", "mouse")
    """Any one of these is enough to play, except that keyboard and mouse belong together if both are named."""
    controls: tuple[Control, ...] = ()
    touch_mode: str = "pointer"
    """What fingers are on a touch screen: ``pointer``, or ``pad`` with controls drawn over the picture."""
    touch_controls: tuple[str, ...] = ("left_stick", "a", "b")
    """Parts of the pad that are drawn, where the mode is ``pad``."""
    afk_pause_s: int = 600
    """Seconds without input after which the title is paused; the player is warned before."""
    afk_end_s: int = 1800
    """Seconds of pause after which the session ends."""
    memory_mib: int = 256
    """Memory that it needs."""
    gpu: bool = False
    """It needs a GPU."""


def read_about(read: ManifestReader, body: Mapping[str, Any]) -> TitleAbout:
    """Return what the manifest says; faults go to the reader."""
    touch, afk, needs = read.table(body, "touch"), read.table(body, "afk"), read.table(body, "needs")
    read.fields(touch, {"mode", "controls"}, "touch.")
    read.fields(afk, {"pause_s", "end_s"}, "afk.")
    read.fields(needs, {"memory_mib", "gpu"}, "needs.")
    gpu = needs.get("gpu", False)
    if not isinstance(gpu, bool):
        read.faults.append("needs.gpu must be true or false")
    return TitleAbout(
        summary=read.words(body, "summary", max_len=160),
        artwork=read.path(body, "artwork", suffixes=ARTWORK_SUFFIXES) if "artwork" in body else "",
        devices=read.choices(body, "devices", "", DEVICES, ("keyboard", "mouse")),
        controls=_controls(read, body),
        touch_mode=read.choice(touch, "mode", "touch.", TOUCH_MODES, "pointer"),
        touch_controls=read.choices(touch, "controls", "touch.", PAD_CONTROLS, ("left_stick", "a", "b")),
        afk_pause_s=read.number(afk, "pause_s", "afk.", AFK_MIN_S, AFK_MAX_S, 600),
        afk_end_s=read.number(afk, "end_s", "afk.", AFK_MIN_S, AFK_MAX_S, 1800),
        memory_mib=read.number(needs, "memory_mib", "needs.", 1, 2**20, 256),
        gpu=gpu is True,
    )


def _controls(read: ManifestReader, body: Mapping[str, Any]) -> tuple[Control, ...]:
    value = body.get("controls", [])
    if not isinstance(value, list) or len(value) > CONTROLS_MAX or not all(isinstance(row, dict) for row in value):
        read.faults.append(f"controls must be at most {CONTROLS_MAX} tables, each written as [[controls]]")
        return ()
    rows = []
    for index, row in enumerate(value):
        where = f"controls[{index}]."
        read.fields(row, {"action", *DEVICES}, where)
        if "action" not in row:
            read.faults.append(f"{where}action is missing")
        by_device = {device: read.words(row, device, where, max_len=40) for device in DEVICES if device in row}
        rows.append(Control(read.words(row, "action", where, max_len=60), by_device))
    return tuple(rows)
