"""A side that speaks an earlier version of the control protocol, by that version's frozen messages."""

from __future__ import annotations

import json
from typing import Any

from wire.freeze import path_of


class FrozenProtocol:
    """One version, as ``wire/vectors`` has it. It reads strictly what it knows, and ignores other fields."""

    def __init__(self, version: int) -> None:
        self.version = version
        self.families: dict[str, dict[str, Any]] = json.loads(path_of(version).read_text())

    def say(self, family: str, label: str, **given: Any) -> str:
        """Return a message as that version writes it, with all of its fields; none that it does not have."""
        known = self.families[family][label]
        assert given.keys() <= known["fields"].keys(), given
        body = {"type": label}
        for name, spec in known["fields"].items():
            body[name] = given.get(name, spec.get("default", known["example"][name]))
        return json.dumps(body)

    def hear(self, family: str, text: str | bytes) -> dict[str, Any]:
        """Read a message as that version does.

        Raises:
            AssertionError: that version would refuse it.
        """
        body: dict[str, Any] = json.loads(text)
        assert body["type"] in self.families[family], f"version {self.version} does not know {body['type']}"
        _check_fields(body["type"], body, self.families[family][body["type"]]["fields"])
        return body


def _check_fields(place: str, body: dict[str, Any], fields: dict[str, Any]) -> None:
    for name, spec in fields.items():
        if name in body:
            _check(f"{place}.{name}", body[name], spec)
        else:
            assert "default" in spec, f"{place} lacks {name}"


def _check(place: str, value: Any, spec: dict[str, Any]) -> None:
    if value is None:
        assert spec.get("nullable"), f"{place} is null"
        return
    match spec["kind"]:
        case "enum":
            assert value in spec["values"], f"{place} is {value}"
        case "string":
            assert isinstance(value, str), place
            assert len(value) <= spec["max_len"], place
        case "bool":
            assert isinstance(value, bool), place
        case "list":
            assert len(value) <= spec["max_len"], place
            for item in value:
                _check(f"{place}[]", item, spec["item"])
        case "object":
            _check_fields(place, value, spec["fields"])
        case _:
            assert spec["min"] <= value <= spec["max"], f"{place} is {value}"
