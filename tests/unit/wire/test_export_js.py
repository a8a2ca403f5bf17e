"""The page's constants are what the contract says now."""

from __future__ import annotations

import json
import re
from pathlib import Path

from wire import export_js, limits, session_control
from wire.errors import Reason


def test_the_checked_in_file_is_up_to_date() -> None:
    assert export_js.TARGET.read_text() == export_js.render(), "run: python -m wire.export_js"


def test_it_writes_where_it_is_told(tmp_path: Path) -> None:
    target = tmp_path / "constants.js"
    export_js.main([str(target)])
    assert target.read_text() == export_js.render()


def exported(name: str) -> object:
    found = re.search(
        rf"^export const {name} = (?:/\*\* @type {{const}} \*/ \()?(.*?)\)?;$", export_js.render(), re.M | re.S
    )
    assert found is not None
    return json.loads(found[1])


def test_it_holds_every_reason_limit_and_message() -> None:
    assert exported("Reason") == {reason.name: reason.value for reason in Reason}
    for name in (name for name in vars(limits) if name.isupper()):
        assert exported(name) == getattr(limits, name)
    messages = exported("TO_TAB")
    assert isinstance(messages, dict)
    assert messages.keys() == session_control.TO_TAB.keys()
    assert messages["welcome"]["participant_index"] == {"kind": "int", "min": 0, "max": 65535}
    assert messages["state"]["reason"]["nullable"] is True
    assert messages["state"]["reason"]["default"] is None
    assert messages["error"]["detail"] == {"kind": "string", "max_len": 4096, "default": ""}
