"""Logs that others write to stay bounded."""

from __future__ import annotations

import os
from pathlib import Path

from farplay.log_file import last_lines, open_log, trim_log


def test_a_long_log_is_set_aside_under_its_writer(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "node.log"
    writer = open_log(path)
    os.write(writer, b"a" * 100)
    assert not trim_log(path, max_bytes=100)
    os.write(writer, b"b")
    assert trim_log(path, max_bytes=100)
    os.write(writer, b"after")
    os.close(writer)
    assert path.read_bytes() == b"after", "the writer went on at its old offset"
    assert (tmp_path / "logs" / "node.log.1").read_bytes() == b"a" * 100 + b"b"


def test_a_log_that_is_not_there(tmp_path: Path) -> None:
    assert not trim_log(tmp_path / "none.log")
    assert last_lines(tmp_path / "none.log") == []


def test_last_lines_of_a_long_log(tmp_path: Path) -> None:
    path = tmp_path / "node.log"
    path.write_text("\n".join(f"line {number}" for number in range(5000)))
    assert last_lines(path, 2) == ["line 4998", "line 4999"]
