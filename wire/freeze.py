"""Freezes this version's control messages: ``python -m wire.freeze``, before a change raises ``PROTOCOL_MAX``.

``vectors/protocol_N.json`` says what a side of version N may send and what it understands, as it was then, with an
example of each message. Tests let a side of today talk to one that knows only that.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from wire import node_control, session_control
from wire.export_js import messages_of
from wire.version import PROTOCOL_MAX

FOLDER = Path(__file__).parent / "vectors"
FAMILIES = {
    "from_tab": session_control.FROM_TAB,
    "to_tab": session_control.TO_TAB,
    "from_node": node_control.FROM_NODE,
    "to_node": node_control.TO_NODE,
}


def path_of(version: int) -> Path:
    """Return where a version's messages lie."""
    return FOLDER / f"protocol_{version}.json"


def frozen() -> dict[str, Any]:
    """Return this version's families: each message's fields, and an example with all of them."""
    families = {name: messages_of(family) for name, family in FAMILIES.items()}
    return {
        name: {label: {"fields": fields, "example": example_of(label, fields)} for label, fields in kinds.items()}
        for name, kinds in families.items()
    }


def example_of(label: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Return a message with every field set to something that it may be."""
    return {"type": label, **{name: _sample(spec) for name, spec in fields.items()}}


def _sample(spec: dict[str, Any]) -> Any:
    match spec["kind"]:
        case "string":
            return "x"
        case "bool":
            return True
        case "enum":
            return spec["values"][0]
        case "list":
            return [_sample(spec["item"])]
        case "object":
            return {name: _sample(each) for name, each in spec["fields"].items()}
        case "float":
            return float(max(spec["min"], 1.0))
    return max(spec["min"], 1)


def main() -> None:
    """Write the file of the current version."""
    path_of(PROTOCOL_MAX).write_text(json.dumps(frozen(), indent=1) + "\n")


if __name__ == "__main__":
    main()
