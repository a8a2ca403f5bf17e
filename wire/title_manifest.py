"""``title.toml``: what a title says of itself. Read from text; finding and opening files is the caller's work."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from wire.ids import TITLE_ID_PATTERN
from wire.limits import PICTURE_MAX_HEIGHT_PX, PICTURE_MAX_WIDTH_PX, PICTURE_MIN_PX, SEATS_MAX
from wire.manifest_reader import ManifestError, ManifestReader, open_manifest, toml
from wire.manifest_values import Choice, FilePath, Flag, Text, Texts, Variables, Whole, Words
from wire.package_fields import PYTHON_REQUIRES, PYTHON_VERSION, VERSION, python_minor
from wire.runtime_manifest import RuntimePin, note_pin
from wire.sandbox import Trust
from wire.title_about import TitleAbout
from wire.title_options import Options, SessionOption

MANIFEST_FILE = "title.toml"
LOCK_FILE = "title.lock"
"""Names the wheels of a title that has ``python.requires``, with their digests; lies beside the manifest."""

SITE_PACKAGES = "site-packages"
"""Folder of what those wheels hold, beside the manifest."""

MANIFEST_VERSION = 1
MANIFEST_MAX_BYTES = 64 * 1024
"""A manifest with every field at its limit is far shorter."""

KINDS = ("pygame", "sdk", "libretro", "native")
"""Kinds of title that this build can run."""

PYTHON_KINDS = ("pygame", "sdk")
"""Those whose program is Python."""

_WIDTHS, _HEIGHTS = Whole(PICTURE_MIN_PX, PICTURE_MAX_WIDTH_PX), Whole(PICTURE_MIN_PX, PICTURE_MAX_HEIGHT_PX)
_VARIABLE = (
    r"(?!(?:FARPLAY|XDG|SDL|LD|PYTHON|PYGAME|DBUS|SYSTEMD|GLIBC|GCONV|OPENSSL)_"
    r"|(?:PATH|HOME|LANG|TMPDIR|DISPLAY|PYTHON\w*)$)[A-Z][A-Z0-9_]{0,63}"
)


@dataclass(frozen=True, slots=True)
class TitleManifest:
    """A checked manifest."""

    id: str = field(
        metadata=toml(
            "id",
            Text(64, TITLE_ID_PATTERN, "a-z, 0-9, '.', '_' and '-', with a letter or digit at both ends"),
            "Name of the title in addresses, save folders and the catalogue; for ever.",
        )
    )
    version: str = field(
        metadata=toml(
            "version",
            VERSION,
            "Version; what was published under it never changes.",
        )
    )
    kind: str = field(metadata=toml("kind", Choice(KINDS), "What runs the title."))
    entry: str = field(metadata=toml("entry", FilePath(), "The program."))
    names: Mapping[str, str] = field(metadata=toml("name", Words(80), "What players read."))
    arguments: tuple[str, ...] = field(
        default=(), metadata=toml("arguments", Texts(64, 512), "Arguments of the program.")
    )
    width_px: int = field(
        default=1280,
        metadata=toml("picture.width", _WIDTHS, "Width of the picture until the title sets its own.", unit="pixels"),
    )
    height_px: int = field(
        default=720,
        metadata=toml(
            "picture.height", _HEIGHTS, "Height of the picture until the title sets its own.", unit="pixels"
        ),
    )
    fps: int = field(
        default=60,
        metadata=toml(
            "picture.fps",
            Whole(1, 240),
            "What the encoder is set up for. "
            "More than 60 is for displays that show it, where the machine has time for it.",
            unit="frames per second",
        ),
    )
    follow_display: bool = field(
        default=True,
        metadata=toml(
            "picture.follow_display",
            Flag(),
            "The title's clock may move, by at most 1%, into step with the player's display.",
        ),
    )
    players_max: int = field(
        default=1, metadata=toml("players.max", Whole(1, SEATS_MAX), "Most who can play together.", unit="seats")
    )
    players_min: int = field(
        default=1, metadata=toml("players.min", Whole(1, SEATS_MAX), "Fewest who can play.", unit="seats")
    )
    about: TitleAbout = field(default_factory=TitleAbout)
    environment: Mapping[str, str] = field(
        default_factory=dict,
        metadata=toml(
            "environment",
            Variables(64, 400, _VARIABLE, "A-Z, 0-9 and '_', and none that the system, Python or SDL reads"),
            "Environment variables of the program, beside those that Farplay sets.",
        ),
    )
    width_max_px: int = field(
        default=PICTURE_MAX_WIDTH_PX,
        metadata=toml("picture.max_width", _WIDTHS, "Widest picture that the title draws.", unit="pixels"),
    )
    height_max_px: int = field(
        default=PICTURE_MAX_HEIGHT_PX,
        metadata=toml("picture.max_height", _HEIGHTS, "Tallest picture that the title draws.", unit="pixels"),
    )
    fps_min: int | None = field(
        default=None,
        metadata=toml(
            "picture.min_fps",
            Whole(1, 240),
            "Frame rate that the title always keeps; `picture.fps` if it is not written. "
            "A title that draws only what has changed writes 1.",
            unit="frames per second",
        ),
    )
    saves: tuple[str, ...] = field(
        default=("*",),
        metadata=toml(
            "saves",
            Texts(
                32, 128, r"(?!/)(?!.*\.\.)[^\\\u0000]+", "paths inside the save folder, where * stands for any text"
            ),
            "What the title writes into its save folder.",
        ),
    )
    session_max_s: int | None = field(
        default=None,
        metadata=toml(
            "session.max_s",
            Whole(60, 7 * 24 * 3600),
            "How long a session lasts at most; no limit without.",
            unit="seconds",
        ),
    )
    runtime: RuntimePin = field(default_factory=RuntimePin)
    python_requires: tuple[str, ...] = field(
        default=(),
        metadata=toml(
            "python.requires",
            PYTHON_REQUIRES,
            "What the program imports beside the standard library and what its kind offers; "
            "`pack`, `run` and `check` lock it and put it into `site-packages/`.",
        ),
    )
    options: tuple[SessionOption, ...] = field(
        default=(),
        metadata=toml(
            "options",
            Options(_VARIABLE),
            "What may be set for each session when it is made by the API, as an argument or an environment variable.",
        ),
    )
    python_version: str = field(
        default="",
        metadata=toml(
            "python.version",
            PYTHON_VERSION,
            "Python that the program needs, where a package of it is compiled for one version only.",
        ),
    )

    @property
    def python_minor(self) -> int:
        """Minor version of the Python 3 that it needs; 0 if any will do."""
        return python_minor(self.python_version)


@dataclass(frozen=True, slots=True)
class _Format:
    """The format that a manifest is written in."""

    manifest: int = field(
        metadata=toml(
            "manifest", Choice((MANIFEST_VERSION,)), "Version of this format, which stands in the first line."
        )
    )
    title: TitleManifest


FORMAT = _Format
"""Described class of a whole ``title.toml``."""


@dataclass(frozen=True, slots=True)
class InstalledTitle:
    """A title whose files lie in a folder of this machine."""

    manifest: TitleManifest
    folder: str
    """Absolute path."""
    trust: Trust = Trust.UNTRUSTED
    """Who vouches for it."""
    runtime: str = ""
    """Absolute path of the runtime that it names; empty for a title without."""


def parse_manifest(text: str) -> TitleManifest:
    """Read the text of a ``title.toml``.

    Raises:
        ManifestError: ``malformed``, with every fault and its line, or the first of very many.
    """
    read = open_manifest(text, MANIFEST_FILE)
    manifest = read.read(_Format).title
    _note_contradictions(read, manifest)
    if read.faults:
        raise ManifestError(read.faults, MANIFEST_FILE)
    return manifest


def bare_manifest(file_name: str) -> TitleManifest:
    """Return the manifest that stands for a single ``.py`` file without a ``title.toml``."""
    stem = PurePosixPath(file_name).stem
    slug = re.sub(r"[^a-z0-9._-]+", "-", stem.lower()).strip("._-")[:64].strip("._-") or "title"
    return TitleManifest(id=slug, version="0.0.0", kind="pygame", entry=file_name, names={"en": stem})


def _note_contradictions(read: ManifestReader, manifest: TitleManifest) -> None:
    """Note what cannot be meant, each at the field that says the less usual."""
    about = manifest.about
    for low, low_value, high, high_value in (
        ("players.min", manifest.players_min, "players.max", manifest.players_max),
        ("picture.width", manifest.width_px, "picture.max_width", manifest.width_max_px),
        ("picture.height", manifest.height_px, "picture.max_height", manifest.height_max_px),
        ("picture.min_fps", manifest.fps_min or 1, "picture.fps", manifest.fps),
    ):
        if read.fits(low, high) and low_value > high_value:
            note_at = low if read.has(low) else high
            read.note(tuple(note_at.split(".")), f"contradicts itself: {low} must not be above {high}")
    if read.has("touch.controls") and about.touch_mode != "pad":
        read.note(("touch", "controls"), 'means something only with touch.mode = "pad"')
    if read.has("needs.gpu_memory_mib") and not about.gpu:
        read.note(("needs", "gpu_memory_mib"), "means something only with needs.gpu = true")
    if read.has("python.requires") and manifest.kind not in PYTHON_KINDS:
        read.note(("python", "requires"), f"means something only with kind = {' or '.join(PYTHON_KINDS)}")
    if read.has("python.version") and not (manifest.python_requires or read.has("runtime")):
        read.note(("python", "version"), "means something only with python.requires or a [runtime]")
    note_pin(read)
    if read.fits("devices"):
        for index, control in enumerate(about.controls):
            for device in control.by_device.keys() - {*about.devices}:
                read.note(
                    ("controls", index, device), f"is of a device that devices does not name: add {device} to it"
                )
