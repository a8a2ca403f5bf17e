"""A developer's changes to a title are noticed, and nothing else is."""

from __future__ import annotations

import os
from pathlib import Path

from render_node.agent.io import title_watch
from render_node.agent.io.title_watch import TitleWatch
from wire.title_manifest import InstalledTitle, bare_manifest


def test_what_is_written_added_or_removed_is_noticed_once(tmp_path: Path) -> None:
    (tmp_path / "art").mkdir()
    program, picture = tmp_path / "chess.py", tmp_path / "art" / "board.png"
    program.write_text("1")
    watch = TitleWatch([InstalledTitle(bare_manifest("chess.py"), str(tmp_path))])
    assert watch.changed() == []
    for change in (
        lambda: program.write_text("22"),
        lambda: os.utime(program, (1, 1)),
        lambda: picture.write_bytes(b""),
        lambda: picture.rename(tmp_path / "board.png"),
        lambda: (tmp_path / "board.png").unlink(),
    ):
        change()
        assert watch.changed() == ["chess"]
        assert watch.changed() == []


def test_what_is_not_the_titles_own_is_left_out(tmp_path: Path) -> None:
    watch = TitleWatch([InstalledTitle(bare_manifest("chess.py"), str(tmp_path))])
    for name in (".git", "__pycache__", "site-packages"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("")
    (tmp_path / "out").symlink_to("/nowhere")
    assert watch.changed() == ["chess"]
    (tmp_path / "out").unlink()
    tmp_path.rename(tmp_path.with_name("gone"))
    assert watch.changed() == ["chess"]
    tmp_path.with_name("gone").rename(tmp_path)


def test_a_huge_folder_costs_no_more_than_its_bound(tmp_path: Path) -> None:
    for number in range(9):
        (tmp_path / f"{number}.py").write_text("")
    before, title_watch.FILES_MAX = title_watch.FILES_MAX, 4
    try:
        watch = TitleWatch([InstalledTitle(bare_manifest("0.py"), str(tmp_path))])
        (tmp_path / "8.py").write_text("changed")
        assert watch.changed() == []
        (tmp_path / "3.py").write_text("changed")
        assert watch.changed() == ["0"]
    finally:
        title_watch.FILES_MAX = before
