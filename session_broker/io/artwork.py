"""Reads a title's artwork. The file is the title author's: its type is told by its first bytes, never by its name."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from title_archive.artwork import ARTWORK_MAX_BYTES, image_type
from wire.errors import Reason, WireError
from wire.title_manifest import InstalledTitle


def read_artwork(title: InstalledTitle) -> tuple[bytes, str]:
    """Return the picture that a title's manifest names, and its media type. Blocks on the disk.

    Raises:
        WireError: ``not_found``, in words for the title's author, if there is none that may be served.
    """
    name = title.manifest.about.artwork
    if not name:
        raise WireError(Reason.NOT_FOUND, "this title has no artwork")
    content = _read_inside(Path(title.folder), name)
    media_type = image_type(content)
    if media_type is None:
        raise WireError(Reason.NOT_FOUND, "this title's artwork is not a PNG, JPEG or WebP picture")
    return content, media_type


def _read_inside(folder: Path, name: str) -> bytes:
    try:
        root = folder.resolve(strict=True)
        path = (root / name).resolve(strict=True)
        if not path.is_relative_to(root):
            raise WireError(Reason.NOT_FOUND, "this title's artwork leads out of its folder")
        # Resolved just now: a link put there since then is refused, and a pipe does not make the read wait.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError, RuntimeError) as error:
        raise WireError(Reason.NOT_FOUND, "this title's artwork is not there") from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise WireError(Reason.NOT_FOUND, "this title's artwork is not a file")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            content = file.read(ARTWORK_MAX_BYTES + 1)
    finally:
        os.close(descriptor)
    if len(content) > ARTWORK_MAX_BYTES:
        raise WireError(Reason.NOT_FOUND, f"this title's artwork has more than {ARTWORK_MAX_BYTES} bytes")
    return content
