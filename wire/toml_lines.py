"""Finds the line of every key and list item of a TOML text, which ``tomllib`` reads but does not tell.

Source: TOML 1.0.0. The text must be one that ``tomllib`` has accepted: what is no TOML gives meaningless lines.
"""

from __future__ import annotations

import re
import tomllib
from typing import TypeAlias

Path: TypeAlias = tuple[str | int, ...]
"""Keys, and indexes of list items, from the root on."""

_SPACE = re.compile(r"[ \t]*")
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
_STRING = re.compile(
    r'''"""(?:[^"\\]|\\[\s\S]|"{1,2}(?!"))*"{3,5}|'''
    r"""'''(?:[^']|'{1,2}(?!'))*'{3,5}|"""
    r""""(?:[^"\\\n]|\\.)*"|'[^'\n]*'"""
)
_BARE = re.compile(r"[^,\]}#\n]*")


def find_lines(text: str) -> dict[Path, int]:
    """Return the line, from 1, on which each key or list item begins; a table's is that of its first mention."""
    return _Scanner(text).scan()


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line, self._line_at = 1, 0
        self._lines: dict[Path, int] = {}
        self._tables: dict[Path, int] = {}
        """How many tables each ``[[list]]`` has so far."""

    def scan(self) -> dict[Path, int]:
        where: Path = ()
        self._take(_BLANK)
        while self._at < len(self._text):
            if self._skip("[["):
                where = self._next_table(self._key())
            elif self._skip("["):
                where = self._within(self._key())
                self._note(where)
            else:
                self._pair(where)
            self._take(_SPACE)
            self._skip("]")
            self._skip("]")
            self._take(_BLANK)
        return self._lines

    def _within(self, keys: tuple[str, ...]) -> Path:
        """Return the path that a header's keys mean: those of a ``[[list]]`` name its newest table."""
        path: Path = ()
        for key in keys:
            self._note(path)
            path = (*path, key)
            if path in self._tables:
                path = (*path, self._tables[path] - 1)
        return path

    def _next_table(self, keys: tuple[str, ...]) -> Path:
        path: Path = (*self._within(keys[:-1]), keys[-1])
        self._note(path)
        index = self._tables.get(path, 0)
        self._tables[path] = index + 1
        self._note((*path, index))
        return (*path, index)

    def _pair(self, where: Path) -> None:
        for key in self._key():
            where = (*where, key)
            self._note(where)
        self._skip("=")
        self._take(_SPACE)
        self._value(where)

    def _value(self, where: Path) -> None:
        if self._skip("["):
            self._list(where)
        elif self._skip("{"):
            self._table(where)
        elif not self._take(_STRING):
            self._take(_BARE)

    def _list(self, where: Path) -> None:
        index = 0
        self._take(_BLANK)
        while not self._skip("]"):
            self._note((*where, index))
            self._value((*where, index))
            index += 1
            self._take(_BLANK)
            self._skip(",")
            self._take(_BLANK)

    def _table(self, where: Path) -> None:
        self._take(_SPACE)
        while not self._skip("}"):
            self._pair(where)
            self._take(_SPACE)
            self._skip(",")
            self._take(_SPACE)

    def _key(self) -> tuple[str, ...]:
        keys = []
        while True:
            self._take(_SPACE)
            word = self._take(_KEY)
            keys.append(str(tomllib.loads(f"key = {word}")["key"]) if word[:1] in ("'", '"') else word)
            self._take(_SPACE)
            if not self._skip("."):
                return tuple(keys)

    def _note(self, path: Path) -> None:
        self._line += self._text.count("\n", self._line_at, self._at)
        self._line_at = self._at
        if path:
            self._lines.setdefault(path, self._line)

    def _take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        word = found.group() if found is not None else ""
        self._at += len(word)
        return word

    def _skip(self, word: str) -> bool:
        here = self._text.startswith(word, self._at)
        self._at += len(word) if here else 0
        return here
