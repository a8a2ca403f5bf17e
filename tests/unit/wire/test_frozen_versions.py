"""What earlier versions that are still accepted know is what they are told, and what they say is understood."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from wire.freeze import FAMILIES, frozen, path_of
from wire.schema import decode, encode
from wire.version import CLOSING_SINCE, PROTOCOL_MAX, PROTOCOL_MIN, SUCCESSORS_SINCE, TITLE_CHECKS_SINCE

EARLIER = range(PROTOCOL_MIN, PROTOCOL_MAX)
NEW_SINCE = {
    ("to_tab", "closing"): CLOSING_SINCE,
    ("to_node", "start_successor"): SUCCESSORS_SINCE,
    ("to_node", "start_check"): TITLE_CHECKS_SINCE,
    ("to_node", "end_check"): TITLE_CHECKS_SINCE,
}
"""Messages that are sent only to those who know them; a process test tries it."""


def of(version: int) -> dict[str, dict[str, Any]]:
    families: dict[str, dict[str, Any]] = json.loads(path_of(version).read_text())
    return families


def test_the_version_before_is_accepted_and_every_accepted_one_is_frozen() -> None:
    assert PROTOCOL_MIN < PROTOCOL_MAX
    assert all(path_of(version).exists() for version in EARLIER), (
        "python -m wire.freeze, before PROTOCOL_MAX is raised"
    )
    assert not path_of(PROTOCOL_MIN - 1).exists(), "one that is not accepted any more needs no vectors"


@pytest.mark.parametrize("version", EARLIER)
def test_every_message_of_an_earlier_version_is_understood(version: int) -> None:
    for name, kinds in of(version).items():
        for label, kind in kinds.items():
            read = decode(json.dumps(kind["example"]), FAMILIES[name])
            assert _known_part(json.loads(encode(read)), kind["example"]) == kind["example"], (name, label)
            least = {key: value for key, value in kind["example"].items() if _is_needed(kind["fields"], key)}
            decode(json.dumps(least), FAMILIES[name])


def _known_part(written: Any, known: Any) -> Any:
    """Return what was written without fields, at any depth, that the earlier version did not have."""
    if isinstance(known, dict):
        return {field: _known_part(written[field], value) for field, value in known.items()}
    if isinstance(known, list) and len(written) == len(known):
        return [_known_part(each, value) for each, value in zip(written, known, strict=True)]
    return written


def _is_needed(fields: dict[str, Any], name: str) -> bool:
    return name == "type" or "default" not in fields[name]


@pytest.mark.parametrize("version", EARLIER)
def test_nothing_is_said_that_an_earlier_version_would_refuse(version: int) -> None:
    """A new message, a new value, a wider bound or a field left out needs a new version, and care who is told."""
    earlier, now = of(version), frozen()
    for name in FAMILIES:
        new = {(name, label) for label in now[name].keys() - earlier[name].keys()}
        assert all(version < NEW_SINCE[each] <= PROTOCOL_MAX for each in new)
        assert not earlier[name].keys() - now[name].keys()
        for label, kind in earlier[name].items():
            faults = list(_refused(f"{name}.{label}", kind["fields"], now[name][label]["fields"]))
            assert not faults


def _refused(place: str, earlier: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    """Yield what a side that knows ``earlier`` would refuse of one that writes ``now``."""
    for name, spec in earlier.items():
        yield from _narrower(f"{place}.{name}", spec, now.get(name))


def _narrower(place: str, earlier: dict[str, Any], now: dict[str, Any] | None) -> Iterator[str]:
    if now is None or now["kind"] != earlier["kind"] or now.get("nullable", False) > earlier.get("nullable", False):
        yield place
    elif now["kind"] == "enum":
        yield from (f"{place}={value}" for value in now["values"] if value not in earlier["values"])
    elif now["kind"] == "object":
        yield from _refused(place, earlier["fields"], now["fields"])
    elif now["kind"] == "list":
        yield from _narrower(f"{place}[]", earlier["item"], now["item"])
        if now["max_len"] > earlier["max_len"]:
            yield place
    elif any(now[most] > earlier[most] for most in ("max", "max_len") if most in now) or (
        "min" in now and now["min"] < earlier["min"]
    ):
        yield place
