"""What may be set anew for each session of a title: declared in its manifest, checked by broker and node."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wire.errors import Reason, WireError
from wire.manifest_values import Note
from wire.toml_lines import Path

OPTIONS_MAX = 16
VALUES_MAX = 64
VALUE_MAX_LEN = 100

_NAME = r"[a-z][a-z0-9_-]{0,31}"
_ARGUMENT = r"--?[A-Za-z0-9][A-Za-z0-9_-]{0,63}|\+[A-Za-z0-9_-]{1,63}"
_VALUE = rf"(?![-+])[^\u0000-\u001f\u007f]{{0,{VALUE_MAX_LEN}}}"
"""None can be taken for another argument, nor for one of those engines that have commands like ``+map``."""

_FIELDS = ("name", "argument", "variable", "values")


@dataclass(frozen=True, slots=True)
class SessionOption:
    """One thing that may be set."""

    name: str
    argument: str = ""
    """Argument of the program that comes before the value; empty if it is a variable."""
    variable: str = ""
    """Environment variable that holds the value; empty if it is an argument."""
    values: tuple[str, ...] = ()
    """What it may be set to; empty for any short text."""


@dataclass(frozen=True)
class Options:
    """The options of a manifest, a table for each."""

    variable: str
    """What a variable's name must be, as a regular expression."""

    def read(self, value: Any, where: Path, note: Note) -> tuple[SessionOption, ...]:
        """Return the options."""
        rows = value if isinstance(value, list) and len(value) <= OPTIONS_MAX else None
        if rows is None or not all(isinstance(row, dict) for row in rows):
            note(where, f"must be {self.words()}")
            return ()
        options = tuple(self._row(row, (*where, index), note) for index, row in enumerate(rows))
        for index, option in enumerate(options):
            if option.name in {other.name for other in options[:index]}:
                note((*where, index, "name"), f"is there twice: {option.name!r}")
        return options

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        value = {"type": "string", "pattern": f"^{_VALUE}$"}
        properties = {
            "name": {"type": "string", "pattern": f"^({_NAME})$"},
            "argument": {"type": "string", "pattern": f"^({_ARGUMENT})$"},
            "variable": {"type": "string", "pattern": f"^({self.variable})$"},
            "values": {"type": "array", "minItems": 1, "maxItems": VALUES_MAX, "items": value},
        }
        one = [{"required": ["argument"]}, {"required": ["variable"]}]
        row = {"type": "object", "required": ["name"], "properties": properties, "oneOf": one}
        return {"type": "array", "maxItems": OPTIONS_MAX, "items": {**row, "additionalProperties": False}}

    def words(self) -> str:
        """Return the form."""
        return (
            f"at most {OPTIONS_MAX} tables, each written as [[options]], with name, either argument or variable, and "
            f"perhaps the values that there are; others are texts of at most {VALUE_MAX_LEN} characters"
        )

    def _row(self, row: Mapping[str, Any], where: Path, note: Note) -> SessionOption:
        for key in row.keys() - {*_FIELDS}:
            note((*where, key), f"is no field of title.toml; an option has {', '.join(_FIELDS)}")
        texts = {"name": _NAME, "argument": _ARGUMENT, "variable": self.variable}
        for key, pattern in texts.items():
            if key in row and not _fits(row[key], pattern):
                note((*where, key), f"does not fit: write such as {_EXAMPLES[key]}")
        if "name" not in row:
            note((*where, "name"), f"is missing: write such as {_EXAMPLES['name']}")
        if ("argument" in row) == ("variable" in row):
            note((*where, "argument"), "must be there, or variable in its place: how the program is given the value")
        values = row.get("values", ())
        few = isinstance(values, list) and 0 < len(values) <= VALUES_MAX
        if "values" in row and not (few and all(_fits(value, _VALUE) for value in values)):
            values = ()
            note((*where, "values"), f"must be a list of 1 to {VALUES_MAX} texts that do not begin with - or +")
        found = {key: str(row.get(key, "")) for key in texts}
        return SessionOption(**found, values=tuple(values))


_EXAMPLES = {"name": '"level"', "argument": '"--level"', "variable": '"LEVEL"'}


def settle(options: Sequence[SessionOption], chosen: Mapping[str, str]) -> tuple[tuple[str, ...], dict[str, str]]:
    """Return the arguments and the environment that a session's choices come to, in the manifest's order.

    Args:
        options: What the title's manifest declares.
        chosen: Values by the options' names, from anybody.

    Raises:
        WireError: ``malformed``, with what there is to choose from.
    """
    known = {option.name: option for option in options}
    for name, value in chosen.items():
        option = known.get(name)
        if option is None:
            words = f"it has: {', '.join(known)}" if known else "it has none"
            raise WireError(Reason.MALFORMED, f"this title has no option {name[:40]!r}; {words}")
        if not _fits(value, _VALUE) or (option.values and value not in option.values):
            short = f"text of at most {VALUE_MAX_LEN} characters that does not begin with - or +"
            words = f"one of {', '.join(option.values)}" if option.values else short
            raise WireError(Reason.MALFORMED, f"the option {name} must be {words}")
    set_now = [(option, chosen[option.name]) for option in options if option.name in chosen]
    arguments = tuple(word for option, value in set_now if option.argument for word in (option.argument, value))
    return arguments, {option.variable: value for option, value in set_now if option.variable}


def _fits(value: object, pattern: str) -> bool:
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None
