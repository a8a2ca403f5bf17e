"""Runtimes on this machine: taken whole, found by digest, packed anew to the same bytes, removed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from farplay.cli import app
from farplay.failures import CommandFailure, ExitStatus
from farplay.runtimes.local_runtimes import LocalRuntimes
from tests.support.published_title import archive, pin_of, runtime_archive
from wire.errors import Reason, WireError


def written(folder: Path, data: bytes) -> Path:
    path = folder / "x.farplay"
    path.write_bytes(data)
    return path


def test_a_runtime_is_taken_found_and_packed_to_the_same_bytes(tmp_path: Path) -> None:
    runtimes, data = LocalRuntimes(tmp_path / "runtimes"), runtime_archive()
    assert runtimes.all() == []
    pin = runtimes.add(written(tmp_path, data))
    assert pin == pin_of(data) == runtimes.add(written(tmp_path, data))
    assert runtimes.all() == [pin]
    assert (runtimes.find(pin) / "usr/share/lamp").read_bytes() == b"light"
    with runtimes.packed(pin) as path:
        assert path.read_bytes() == data
    assert sorted(os.listdir(tmp_path / "runtimes")) == [pin.sha256, f"{pin.sha256}.json"]


def test_one_that_was_changed_is_not_sent(tmp_path: Path) -> None:
    runtimes = LocalRuntimes(tmp_path / "runtimes")
    pin = runtimes.add(written(tmp_path, runtime_archive()))
    lamp = runtimes.find(pin) / "usr/share/lamp"
    lamp.chmod(0o644)
    lamp.write_text("night")
    with pytest.raises(WireError, match="were changed in") as caught, runtimes.packed(pin):
        pass
    assert caught.value.reason is Reason.BAD_ARCHIVE
    assert sorted(os.listdir(tmp_path / "runtimes")) == [pin.sha256, f"{pin.sha256}.json"]


def test_what_is_no_runtime_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    runtimes = LocalRuntimes(tmp_path / "runtimes")
    for data, words in ((archive(), "it has no runtime.toml"), (b"x", "too short")):
        with pytest.raises(WireError, match=words):
            runtimes.add(written(tmp_path, data))
    assert os.listdir(tmp_path / "runtimes") == []


def test_one_that_is_not_here_is_told_with_those_that_are(tmp_path: Path) -> None:
    runtimes = LocalRuntimes(tmp_path / "runtimes")
    here, other = (pin_of(runtime_archive(content)) for content in (b"here", b"other"))
    runtimes.add(written(tmp_path, runtime_archive(b"here")))
    with pytest.raises(WireError, match=rf"lamps 1.0.0 \({other.sha256[:12]}\) is not on .* \({here.sha256[:12]}\)"):
        runtimes.find(other)


def test_one_is_removed_by_enough_of_its_digest(tmp_path: Path) -> None:
    runtimes = LocalRuntimes(tmp_path / "runtimes")
    pin = runtimes.add(written(tmp_path, runtime_archive()))
    for digest in ("", "x"):
        with pytest.raises(CommandFailure, match="No runtime here begins with"):
            runtimes.remove(digest)
    assert runtimes.remove(pin.sha256[:6]) == pin
    assert os.listdir(tmp_path / "runtimes") == []


def test_the_commands_say_what_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))

    def types(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["runtime", *words])
        return done.exit_code, done.output

    pin = pin_of(runtime_archive())
    assert types("list") == (ExitStatus.OK, "There are none here yet: farplay runtime build FOLDER\n")
    path = str(written(tmp_path, runtime_archive()))
    status, output = types("add", path)
    assert (status, output.splitlines()[0]) == (ExitStatus.OK, "[runtime]"), output
    assert f'sha256 = "{pin.sha256}"' in output
    assert types("list") == (status, output)
    (listed,) = json.loads(types("list", "--json")[1])["runtimes"]
    assert (listed["sha256"], listed["archive_bytes"]) == (pin.sha256, pin.archive_bytes)
    assert types("remove", pin.sha256) == (ExitStatus.OK, "Removed lamps 1.0.0.\n")
    written(tmp_path, archive())
    status, output = types("add", path)
    assert (status, "it has no runtime.toml" in output) == (ExitStatus.BAD_TITLE, True), output
    status, output = types("add", str(tmp_path / "none"))
    assert (status, "No such file" in output) == (ExitStatus.FAILED, True), output
    status, output = types("build", str(tmp_path))
    assert (status, "has no runtime.toml" in output) == (ExitStatus.BAD_TITLE, True), output
