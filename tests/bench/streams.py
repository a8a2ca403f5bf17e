"""Starts what is measured: Farplay itself with the hard test card, and each baseline."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.support.card_source import FOLDER as CARD_FOLDER
from tests.support.card_source import FPS
from tests.support.farplay_process import ROOT, FarplayProcess

HARD_TITLE = "hardcard"
END_S = 5.0


@contextmanager
def farplay_up(folder: Path, *options: str, titles: Sequence[Path] = ()) -> Iterator[FarplayProcess]:
    """Run ``farplay up`` on fresh data and check that nothing is left of it.

    Args:
        folder: For data and log.
        options: Of the command, beside these.
        titles: Folders of what is offered; none for the hard test card.
    """
    offered = [part for title in titles or (card_title(folder),) for part in ("--title", str(title))]
    up = FarplayProcess(
        ["up", "--json", "--port", "0", "--data-dir", str(folder / "data"), *offered, *options], folder / "up.log"
    )
    try:
        yield up
    finally:
        up.stop()
    assert not up.left_behind(), up.left_behind()


def card_title(
    folder: Path, title_id: str = HARD_TITLE, arguments: Sequence[str] = ("--hard",), fps: int = FPS
) -> Path:
    """Copy the test card under another id, with arguments, at a frame rate; return its folder."""
    title = folder / title_id
    shutil.copytree(CARD_FOLDER, title, ignore=shutil.ignore_patterns("__pycache__"))
    manifest = title / "title.toml"
    text = manifest.read_text().replace('id = "testcard"', f'id = "{title_id}"')
    text = text.replace(f"fps = {FPS}", f"fps = {fps}")
    arguments = (*arguments, "--fps", str(fps))
    entry = 'entry = "testcard.py"'
    assert entry in text
    manifest.write_text(text.replace(entry, f"{entry}\narguments = {json.dumps(list(arguments))}"))
    return title


@contextmanager
def baseline(kind: str) -> Iterator[tuple[str, psutil.Process]]:
    """Run a baseline's server; yields its URL and its process."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.baselines", kind], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"], psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(END_S)
        if process.stdout is not None:
            process.stdout.close()
