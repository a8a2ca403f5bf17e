"""The small libretro title, its ROM assembled from its source, with Debian's core beside it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from farplay.titles.new_title import TEMPLATES
from scripts.find_title_programs import find_core

TEMPLATE = TEMPLATES / "libretro"
CORE = "nestopia_libretro.so"
ARGUMENTS = ("--core", CORE)


def build_squares(folder: Path) -> Path:
    """Return the path of the content, in ``folder`` with the core and the manifest; the core is the title's own."""
    for name in ("squares.s", "nrom.cfg", "artwork.png"):
        shutil.copy(TEMPLATE / name, folder)
    manifest = (TEMPLATE / "title.toml").read_text("utf-8").replace('"nestopia"', f'"{CORE}"')
    manifest = manifest.replace('"ID"', '"squares"').replace('"NAME"', '"Squares"')
    (folder / "title.toml").write_text(manifest, "utf-8")
    core = find_core()
    assert core is not None, "python scripts/find_title_programs.py fetches it"
    shutil.copy(core, folder / CORE)
    subprocess.run(
        ["cl65", "--target", "none", "--config", "nrom.cfg", "-o", "squares.nes", "squares.s"], cwd=folder,
        check=True, timeout=20,
    )  # fmt: skip
    return folder / "squares.nes"
