"""Folders that titles write to: measured without following links, cut back from the newest on."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from render_node.session.io.title_storage import DEPTH_MAX, StorageBound, cut_back, fault
from tests.support.deep_folders import make_deep

MIB = 1 << 20


def test_bytes_and_entries_are_bounded(tmp_path: Path) -> None:
    bound = StorageBound(str(tmp_path), MIB, 5)
    assert fault(bound) is None
    (tmp_path / "a").write_bytes(bytes(MIB // 2))
    (tmp_path / "deep" / "er").mkdir(parents=True)
    assert fault(bound) is None
    (tmp_path / "deep" / "er" / "b").write_bytes(os.urandom(MIB))
    assert "1 MiB" in str(fault(bound))
    (tmp_path / "deep" / "er" / "b").unlink()
    for number in range(3):
        (tmp_path / f"empty{number}").touch()
    assert "5 files" in str(fault(bound))


def test_holes_cost_nothing_and_links_lead_nowhere(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    (outside / "large").write_bytes(os.urandom(2 * MIB))
    (inside / "folder").symlink_to(outside)
    (inside / "file").symlink_to(outside / "large")
    with (inside / "sparse").open("wb") as file:
        file.truncate(100 * MIB)
    bound = StorageBound(str(inside), MIB, 5)
    assert fault(bound) is None
    assert cut_back(bound) == 0
    assert (outside / "large").exists()


def test_what_came_last_goes_first(tmp_path: Path) -> None:
    old, new, deep = tmp_path / "old", tmp_path / "new", tmp_path / "deep"
    old.write_bytes(os.urandom(MIB // 2))
    deep.mkdir()
    (deep / "er").write_bytes(os.urandom(MIB))
    new.write_bytes(os.urandom(MIB))
    bound = StorageBound(str(tmp_path), MIB, 100)
    assert cut_back(bound) == 2
    assert fault(bound) is None
    assert old.stat().st_size == MIB // 2
    assert not new.exists()


def test_a_tree_of_empty_folders_is_cut_back(tmp_path: Path) -> None:
    place = tmp_path
    for _ in range(20):
        place = place / "d"
        place.mkdir()
    (place / "f").touch()
    for folder in (place, *place.parents):
        if folder != tmp_path and folder.is_relative_to(tmp_path):
            folder.chmod(0o755)
    bound = StorageBound(str(tmp_path), MIB, 4)
    assert fault(bound) is not None
    cut_back(bound)
    assert fault(bound) is None


def test_a_folder_that_is_gone_is_within_its_bound(tmp_path: Path) -> None:
    assert fault(StorageBound(str(tmp_path / "nowhere"), 1, 1)) is None


@pytest.mark.parametrize(
    ("depth", "name", "words"), [(DEPTH_MAX, "d", "in each other"), (30, "d" * 250, "cannot be measured")]
)
def test_what_lies_too_deep_is_a_fault_and_goes_while_older_saves_stay(
    tmp_path: Path, depth: int, name: str, words: str
) -> None:
    (tmp_path / "old").touch()
    (tmp_path / "deep").mkdir()
    bound = StorageBound(str(tmp_path), MIB, 10_000)
    make_deep(tmp_path / "deep", 10, name)
    assert fault(bound) is None
    make_deep(tmp_path / "deep", depth, "e" * len(name))
    assert words in str(fault(bound))
    assert cut_back(bound) == 1
    assert fault(bound) is None
    assert (tmp_path / "old").exists()
    cut_back(StorageBound(str(tmp_path), 0, 0))


def failing(code: int, place: Path) -> Callable[[Any], Any]:
    """Return a ``scandir`` that cannot read one folder."""
    scandir = os.scandir

    def fail(path: Any) -> Any:
        if path == str(place):
            raise OSError(code, os.strerror(code))
        return scandir(path)

    return fail


@pytest.mark.parametrize(("code", "stays"), [(errno.EACCES, False), (errno.EMFILE, True), (errno.EIO, True)])
def test_a_folder_that_cannot_be_read_is_a_fault_and_goes_if_the_title_closed_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, stays: bool
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    (closed / "save").touch()
    bound = StorageBound(str(tmp_path), MIB, 5)
    monkeypatch.setattr(os, "scandir", failing(code, closed))
    assert os.strerror(code) in str(fault(bound))
    cut_back(bound)
    assert closed.exists() is stays
    monkeypatch.setattr(os, "scandir", failing(code, tmp_path))
    assert os.strerror(code) in str(fault(bound))
    cut_back(bound)
    assert tmp_path.exists()
