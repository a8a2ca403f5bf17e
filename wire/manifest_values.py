"""Kinds of values that a ``title.toml`` holds: each reads one, and says in words and as JSON Schema what it takes.

``read`` returns the value in the form that the manifest's classes have. Where what was written does not fit, it notes
a fault and returns anything of that form: a manifest with faults is never used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Protocol, TypeAlias

from wire.toml_lines import Path

Note: TypeAlias = Callable[[Path, str], None]
"""Takes where a fault is, and what is to be written instead, to be read after the field's name."""

_LANGUAGE = r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?"


class Value(Protocol):
    """One kind of value."""

    def read(self, value: Any, where: Path, note: Note) -> Any:
        """Return the value, and note what is wrong with it."""

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of what may be written."""

    def words(self) -> str:
        """Return what may be written, for a person."""


@dataclass(frozen=True)
class Text:
    """A text in one language or none."""

    max_len: int
    pattern: str = r"[\s\S]*"
    """What the whole text must be, as a regular expression that JSON Schema knows as well."""
    form: str = ""
    """The pattern in words."""

    def read(self, value: Any, where: Path, note: Note) -> str:
        """Return the text."""
        if not isinstance(value, str) or not 0 < len(value) <= self.max_len or "\0" in value:
            note(where, f"must be {self._length()} without NUL")
            return ""
        if re.fullmatch(self.pattern, value) is None:
            note(where, f"must be {self.form}")
        return value

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        body: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": self.max_len}
        return {**body, "pattern": f"^{self.pattern}$"} if self.form else body

    def words(self) -> str:
        """Return the form and the length."""
        return f"{self.form}, {self._length()}" if self.form else self._length()

    def _length(self) -> str:
        return f"text of 1 to {self.max_len} characters"


@dataclass(frozen=True)
class Words:
    """A text by language; a plain text stands for English."""

    max_len: int

    def read(self, value: Any, where: Path, note: Note) -> Mapping[str, str]:
        """Return the texts by language."""
        if isinstance(value, str):
            return {"en": Text(self.max_len).read(value, where, note)}
        if not isinstance(value, dict) or "en" not in value:
            note(where, "must be text, or a table with a text for en")
            return {}
        for language in value:
            if re.fullmatch(_LANGUAGE, language) is None:
                note((*where, language), "is no language: they are written like en, zh or pt-BR")
        return {language: Text(self.max_len).read(text, (*where, language), note) for language, text in value.items()}

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        text = Text(self.max_len).schema()
        by_language = {
            "type": "object", "required": ["en"], "patternProperties": {f"^{_LANGUAGE}$": text},
            "additionalProperties": False,
        }  # fmt: skip
        return {"anyOf": [text, by_language]}

    def words(self) -> str:
        """Return the form and the length."""
        return f"text by language, en at least, of 1 to {self.max_len} characters"


@dataclass(frozen=True)
class Whole:
    """A whole number within bounds, both of which are allowed."""

    low: int
    high: int

    def read(self, value: Any, where: Path, note: Note) -> int:
        """Return the number."""
        if type(value) is not int or not self.low <= value <= self.high:
            note(where, f"must be a {self.words()}")
            return self.low
        return value

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": "integer", "minimum": self.low, "maximum": self.high}

    def words(self) -> str:
        """Return the bounds."""
        return f"whole number from {self.low} to {self.high}"


@dataclass(frozen=True)
class Flag:
    """True or false."""

    def read(self, value: Any, where: Path, note: Note) -> bool:
        """Return the flag."""
        if not isinstance(value, bool):
            note(where, "must be true or false")
        return value is True

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": "boolean"}

    def words(self) -> str:
        """Return both."""
        return "true or false"


@dataclass(frozen=True)
class Choice:
    """One of some texts or numbers."""

    options: Sequence[str | int]

    def read(self, value: Any, where: Path, note: Note) -> str | int:
        """Return what was chosen."""
        if type(value) not in (str, int) or value not in self.options:
            note(where, f"must be {self.words()}")
            return self.options[0]
        return self.options[self.options.index(value)]

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"enum": list(self.options)}

    def words(self) -> str:
        """Return the options."""
        one = f"one of {', '.join(map(str, self.options))}"
        return one if len(self.options) > 1 else str(self.options[0])


@dataclass(frozen=True)
class Choices:
    """Some of a list of texts."""

    options: Sequence[str]

    def read(self, value: Any, where: Path, note: Note) -> tuple[str, ...]:
        """Return what was chosen."""
        texts = isinstance(value, list) and all(isinstance(item, str) for item in value)
        if not texts or len(set(value)) < len(value) or not set(value) <= {*self.options}:
            note(where, f"must be a {self.words()}")
            return ()
        return tuple(value)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": "array", "items": {"enum": list(self.options)}, "uniqueItems": True}

    def words(self) -> str:
        """Return the options."""
        return f"list of {', '.join(self.options)}, each at most once"


@dataclass(frozen=True)
class Texts:
    """A list of texts, such as a command's arguments."""

    max_items: int
    max_len: int
    pattern: str = r"[^\u0000]*"
    form: str = "texts without NUL"

    def read(self, value: Any, where: Path, note: Note) -> tuple[str, ...]:
        """Return the texts."""
        if not isinstance(value, list) or len(value) > self.max_items:
            note(where, f"must be a {self.words()}")
            return ()
        for index, item in enumerate(value):
            if not isinstance(item, str) or len(item) > self.max_len or re.fullmatch(self.pattern, item) is None:
                note((*where, index), f"does not fit: {where[-1]} must be a {self.words()}")
        return tuple(map(str, value))

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        item = {"type": "string", "maxLength": self.max_len, "pattern": f"^{self.pattern}$"}
        return {"type": "array", "maxItems": self.max_items, "items": item}

    def words(self) -> str:
        """Return the form and the bounds."""
        return f"list of at most {self.max_items} {self.form}, each of at most {self.max_len} characters"


