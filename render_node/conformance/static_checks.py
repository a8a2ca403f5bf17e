"""What a title's files tell without running it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from render_node.conformance.findings import judged
from title_archive.artwork import reencode
from title_archive.pack import pack
from wire.errors import WireError
from wire.title_check import Finding
from wire.title_manifest import InstalledTitle

ARTWORK_SHAPE, ARTWORK_SHAPE_SLACK = Fraction(16, 9), Fraction(1, 25)
ARTWORK_MIN_PX = 480
"""Narrowest artwork that looks good on a card of the library."""


def check_files(title: InstalledTitle, scratch: Path) -> list[Finding]:
    """Look at licence, rating, artwork and whether the folder can be packed.

    Args:
        title: A title whose manifest has no faults.
        scratch: Folder that may be written to.
    """
    return [_licence(title), _rating(title), _artwork(title), _package(title, scratch)]


def _licence(title: InstalledTitle) -> Finding:
    licence = title.manifest.about.licence
    advice = 'Say under which licence players may use it: licence = "Apache-2.0" or "LicenseRef-Proprietary".'
    return judged("licence", bool(licence), licence or "title.toml names no licence", advice)


def _rating(title: InstalledTitle) -> Finding:
    age = title.manifest.about.rating_age
    words = "title.toml has no rating" if age is None else f"from {age} years"
    return judged("rating", age is not None, words, "Say for whom it is fit: [rating] with age = 0 to 18.")


def _artwork(title: InstalledTitle) -> Finding:
    name, advice = title.manifest.about.artwork, "Add a picture of 16:9, such as 1280x720, as PNG, JPEG or WebP."
    if not name:
        return judged("artwork", False, "title.toml names no artwork", f'{advice} Then: artwork = "artwork.png".')
    path = Path(title.folder, name)
    try:
        if not path.resolve().is_relative_to(title.folder):
            return judged("artwork", False, f"{name} leads out of the folder", advice)
        art = reencode(path.read_bytes())
    except WireError as error:
        return judged("artwork", False, f"{name}: {error.detail}", advice)
    except OSError as error:
        return judged("artwork", False, f"{name}: {error.strerror}", advice)
    fits = abs(Fraction(art.width_px, art.height_px) - ARTWORK_SHAPE) <= ARTWORK_SHAPE_SLACK
    return judged("artwork", fits and art.width_px >= ARTWORK_MIN_PX, f"{art.width_px}x{art.height_px}", advice)


def _package(title: InstalledTitle, scratch: Path) -> Finding:
    try:
        packed = pack(Path(title.folder), scratch / "check.farplay")
    except WireError as error:
        return judged("package", False, error.detail, "Rename or remove what is named.")
    except OSError as error:
        return judged("package", False, f"{error.filename}: {error.strerror}", "Make it readable.")
    packed.path.unlink()
    words = f"{len(packed.files)} files, {packed.archive_bytes / 2**20:.2f} MiB"
    return judged("package", True, words, "")
