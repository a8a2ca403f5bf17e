"""Folders that titles write to: measured without following links, cut back from the newest on."""

from __future__ import annotations

import os
from pathlib import Path

from render_node.session.io.title_storage import StorageBound, cut_back, fault

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
    bound = StorageBound(str(tmp_path), MIB, 4)
    assert fault(bound) is not None
    cut_back(bound)
    assert fault(bound) is None


def test_a_folder_that_is_gone_is_within_its_bound(tmp_path: Path) -> None:
    assert fault(StorageBound(str(tmp_path / "nowhere"), 1, 1)) is None
