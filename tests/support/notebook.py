"""The test title that writes down what it gets, and reading its notes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.async_api import expect

from tests.support.chromium import PlayPage
from tests.support.deadlines import until
from tests.support.farplay_process import FarplayProcess
from tests.support.player import open_game

NOTEBOOK = Path(__file__).parent / "titles" / "notebook"


AFK_PAUSE_S = 10
"""Of the sleepy notebook; the least that a title may say."""


def sleepy_notebook(folder: Path) -> Path:
    """Make a notebook in a folder of its own that is soon paused when nobody plays it."""
    shutil.copytree(NOTEBOOK, folder)
    manifest = (folder / "title.toml").read_text().replace('id = "notebook"', 'id = "sleepy"')
    (folder / "title.toml").write_text(f"{manifest}\n[afk]\npause_s = {AFK_PAUSE_S}\nend_s = 60\n")
    return folder


class Notes:
    """The notes of the newest run of the notebook."""

    def __init__(self, data_dir: Path, title_id: str = "notebook") -> None:
        self._data_dir = data_dir
        self._title_id = title_id

    def read(self) -> list[tuple[str, Any]]:
        """Return everything noted since the title started."""
        (path,) = self._data_dir.glob(f"**/{self._title_id}/events.jsonl")
        # What follows the last line's end is a line that is being written.
        rows = [json.loads(line) for line in path.read_text().split("\n")[:-1]]
        start = max(index for index, (kind, _) in enumerate(rows) if kind == "start")
        return [(kind, value) for kind, value in rows[start + 1 :]]

    def of(self, kind: str) -> list[Any]:
        """Return the values noted of one kind."""
        return [value for each, value in self.read() if each == kind]

    async def until(self, check: Callable[[list[tuple[str, Any]]], bool], what: str) -> None:
        """Wait until the notes say so."""

        async def holds() -> bool:
            return check(self.read())

        try:
            await until(holds, 3, what)
        except AssertionError as error:
            raise AssertionError(f"{error}; noted: {self.read()}") from None


async def open_notebook(play: PlayPage, up: FarplayProcess, title_id: str = "notebook") -> None:
    """Play the notebook and wait for its first picture."""
    await open_game(play, up, title_id)


async def crash_notebook(play: PlayPage) -> None:
    """Make the notebook raise, and wait until the page says so."""
    for key in ("Escape", "KeyQ"):
        await play.page.keyboard.down(key)
    await expect(play.page.get_by_role("heading", name="The game stopped")).to_be_visible()
