"""Folders are removed whole, whatever a title made of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.deep_folders import DEPTH, little_stack, make_deep
from title_archive.removal import remove_tree


@pytest.mark.parametrize("name", ["d", "d" * 250])
def test_depth_and_length_are_not_bounded(tmp_path: Path, name: str) -> None:
    target = tmp_path / "target"
    target.mkdir()
    (target / name).mkdir()
    make_deep(target / name, DEPTH, name)
    make_deep(target / name, 3, "other")
    with little_stack():
        remove_tree(target)
    assert list(tmp_path.iterdir()) == []


def test_links_lead_nowhere_and_modes_do_not_hinder(tmp_path: Path) -> None:
    target, kept = tmp_path / "target", tmp_path / "kept"
    kept.mkdir(mode=0o750)
    (kept / "file").touch()
    (target / "inner" / "deep").mkdir(parents=True)
    (target / "inner" / "link").symlink_to(kept)
    (target / "inner" / "deep" / "file").touch(mode=0o400)
    for folder in (target / "inner" / "deep", target / "inner", target):
        folder.chmod(0)
    link = tmp_path / "link"
    link.symlink_to(kept)
    remove_tree(link)
    remove_tree(target)
    assert sorted(tmp_path.iterdir()) == [kept, link]
    assert [path.name for path in kept.iterdir()] == ["file"]
    assert kept.stat().st_mode & 0o777 == 0o750


def test_what_is_not_there_is_no_fault(tmp_path: Path) -> None:
    remove_tree(tmp_path / "nowhere" / "at all")
    remove_tree(tmp_path / "nowhere")
    assert list(tmp_path.iterdir()) == []
