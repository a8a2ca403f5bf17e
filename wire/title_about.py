"""What a ``title.toml`` tells players of a title: the library, the legend of controls, touch layout, absence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wire.manifest_reader import toml
from wire.manifest_values import Choice, Choices, FilePath, Flag, Note, Text, Whole, Words
from wire.toml_lines import Path

DEVICES = ("keyboard", "mouse", "touch", "pad")
TOUCH_MODES = ("pointer", "pad")
PAD_CONTROLS = (
    "left_stick", "right_stick", "dpad", "a", "b", "x", "y", "l1", "r1", "l2", "r2", "start", "select",
)  # fmt: skip
CONTROLS_MAX = 16
ARTWORK_SUFFIXES = (".png", ".jpg", ".webp")
RATING_AGES = (0, 3, 6, 7, 10, 12, 14, 16, 18)
"""Ages that the rating boards of the world use."""
RATING_CONTENTS = (
    "violence", "fear", "bad_language", "sex", "drugs", "discrimination", "gambling", "purchases", "chat",
)  # fmt: skip
AFK_MIN_S, AFK_MAX_S = 10, 24 * 3600
"""Bounds of both limits of absence, for titles and operators alike."""

_ACTION, _USE = Words(60), Words(40)


@dataclass(frozen=True, slots=True)
class Control:
    """A line of the legend; each text by language."""

    action: Mapping[str, str]
    by_device: Mapping[str, Mapping[str, str]]
    """What to use on each device, such as ``{"keyboard": {"en": "Arrow keys"}}``."""


class Controls:
    """The legend, a table for each line."""

    def read(self, value: Any, where: Path, note: Note) -> tuple[Control, ...]:
        """Return the lines."""
        if (
            not isinstance(value, list)
            or len(value) > CONTROLS_MAX
            or not all(isinstance(row, dict) for row in value)
        ):
            note(where, f"must be {self.words()}")
            return ()
        return tuple(self._row(row, (*where, index), note) for index, row in enumerate(value))

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        properties = {"action": _ACTION.schema(), **{device: _USE.schema() for device in DEVICES}}
        row = {"type": "object", "required": ["action"], "properties": properties, "additionalProperties": False}
        return {"type": "array", "maxItems": CONTROLS_MAX, "items": row}

    def words(self) -> str:
        """Return the form."""
        return f"at most {CONTROLS_MAX} tables, each written as [[controls]], with action and {', '.join(DEVICES)}"

    def _row(self, row: Mapping[str, Any], where: Path, note: Note) -> Control:
        for key in row.keys() - {"action", *DEVICES}:
            note((*where, key), f"is no field of title.toml; a line has action and {', '.join(DEVICES)}")
        if "action" not in row:
            note((*where, "action"), f"is missing: write {_ACTION.words()}")
        uses = {device: _USE.read(row[device], (*where, device), note) for device in DEVICES if device in row}
        return Control(_ACTION.read(row.get("action", "?"), (*where, "action"), note), uses)


@dataclass(frozen=True, slots=True)
class TitleAbout:
    """All of it has defaults: a title without a word about itself can be played."""

    summary: Mapping[str, str] = field(
        default_factory=dict, metadata=toml("summary", Words(160), "One line about the title, for the library.")
    )
    description: Mapping[str, str] = field(
        default_factory=dict, metadata=toml("description", Words(2000), "What the title is, in a few sentences.")
    )
    artwork: str = field(
        default="",
        metadata=toml("artwork", FilePath(ARTWORK_SUFFIXES), "Picture for the library, 16:9, at most 4 MiB."),
    )
    licence: str = field(
        default="",
        metadata=toml("licence", Text(128), "Licence of everything in the folder, best as an SPDX expression."),
    )
    rating_age: int | None = field(
        default=None,
        metadata=toml("rating.age", Choice(RATING_AGES), "Youngest players that it is fit for.", unit="years"),
    )
    rating_contains: tuple[str, ...] = field(
        default=(), metadata=toml("rating.contains", Choices(RATING_CONTENTS), "What it contains.")
    )
    devices: tuple[str, ...] = field(
        default=("keyboard", "mouse"),
        metadata=toml(
            "devices",
            Choices(DEVICES),
            "Any one of these is enough to play, except that keyboard and mouse belong together if both are named.",
        ),
    )
    sound: bool = field(default=False, metadata=toml("sound", Flag(), "It makes sound; `check` listens for it."))
    controls: tuple[Control, ...] = field(
        default=(), metadata=toml("controls", Controls(), "The legend that players see before they start.")
    )
    touch_mode: str = field(
        default="pointer",
        metadata=toml(
            "touch.mode",
            Choice(TOUCH_MODES),
            "What fingers are on a touch screen: `pointer` touches the picture, `pad` draws a pad over it.",
        ),
    )
    touch_controls: tuple[str, ...] = field(
        default=("left_stick", "a", "b"),
        metadata=toml("touch.controls", Choices(PAD_CONTROLS), "Parts of that pad that are drawn."),
    )
    afk_pause_s: int = field(
        default=600,
        metadata=toml(
            "afk.pause_s",
            Whole(AFK_MIN_S, AFK_MAX_S),
            "How long without input until the session pauses; the player is warned before. Operators may shorten it.",
            unit="seconds",
        ),
    )
    afk_end_s: int = field(
        default=1800,
        metadata=toml(
            "afk.end_s",
            Whole(AFK_MIN_S, AFK_MAX_S),
            "How long a pause lasts until the session ends. Operators may shorten it.",
            unit="seconds",
        ),
    )
    memory_mib: int = field(
        default=256, metadata=toml("needs.memory_mib", Whole(1, 2**20), "Memory that it takes at most.", unit="MiB")
    )
    cpu_percent: int = field(
        default=100,
        metadata=toml("needs.cpu_percent", Whole(1, 6400), "Processor time that it takes.", unit="percent of a core"),
    )
    gpu: bool = field(
        default=False, metadata=toml("needs.gpu", Flag(), "It needs a GPU: a session waits for a node that has one.")
    )
    gpu_memory_mib: int = field(
        default=0,
        metadata=toml(
            "needs.gpu_memory_mib", Whole(0, 2**20), "Memory of the GPU that it takes at most.", unit="MiB"
        ),
    )
