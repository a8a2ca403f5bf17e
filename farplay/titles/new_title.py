"""``farplay title init``: a small title that runs at once, to be changed into one's own."""

from __future__ import annotations

import json
import re
import shutil
import unicodedata
from pathlib import Path

from farplay.failures import CommandFailure, ExitStatus
from wire.ids import is_title_id
from wire.title_manifest import MANIFEST_FILE, bare_manifest

TEMPLATES = Path(__file__).with_name("templates")
"""A folder for each kind, with its title in it."""


def kinds() -> list[str]:
    """Return the kinds of which there is a small title."""
    return sorted(path.parent.name for path in TEMPLATES.glob(f"*/{MANIFEST_FILE}"))


def make_title(folder: Path, kind: str, *, title_id: str | None, name: str | None) -> str:
    """Write the small title of a kind into a folder, and return its id.

    Args:
        folder: Made if it is missing; nothing in it is overwritten.
        kind: One of ``kinds``.
        title_id: The title's id; None makes one of the folder's name.
        name: What players read; None is the folder's name.

    Raises:
        CommandFailure: the kind is unknown, id or name are none, or the folder is not empty.
    """
    if kind not in kinds():
        raise CommandFailure(ExitStatus.FAILED, f"There is no kind {kind!r}.", f"Kinds: {', '.join(kinds())}.")
    stem = folder.resolve().name
    chosen = title_id or bare_manifest(f"{stem}.py").id
    if not is_title_id(chosen):
        words = f"{chosen!r} cannot be a title's id."
        raise CommandFailure(ExitStatus.FAILED, words, "Use a-z, 0-9, '.', '_' and '-'.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CommandFailure(ExitStatus.FAILED, f"{folder} is there already and not empty.", "Name another folder.")
    shown = name or re.sub(r"[-_]+", " ", stem).strip().capitalize() or chosen
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in shown):
        raise CommandFailure(ExitStatus.FAILED, f"{shown!a} cannot be a title's name.", "Give one with: --name NAME")
    try:
        shutil.copytree(TEMPLATES / kind, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        manifest = folder / MANIFEST_FILE
        # JSON's strings are TOML's basic strings as well, but for characters written as two surrogates.
        text = manifest.read_text("utf-8").replace('"ID"', json.dumps(chosen))
        manifest.write_text(text.replace('"NAME"', json.dumps(shown[:80], ensure_ascii=False)), "utf-8")
    except OSError as error:
        raise CommandFailure(ExitStatus.FAILED, f"{folder} cannot be written: {error.strerror}.") from error
    return chosen
