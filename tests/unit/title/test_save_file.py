from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from render_node.title import save_file
from render_node.title.save_file import KeptFile, replace_file


def full(descriptor: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_leaves_the_file_as_it_was_and_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "state"
    assert replace_file(path, b"one")
    monkeypatch.setattr("os.fsync", full)
    assert not replace_file(path, b"two")
    assert capsys.readouterr().err == "state could not be saved: No space left on device\n"
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("state", b"one")]


def test_what_is_kept_is_written_once_and_again_only_when_it_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[bytes] = []

    def note(path: Path, data: bytes) -> bool:
        tried.append(data)
        return len(tried) > 1 and replace_file(path, data)

    monkeypatch.setattr(save_file, "replace_file", note)
    kept = KeptFile(tmp_path / "game.srm")
    for data in (b"one", b"one", b"one", b"two", b"two"):
        kept.keep(data)
    kept.settle()
    assert tried == [b"one", b"one", b"two"]
    assert kept.path.read_bytes() == b"two"
