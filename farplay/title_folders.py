"""Finds titles on this machine: the ones that ship with Farplay, and folders or ``.py`` files that are named."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterable
from pathlib import Path

from farplay.runtimes.local_runtimes import local_runtimes
from title_archive.unpacked import check_packages
from wire.errors import Reason, WireError
from wire.sandbox import Trust
from wire.title_manifest import (
    LOCK_FILE,
    MANIFEST_FILE,
    MANIFEST_MAX_BYTES,
    SITE_PACKAGES,
    InstalledTitle,
    TitleManifest,
    bare_manifest,
    parse_manifest,
)

GAMES = Path(__file__).resolve().parents[1] / "games"
"""The folder of the titles that ship with Farplay."""


def load_title(path: Path | str, trust: Trust = Trust.APPROVED) -> InstalledTitle:
    """Return the title in a folder with a ``title.toml``, or of a single ``.py`` file.

    Args:
        path: Where it lies.
        trust: Who vouches for it; whoever names a folder of this machine approves of it.

    Raises:
        WireError: ``not_found`` if there is nothing to run, or its runtime is not here; ``malformed`` with every
            fault of the manifest, or for packages that do not fit it; ``no_capability`` for another processor's.
    """
    place = Path(path).expanduser()
    if place.is_file() and place.suffix == ".py":
        resolved = place.resolve()
        return InstalledTitle(bare_manifest(resolved.name), str(resolved.parent), trust)
    if not place.exists():
        raise WireError(Reason.NOT_FOUND, f"{place} does not exist")
    if not place.is_dir():
        raise WireError(Reason.NOT_FOUND, f"{place} is neither a folder nor a .py file")
    folder = place.resolve()
    manifest = read_manifest(folder)
    entry = (folder / manifest.entry).resolve()
    if not entry.is_relative_to(folder):
        raise WireError(Reason.MALFORMED, f"the entry {manifest.entry} leads out of {folder}")
    if not entry.is_file():
        raise WireError(Reason.NOT_FOUND, f"the entry {manifest.entry} is not a file in {folder}")
    if manifest.python_requires and not ((folder / LOCK_FILE).is_file() and (folder / SITE_PACKAGES).is_dir()):
        words = f"{folder} lacks its Python packages; put them there with: farplay title pack {folder}"
        raise WireError(Reason.NOT_FOUND, words)
    try:
        runtime = local_runtimes().find(manifest.runtime) if manifest.runtime.sha256 else None
        check_packages(manifest, folder, runtime, platform.machine())
    except OSError as error:
        raise WireError(Reason.NOT_FOUND, f"{error.filename} cannot be read: {error.strerror}") from error
    return InstalledTitle(manifest, str(folder), trust, str(runtime or ""))


def require_python(manifest: TitleManifest) -> None:
    """Check that a title can run on this Python; packing it does not need that.

    Raises:
        WireError: ``no_capability``.
    """
    if manifest.python_minor not in (0, sys.version_info.minor):
        here = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise WireError(
            Reason.NO_CAPABILITY,
            f"title.toml says python.version = {manifest.python_version!r}, and Farplay runs on Python {here} here. "
            f"It can be packed and published from here; to run or check it, use a Farplay on that Python",
        )


def read_manifest(folder: Path) -> TitleManifest:
    """Return the manifest of a title's folder.

    Raises:
        WireError: ``not_found`` if there is none, ``too_large``, or ``malformed`` with every fault.
    """
    path = folder / MANIFEST_FILE
    if not path.is_file():
        raise WireError(Reason.NOT_FOUND, f"{folder} has no {MANIFEST_FILE}; name a .py file, or write one")
    if path.stat().st_size > MANIFEST_MAX_BYTES:
        raise WireError(Reason.TOO_LARGE, f"{path} has more than {MANIFEST_MAX_BYTES} bytes")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise WireError(Reason.MALFORMED, f"{path} is not UTF-8") from error
    try:
        return parse_manifest(text)
    except WireError as error:
        raise WireError(error.reason, f"{folder}: {error.detail}") from error


def bundled_titles() -> tuple[InstalledTitle, ...]:
    """Return the titles that ship with Farplay, by id."""
    folders = (path.parent for path in GAMES.glob(f"*/{MANIFEST_FILE}"))
    return tuple(
        sorted((load_title(folder, Trust.BUNDLED) for folder in folders), key=lambda title: title.manifest.id)
    )


def installed_titles(paths: Iterable[Path], *, with_bundled: bool) -> tuple[InstalledTitle, ...]:
    """Return the titles of a node: bundled ones, then the named ones, which win over bundled ones of the same id.

    Raises:
        WireError: as ``load_title``, and ``malformed`` if two named titles have the same id.
    """
    titles = {title.manifest.id: title for title in bundled_titles()} if with_bundled else {}
    named: dict[str, InstalledTitle] = {}
    for path in paths:
        title = load_title(path)
        twin = named.get(title.manifest.id)
        if twin is not None:
            raise WireError(
                Reason.MALFORMED, f"{twin.folder} and {title.folder} are both the title {title.manifest.id!r}"
            )
        named[title.manifest.id] = title
    return tuple((titles | named).values())
