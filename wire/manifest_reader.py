"""Reads the tables of a ``title.toml`` and collects every fault, so that its author sees all of them at once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")


@dataclass
class ManifestReader:
    """Each method returns a value that fits, and notes a fault where what was written does not."""

    faults: list[str] = field(default_factory=list)

    def fields(self, table: Mapping[str, Any], known: set[str], where: str = "") -> None:
        """Note the fields that mean nothing, most often misspelt ones."""
        self.faults += [f"unknown field {where}{key}" for key in sorted(table.keys() - known)]

    def text(self, table: Mapping[str, Any], key: str, where: str = "", *, max_len: int = 128) -> str:
        """Return a text that must be there."""
        value = table.get(key)
        if not isinstance(value, str) or not 0 < len(value) <= max_len:
            self.faults.append(f"{where}{key} must be text of 1 to {max_len} characters")
            return ""
        return value

    def words(self, table: Mapping[str, Any], key: str, where: str = "", *, max_len: int) -> Mapping[str, str]:
        """Return a text by language; a plain text stands for English. Nothing at all if the key is not there."""
        value = table.get(key)
        if value is None:
            return {}
        if isinstance(value, str):
            value = {"en": value}
        if not isinstance(value, dict) or "en" not in value:
            self.faults.append(f"{where}{key} must be text, or a table with a text for en")
            return {}
        for language in value:
            if not _LANGUAGE.fullmatch(language):
                self.faults.append(f"{where}{key}.{language}: languages are written like en, zh or pt-BR")
            self.text(value, language, f"{where}{key}.", max_len=max_len)
        return dict(value)

    def number(self, table: Mapping[str, Any], key: str, where: str, low: int, high: int, default: int) -> int:
        """Return a whole number, or the default if the key is not there."""
        value = table.get(key, default)
        if type(value) is not int or not low <= value <= high:
            self.faults.append(f"{where}{key} must be a whole number from {low} to {high}")
            return default
        return value

    def flag(self, table: Mapping[str, Any], key: str, where: str, *, default: bool) -> bool:
        """Return true or false, or the default if the key is not there."""
        value = table.get(key, default)
        if not isinstance(value, bool):
            self.faults.append(f"{where}{key} must be true or false")
            return default
        return value

    def table(self, parent: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        """Return a table, empty if the key is not there."""
        value = parent.get(key, {})
        if not isinstance(value, dict):
            self.faults.append(f"{key} must be a table")
            return {}
        return value

    def choice(self, table: Mapping[str, Any], key: str, where: str, allowed: Sequence[str], default: str) -> str:
        """Return one of the allowed texts."""
        value = table.get(key, default)
        if value not in allowed:
            self.faults.append(f"{where}{key} must be one of {', '.join(allowed)}")
            return default
        return str(value)

    def choices(
        self, table: Mapping[str, Any], key: str, where: str, allowed: Sequence[str], default: tuple[str, ...]
    ) -> tuple[str, ...]:
        """Return a list of allowed texts, each at most once."""
        value = table.get(key, list(default))
        if (
            not isinstance(value, list)
            or len(set(map(str, value))) < len(value)
            or not set(map(str, value)) <= {*allowed}
        ):
            self.faults.append(f"{where}{key} must be a list of {', '.join(allowed)}, each at most once")
            return default
        return tuple(value)

    def path(self, table: Mapping[str, Any], key: str, *, suffixes: Sequence[str] = ()) -> str:
        """Return a POSIX path that stays inside the title's folder."""
        value = self.text(table, key, max_len=256)
        path = PurePosixPath(value)
        if value and (path.is_absolute() or ".." in path.parts or "\\" in value or "\0" in value):
            self.faults.append(f"{key} must be a path inside the title's folder")
        elif value and suffixes and path.suffix not in suffixes:
            self.faults.append(f"{key} must end in {' or '.join(suffixes)}")
        return value
