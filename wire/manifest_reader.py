"""Reads classes whose fields are described for ``title.toml`` or ``runtime.toml``, and collects every fault.

A class is one typed definition for everything: ``entry: str = field(metadata=toml("entry", FilePath(), "…"))``. The
reader, the JSON Schema and the reference page are all made from it (``wire.export_manifest``).
"""

from __future__ import annotations

import dataclasses
import difflib
import re
import tomllib
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from wire.errors import Reason, WireError
from wire.manifest_values import Value
from wire.toml_lines import Path, find_lines

FAULTS_MAX = 50
"""Faults after which a manifest is read no further: nobody reads more, and looking for what was meant takes time."""

_KEY = "toml"
_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True)
class TomlField:
    """How a field is written in ``title.toml``."""

    path: str
    """Its key, or ``table.key``."""
    value: Value
    says: str
    """What it means, for the reference page and for editors."""
    unit: str
    """Unit of a number; empty where there is none."""
    default: Any
    """What stands if it is not written; ``dataclasses.MISSING`` if it must be."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the path as keys."""
        return tuple(self.path.split("."))


@dataclass(frozen=True, slots=True)
class ManifestFault:
    """One thing to mend."""

    line: int
    """From 1."""
    words: str


class ManifestError(WireError):
    """A manifest with faults.

    Attributes:
        faults: All of them, or the ``FAULTS_MAX`` that were found first, by line.
    """

    def __init__(self, faults: Sequence[ManifestFault], file: str, *, all_found: bool = True) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: fault.line))
        rows = (f"  line {fault.line}: {fault.words}" for fault in self.faults)
        rest = () if all_found else (f"  There are more than {FAULTS_MAX} faults. Correct these first.",)
        super().__init__(Reason.MALFORMED, "\n".join([f"{file}:", *rows, *rest]))


def open_manifest(text: str, file: str) -> ManifestReader:
    """Return a reader of a text.

    Raises:
        ManifestError: ``malformed``: it is not TOML.
    """
    try:
        return ManifestReader(tomllib.loads(text), find_lines(text), file)
    except (ValueError, RecursionError) as error:
        found = re.search(r" \(at line (\d+), column (\d+)\)", str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        words = str(error).replace(found[0], f" at column {found[2]}") if found else str(error)
        raise ManifestError([ManifestFault(line, f"this is not TOML: {words}")], file) from error


def toml(path: str, value: Value, says: str, *, unit: str = "") -> dict[str, Any]:
    """Return the metadata of a field that is written as ``path``."""
    return {_KEY: (path, value, says, unit)}


def toml_fields(kind: type[Any]) -> tuple[TomlField, ...]:
    """Return the fields of a described class, those of described classes within it included, as they are declared."""
    return tuple(_fields(kind))


def _fields(kind: type[Any]) -> Iterator[TomlField]:
    hints = typing.get_type_hints(kind)
    for field in dataclasses.fields(kind):
        if _KEY not in field.metadata:
            yield from _fields(hints[field.name])
            continue
        path, value, says, unit = field.metadata[_KEY]
        default = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
        yield TomlField(path, value, says, unit, default)


class ManifestReader:
    """Reads one manifest.

    Args:
        body: What ``tomllib`` returned.
        lines: Where each key stands.
        file: What it is called.
    """

    def __init__(self, body: Mapping[str, Any], lines: Mapping[Path, int], file: str) -> None:
        self._file = file
        self._body = body
        self._lines = lines
        self.faults: list[ManifestFault] = []
        self._faulty: set[str] = set()

    def note(self, path: Path, words: str) -> None:
        """Note what is wrong with a field; the words follow its name.

        Raises:
            ManifestError: this is one fault too many.
        """
        if len(self.faults) == FAULTS_MAX:
            raise ManifestError(self.faults, self._file, all_found=False)
        name = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).removeprefix(".")
        self.faults.append(ManifestFault(self._line(path), f"{name} {words}"))
        self._faulty.add(name)

    def fits(self, *paths: str) -> bool:
        """Tell whether fields can be compared: each by itself is as it must be."""
        return self._faulty.isdisjoint(paths)

    def has(self, path: str) -> bool:
        """Tell whether a field is written."""
        return tuple(path.split(".")) in self._lines

    def read(self, kind: type[_Read]) -> _Read:
        """Return an object of a described class."""
        fields = toml_fields(kind)
        self._unknown(fields)
        values = {field.path: self._value(field) for field in fields}
        return typing.cast(_Read, _make(kind, values))

    def _line(self, path: Path) -> int:
        """Return the line of a path, or of what it would be written into."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    def _value(self, field: TomlField) -> Any:
        table: Any = self._body
        for key in field.keys[:-1]:
            table = table.get(key, {})
            if not isinstance(table, dict):
                return field.default
        if field.keys[-1] in table:
            return field.value.read(table[field.keys[-1]], field.keys, self.note)
        if field.default is dataclasses.MISSING:
            self.note(field.keys, f"is missing: write {field.value.words()}")
        return field.default

    def _unknown(self, fields: Sequence[TomlField]) -> None:
        """Note the fields that mean nothing, most often misspelt ones, and what should be a table."""
        known = {field.keys for field in fields}
        tables = {keys[:-1] for keys in known} - {()}
        for key, value in self._body.items():
            if (key,) in tables and isinstance(value, dict):
                for inner in value:
                    if (key, inner) not in known:
                        self._note_unknown((key, inner), known)
            elif (key,) in tables:
                self.note((key,), f"must be a table, written as [{key}]")
            elif (key,) not in known:
                self._note_unknown((key,), known | tables)

    def _note_unknown(self, path: tuple[str, ...], known: set[tuple[str, ...]]) -> None:
        near = difflib.get_close_matches(".".join(path), [".".join(keys) for keys in known], n=1)
        self.note(path, f"is no field of {self._file}{f'; did you mean {near[0]}?' if near else ''}")


def _make(kind: type[Any], values: Mapping[str, Any]) -> Any:
    hints = typing.get_type_hints(kind)
    arguments = {}
    for field in dataclasses.fields(kind):
        described = field.metadata.get(_KEY)
        arguments[field.name] = _make(hints[field.name], values) if described is None else values[described[0]]
    return kind(**arguments)