@dataclass(frozen=True)
class FilePath:
    """A POSIX path that stays inside the title's folder."""

    suffixes: Sequence[str] = ()

    def read(self, value: Any, where: Path, note: Note) -> str:
        """Return the path."""
        text = Text(256).read(value, where, note)
        path = PurePosixPath(text)
        if text and not is_inside(text):
            note(where, "must be a path inside the title's folder")
        elif text and self.suffixes and path.suffix not in self.suffixes:
            note(where, f"must end in {' or '.join(self.suffixes)}")
        return text

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        body = Text(256).schema()
        endings = "|".join(suffix.removeprefix(".") for suffix in self.suffixes)
        return {**body, "pattern": rf"\.({endings})$"} if self.suffixes else body

    def words(self) -> str:
        """Return the form."""
        ending = f" that ends in {' or '.join(self.suffixes)}" if self.suffixes else ""
        return f"path inside the title's folder{ending}"


@dataclass(frozen=True)
class Variables:
    """A table of environment variables."""

    max_items: int
    max_len: int
    name: str
    """What a name must be, as a regular expression."""
    form: str
    """The same in words."""

    def read(self, value: Any, where: Path, note: Note) -> Mapping[str, str]:
        """Return the variables."""
        if not isinstance(value, dict) or len(value) > self.max_items:
            note(where, f"must be a table of at most {self.max_items} texts")
            return {}
        for key, item in value.items():
            if re.fullmatch(self.name, key) is None:
                note((*where, key), f"is no name that a title may set: {self.form}")
            if not isinstance(item, str) or len(item) > self.max_len or "\0" in item:
                note((*where, key), f"must be text without NUL of at most {self.max_len} characters")
        return {key: str(item) for key, item in value.items()}

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        item = {"type": "string", "maxLength": self.max_len}
        properties = {"patternProperties": {f"^{self.name}$": item}, "additionalProperties": False}
        return {"type": "object", "maxProperties": self.max_items, **properties}

    def words(self) -> str:
        """Return the form and the bounds."""
        return f"table of at most {self.max_items} texts of at most {self.max_len} characters; {self.form}"


def is_inside(text: str) -> bool:
    """Tell whether a POSIX path is relative and does not climb."""
    path = PurePosixPath(text)
    return not (path.is_absolute() or ".." in path.parts or "\\" in text or "\0" in text)
