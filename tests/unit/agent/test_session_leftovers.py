"""What sessions leave is removed, however deep a title nested its folders."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from render_node.agent.io.session_leftovers import SessionLeftovers
from render_node.session.io import pod_sandbox
from tests.support.deep_folders import DEPTH, little_stack, make_deep
from title_archive.removal import remove_tree
from wire.sandbox import SESSION_PREFIX, session_name


def test_deep_folders_of_the_dead_do_not_keep_an_agent_from_starting(tmp_path: Path) -> None:
    dead, alive = tmp_path / f"{SESSION_PREFIX}{2**22 + 1}-ses_a", tmp_path / session_name(os.getpid(), "ses_b")
    for folder in (dead, alive):
        folder.mkdir()
        make_deep(folder, DEPTH)
    leftovers = SessionLeftovers(tmp_path)
    with little_stack():
        leftovers.remove_of_the_dead()
    assert list(tmp_path.iterdir()) == [alive]
    with little_stack():
        leftovers.remove("ses_b")
    assert list(tmp_path.iterdir()) == []


def test_a_session_folder_goes_with_the_deep_folders_in_it(tmp_path: Path) -> None:
    folder = pod_sandbox.SessionFolder(tmp_path / "run" / "ses_a", None, ())
    make_deep(folder.tmp, DEPTH)
    with little_stack():
        folder.remove()
    assert list((tmp_path / "run").iterdir()) == []


def test_a_deep_save_folder_is_handed_over_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pod_sandbox, "closed_to_others", lambda path: None)
    handed: list[object] = []
    monkeypatch.setattr(os, "chown", lambda path, *_, **__: handed.append(path))
    monkeypatch.setattr(os, "fchown", lambda path, *_: handed.append(path))
    saves = tmp_path / "saves"
    saves.mkdir()
    make_deep(saves, DEPTH)
    with little_stack():
        pod_sandbox.hand_over(str(saves), os.getuid())
    assert len(handed) == DEPTH + 2
    remove_tree(saves)
