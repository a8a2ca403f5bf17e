"""Paste and input methods: text reaches the title whole, and no key of a composition leaks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.farplay_process import FarplayProcess
from tests.support.notebook import Notes, open_notebook
from tests.support.player import OpenPlayer

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PASTED = "Grüße, 你好! " + "字" * 60


async def test_paste_and_composed_text(up: FarplayProcess, open_player: OpenPlayer, data_dir: Path) -> None:
    notes = Notes(data_dir)
    async with open_player() as play:
        await play.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=up.url)
        await open_notebook(play, up)
        await play.page.evaluate(f"navigator.clipboard.writeText({PASTED + chr(10)!r})")
        await play.page.keyboard.press("Control+KeyV")

        def pasted(rows: list[tuple[str, object]]) -> bool:
            return "".join(str(value) for kind, value in rows if kind == "text") == PASTED + " "

        await notes.until(pasted, "the pasted text")
        pieces = notes.of("text")
        assert len(pieces) > 1
        assert all(len(piece.encode()) <= 64 for piece in pieces)

        keys = notes.of("key")
        for code, text in (("KeyN", "n"), ("KeyI", "ni")):
            await play.cdp.send(
                "Input.dispatchKeyEvent",
                {"type": "rawKeyDown", "windowsVirtualKeyCode": 229, "code": code, "key": "Process"},
            )
            await play.cdp.send(
                "Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)}
            )
        await play.cdp.send("Input.insertText", {"text": "你"})
        await notes.until(lambda rows: ("text", "你") in rows, "the composed text")
        await play.page.keyboard.press("ArrowLeft")
        await play.page.keyboard.type("ok")
        await notes.until(lambda rows: rows[-1] == ("text", "k"), "typed text after the composition")
        assert notes.of("text")[len(pieces) :] == ["你", "o", "k"]
        assert notes.of("key")[len(keys) :] == ["left", "o", "k"]
