"""``title.toml``: what a title says of itself. Read from text; finding and opening files is the caller's work."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from wire.errors import Reason, WireError
from wire.ids import is_title_id
from wire.limits import PICTURE_MAX_HEIGHT_PX, PICTURE_MAX_WIDTH_PX, PICTURE_MIN_PX, SEATS_MAX
from wire.manifest_reader import ManifestReader
from wire.sandbox import Trust
from wire.title_about import ABOUT_FIELDS, TitleAbout, read_about

MANIFEST_VERSION = 1
KINDS = ("pygame", "sdk", "libretro", "native")
"""Kinds of title that this build can run."""

_SEMVER = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]{1,32})?")
_TOP = {"manifest", "id", "version", "kind", "entry", "arguments", "name", "picture", "players"} | ABOUT_FIELDS


@dataclass(frozen=True, slots=True)
class TitleManifest:
    """A checked manifest."""

    id: str
    version: str
    """Semantic version; immutable once published."""
    kind: str
    entry: str
    """Program to run, a POSIX path relative to the title's folder."""
    names: Mapping[str, str]
    """Display name by language; ``en`` is always there."""
    arguments: tuple[str, ...] = ()
    width_px: int = 1280
    height_px: int = 720
    fps: int = 60
    follow_display: bool = True
    """Whether the title's clock may be moved, by at most 1%, into step with the player's display."""
    players_max: int = 1
    players_min: int = 1
    about: TitleAbout = field(default_factory=TitleAbout)


@dataclass(frozen=True, slots=True)
class InstalledTitle:
    """A title whose files lie in a folder of this machine."""

    manifest: TitleManifest
    folder: str
    """Absolute path."""
    trust: Trust = Trust.UNTRUSTED
    """Who vouches for it."""


def parse_manifest(text: str) -> TitleManifest:
    """Read the text of a ``title.toml``.

    Raises:
        WireError: ``malformed``, with every fault on a line of its own.
    """
    try:
        body = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise WireError(Reason.MALFORMED, f"title.toml is not TOML: {error}") from error
    read = ManifestReader()
    read.fields(body, _TOP)
    if body.get("manifest") != MANIFEST_VERSION:
        read.faults.append(f"manifest must be {MANIFEST_VERSION}")
    title_id = read.text(body, "id", max_len=64)
    if title_id and not is_title_id(title_id):
        read.faults.append("id may hold a-z, 0-9, '.', '_' and '-', and begins and ends with a letter or digit")
    version = read.text(body, "version", max_len=64)
    if version and not _SEMVER.fullmatch(version):
        read.faults.append("version must be like 1.2.3 or 1.2.3-beta.1")
    kind = read.text(body, "kind")
    if kind and kind not in KINDS:
        read.faults.append(f"kind must be one of {', '.join(KINDS)}")
    names = read.table(body, "name")
    for language in sorted({"en", *names}):
        read.text(names, language, "name.", max_len=80)
    picture, players = read.table(body, "picture"), read.table(body, "players")
    manifest = TitleManifest(
        id=title_id,
        version=version,
        kind=kind,
        entry=read.path(body, "entry"),
        names=dict(names),
        arguments=_arguments(read, body),
        width_px=read.number(picture, "width", "picture.", PICTURE_MIN_PX, PICTURE_MAX_WIDTH_PX, 1280),
        height_px=read.number(picture, "height", "picture.", PICTURE_MIN_PX, PICTURE_MAX_HEIGHT_PX, 720),
        fps=read.number(picture, "fps", "picture.", 1, 240, 60),
        follow_display=read.flag(picture, "follow_display", "picture.", default=True),
        players_max=read.number(players, "max", "players.", 1, SEATS_MAX, 1),
        players_min=read.number(players, "min", "players.", 1, SEATS_MAX, 1),
        about=read_about(read, body),
    )
    if manifest.players_min > manifest.players_max:
        read.faults.append("players.min must not be above players.max")
    if read.faults:
        raise WireError(Reason.MALFORMED, "title.toml:\n" + "\n".join(f"  {fault}" for fault in read.faults))
    return manifest


def bare_manifest(file_name: str) -> TitleManifest:
    """Return the manifest that stands for a single ``.py`` file without a ``title.toml``."""
    stem = PurePosixPath(file_name).stem
    slug = re.sub(r"[^a-z0-9._-]+", "-", stem.lower()).strip("._-")[:64].strip("._-") or "title"
    return TitleManifest(id=slug, version="0.0.0", kind="pygame", entry=file_name, names={"en": stem})


def _arguments(read: ManifestReader, body: Mapping[str, Any]) -> tuple[str, ...]:
    value = body.get("arguments", [])
    if not isinstance(value, list) or len(value) > 64 or not all(_is_argument(item) for item in value):
        read.faults.append("arguments must be a list of at most 64 texts without NUL")
        return ()
    return tuple(value)


def _is_argument(item: Any) -> bool:
    return isinstance(item, str) and "\0" not in item
