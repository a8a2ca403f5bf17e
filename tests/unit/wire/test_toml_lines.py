"""Lines of a TOML text: every key that ``tomllib`` reads is found, on the line on which its value stands."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.toml_lines import Path, find_lines

SAMPLE = r'''# comment with [brackets] and key = 1
title = "a # no comment"  # a comment

[owner]
"quoted key" = 'C:\'
dob = 1979-05-27 07:32:00
text = """
[not.a.table]
x = 1 \""" y
"""
raw = ~~~
it's [[none]]~~~'
after.deep.er = 1
[[rows]]
a = [
  1, # one
  [ "]", '}' ],
  { b = "}", c.d = 2 },
]
[rows.sub]
e = {}
[[rows]]
f = true
[[rows.deep]]
g = 1
'''


def paths(value: Any, where: Path = ()) -> set[Path]:
    """Return every path of a TOML value."""
    inner: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return {where, *(path for key, item in inner for path in paths(item, (*where, key)))} - {()}


def test_lines_of_a_hard_text() -> None:
    text = SAMPLE.replace("~~~", "'" * 3)
    lines = find_lines(text)
    assert set(lines) == paths(tomllib.loads(text))
    expected: dict[Path, int] = {
        ("title",): 2,
        ("owner",): 4,
        ("owner", "quoted key"): 5,
        ("owner", "dob"): 6,
        ("owner", "text"): 7,
        ("owner", "raw"): 11,
        ("owner", "after", "deep", "er"): 13,
        ("rows",): 14,
        ("rows", 0, "a", 0): 16,
        ("rows", 0, "a", 1, 1): 17,
        ("rows", 0, "a", 2, "c", "d"): 18,
        ("rows", 0, "sub", "e"): 21,
        ("rows", 1): 22,
        ("rows", 1, "deep", 0, "g"): 25,
    }
    assert {path: lines[path] for path in expected} == expected


KEYS = st.one_of(
    st.from_regex(r"[A-Za-z0-9_-]{1,6}", fullmatch=True),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=6),
)


def written_key(key: str) -> str:
    """Return a key as TOML has it, quoted wherever it may be."""
    return '"' + "".join(f"\\U{ord(char):08x}" if char in '"\\' else char for char in key) + '"'


class Writer:
    """Writes tables as TOML, one key a line, and remembers the lines."""

    def __init__(self) -> None:
        self.rows: list[str] = []
        self.lines: dict[Path, int] = {}

    def table(self, body: dict[str, Any], where: Path, heading: str) -> None:
        for key, value in body.items():
            if not isinstance(value, dict):
                self.note((*where, key))
                self.value(f"{written_key(key)} = ", value, (*where, key))
        for key, value in body.items():
            if isinstance(value, dict):
                inner = f"{heading}.{written_key(key)}" if heading else written_key(key)
                self.note((*where, key))
                self.rows.append(f"[ {inner} ] # [x]")
                self.table(value, (*where, key), inner)

    def value(self, before: str, value: Any, where: Path) -> None:
        if isinstance(value, list):
            self.rows.append(f"{before}[ # ]")
            for index, item in enumerate(value):
                self.note((*where, index))
                self.value("", item, (*where, index))
                self.rows.append(",")
            self.rows.append("]")
        else:
            self.rows += f"{before}{value}".split("\n")

    def note(self, path: Path) -> None:
        self.lines[path] = len(self.rows) + 1


SCALARS = st.sampled_from(
    [
        "1",
        "true",
        "1.5e3",
        "1979-05-27T07:32:00Z",
        '"#]}"',
        '"\\""',
        "'\\'",
        '"""\n[x]\n\\""" """',
        "'''a\nb = '1''''",
        '""',
    ]
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3), max_leaves=6)
BODIES = st.recursive(
    st.dictionaries(KEYS, VALUES, max_size=4),
    lambda inner: st.dictionaries(KEYS, VALUES | inner, max_size=4),
    max_leaves=8,
)


@given(BODIES, st.sampled_from(["\n", "\r\n"]))
def test_every_key_is_found_on_its_line(body: dict[str, Any], newline: str) -> None:
    writer = Writer()
    writer.table(body, (), "")
    text = newline.join([*writer.rows, ""])
    assert set(find_lines(text)) == paths(tomllib.loads(text))
    assert find_lines(text) == writer.lines


@pytest.mark.parametrize("text", ["", "# only a comment", "a = 1", "a=[]\nb={c=[{}]}"])
def test_small_texts(text: str) -> None:
    assert set(find_lines(text)) == paths(tomllib.loads(text))
