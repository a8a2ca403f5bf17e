"""One Farplay per data folder."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from farplay.data_folder import FolderLock, default_data_dir
from farplay.failures import CommandFailure, ExitStatus


def test_a_second_one_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    with FolderLock(tmp_path / "data", "farplay"):
        with pytest.raises(CommandFailure, match=f"process {os.getpid()}") as refused:
            FolderLock(tmp_path / "data", "farplay")
        assert refused.value.status is ExitStatus.LOCKED
    FolderLock(tmp_path / "data", "farplay").release()


def test_each_role_has_its_own_lock(tmp_path: Path) -> None:
    with FolderLock(tmp_path, "farplay"), FolderLock(tmp_path, "broker"), FolderLock(tmp_path, "node"):
        assert sorted(path.name for path in tmp_path.iterdir()) == ["broker.lock", "farplay.lock", "node.lock"]


def test_a_new_folder_is_private(tmp_path: Path) -> None:
    FolderLock(tmp_path / "new" / "data", "farplay").release()
    assert stat.S_IMODE((tmp_path / "new" / "data").stat().st_mode) == 0o700


def test_a_folder_that_cannot_be_made_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CommandFailure, match="cannot be used") as failed:
        FolderLock(tmp_path / "file" / "data", "farplay")
    assert "--data-dir" in failed.value.advice


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"XDG_DATA_HOME": "/data"}, Path("/data/farplay")),
        ({}, Path.home() / ".local/share/farplay"),
        ({"XDG_DATA_HOME": "relative"}, Path.home() / ".local/share/farplay"),
    ],
)
def test_default_place(variables: dict[str, str], expected: Path) -> None:
    assert default_data_dir(variables) == expected
