"""``farplay title``: what a developer types, reads and finds afterwards."""

from __future__ import annotations

import json
import os
import stat
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rich.console import Console
from typer.testing import CliRunner

from farplay.cli import app
from farplay.failures import CommandFailure, ExitStatus
from farplay.title_folders import load_title
from farplay.titles.check.local import check_title
from farplay.titles.check.report import print_report, to_json, write_junit
from farplay.titles.new_title import kinds
from farplay.titles.packages import load_package, signature_path
from farplay.titles.publisher_key import KEY_FILE, PublisherKey, load_key, new_key, rotate_key
from render_node.conformance import suite
from render_node.conformance.plan import CheckPlan
from title_archive.signing import follow
from wire.title_check import CheckReport, Finding, Outcome
from wire.title_manifest import KINDS, InstalledTitle
from wire.title_release import ROTATIONS_MAX

RUNNER = CliRunner()


def run(*words: str | Path) -> tuple[int, str]:
    done = RUNNER.invoke(app, ["title", *map(str, words)])
    return done.exit_code, done.output


def answer(*words: str | Path) -> dict[str, object]:
    status, output = run(*words, "--json")
    assert status == 0, output
    told = json.loads(output.splitlines()[-1])
    assert isinstance(told, dict)
    return told


@pytest.mark.parametrize("kind", kinds())
def test_a_new_title_has_no_fault_and_can_be_packed_signed_and_read(tmp_path: Path, kind: str) -> None:
    folder, archive, keys = tmp_path / "My_Game", tmp_path / "game.farplay", tmp_path / "keys"
    assert answer("init", folder, "--kind", kind, "--name", 'The "Game"')["title_id"] == "my_game"
    title = load_title(folder)
    assert (title.manifest.names["en"], title.manifest.kind) == ('The "Game"', kind)
    status, output = run("check", folder, "--files-only")
    assert status == 0, output
    packed = answer("pack", folder, "--out", archive)
    assert packed["bytes"] == archive.stat().st_size
    key = answer("key", "new", "--keys", keys)["key"]
    signed = answer("sign", archive, "--keys", keys)
    assert (signed["key"], signed["sha256"]) == (key, packed["sha256"])
    package = load_package(archive)
    assert (package.manifest.id, package.release.archive_sha256) == ("my_game", packed["sha256"])


def test_a_name_may_be_of_any_characters(tmp_path: Path) -> None:
    answer("init", tmp_path / "game", "--name", "星 🏝️ é")
    assert load_title(tmp_path / "game").manifest.names["en"] == "星 🏝️ é"
    for name in ("a\x7fb", "a\udcffb"):
        status, output = run("init", tmp_path / "other", "--name", name)
        assert (status, "cannot be a title's name" in output) == (ExitStatus.FAILED, True), output
    assert not (tmp_path / "other").exists()


def test_there_is_a_small_title_of_every_kind() -> None:
    assert set(kinds()) == set(KINDS)


async def test_titles_with_a_user_of_their_own_reach_their_folders_in_a_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes: list[int] = []

    def look(title: InstalledTitle, scratch: Path) -> list[Finding]:
        modes.append(stat.S_IMODE(scratch.stat().st_mode))
        return []

    monkeypatch.setattr(suite, "check_files", look)
    answer("init", tmp_path / "game")
    await check_title(tmp_path / "game", CheckPlan(run=False), lambda words: None)
    assert modes == [0o711]


def test_nothing_that_is_there_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    status, output = run("init", tmp_path)
    assert status == ExitStatus.FAILED
    assert "not empty" in output
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    assert "cannot be a title's id" in run("init", tmp_path / "new", "--id", "No Such")[1]
    assert "Kinds: libretro, native, pygame, sdk" in run("init", tmp_path / "new", "--kind", "cobol")[1]


def test_what_cannot_be_packed_is_named_with_its_line(tmp_path: Path) -> None:
    folder = tmp_path / "game"
    assert run("init", folder)[0] == 0
    manifest = (folder / "title.toml").read_text()
    (folder / "title.toml").write_text(manifest.replace("sound = true", "sounds = true"))
    status, output = run("pack", folder)
    assert status == ExitStatus.BAD_TITLE
    assert "line 9: sounds is no field of title.toml; did you mean sound?" in output
    (folder / "title.toml").write_text(manifest)
    (folder / "artwork.png").write_text("<svg/>")
    assert "not a PNG, JPEG or WebP picture" in run("pack", folder)[1]
    assert "has no title.toml" in run("pack", tmp_path)[1]


def test_an_archive_altered_after_signing_is_told(tmp_path: Path) -> None:
    folder, archive, keys = tmp_path / "game", tmp_path / "game.farplay", tmp_path / "keys"
    for words in (("init", folder), ("pack", folder, "-o", archive)):
        assert run(*words)[0] == 0
    assert "Make one with: farplay title key new" in run("sign", archive, "--keys", keys)[1]
    with pytest.raises(CommandFailure, match="is not signed"):
        load_package(archive)
    new_key(keys)
    assert run("sign", archive, "--keys", keys)[0] == 0
    (folder / "main.py").write_text("print('other')")
    assert run("pack", folder, "-o", archive)[0] == 0
    with pytest.raises(CommandFailure, match="was altered after it was signed"):
        load_package(archive)
    forged = signature_path(archive).read_text().replace('"version":"0.1.0"', '"version":"0.1.1"')
    signature_path(archive).write_text(forged)
    with pytest.raises(CommandFailure, match="is not good"):
        load_package(archive)
    archive.write_bytes(archive.read_bytes() + b"x")
    assert "something follows it" in run("sign", archive, "--keys", keys)[1]


def test_a_key_is_kept_from_others_and_from_being_lost(tmp_path: Path) -> None:
    first = new_key(tmp_path)
    path = tmp_path / KEY_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_key(tmp_path).public == first.public
    with pytest.raises(CommandFailure, match="holds a key already"):
        new_key(tmp_path)
    second, third = rotate_key(tmp_path), rotate_key(tmp_path)
    assert load_key(tmp_path).public == third.public
    assert [each.new_key for each in follow(first.public, third.public, third.rotations)] == [
        second.public,
        third.public,
    ]
    assert [each.name for each in tmp_path.iterdir()] == [KEY_FILE]
    path.chmod(0o640)
    with pytest.raises(CommandFailure, match="Others on this machine can read"):
        load_key(tmp_path)
    path.chmod(0o600)
    path.write_text("{}")
    with pytest.raises(CommandFailure, match="is damaged"):
        load_key(tmp_path)


def test_of_two_first_keys_made_at_once_one_is_told_that_it_came_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def link_after_another(source: Path, target: Path) -> None:
        monkeypatch.undo()
        firsts.append(new_key(tmp_path))
        os.link(source, target)

    firsts: list[PublisherKey] = []
    monkeypatch.setattr("os.link", link_after_another)
    with pytest.raises(CommandFailure, match="holds a key already"):
        new_key(tmp_path)
    assert [load_key(tmp_path).public] == [first.public for first in firsts]
    assert [each.name for each in tmp_path.iterdir()] == [KEY_FILE]


def test_a_key_changes_no_oftener_than_brokers_follow(tmp_path: Path) -> None:
    new_key(tmp_path)
    for _ in range(ROTATIONS_MAX):
        last = rotate_key(tmp_path)
    with pytest.raises(CommandFailure, match=f"changed {ROTATIONS_MAX} times"):
        rotate_key(tmp_path)
    assert load_key(tmp_path).public == last.public


def test_files_that_cannot_be_read_or_written_are_told(tmp_path: Path) -> None:
    folder, archive, keys = tmp_path / "game", tmp_path / "game.farplay", tmp_path / "keys"
    for words in (("init", folder), ("pack", folder, "-o", archive), ("key", "new", "--keys", keys)):
        assert run(*words)[0] == 0
    signature_path(archive).mkdir()
    status, output = run("sign", archive, "--keys", keys)
    assert (status, "cannot be written: Is a directory" in output.replace("\n", " ")) == (ExitStatus.FAILED, True), (
        output
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["game", "game.farplay", "game.farplay.sig", "keys"]
    with pytest.raises(CommandFailure, match="cannot be read: Is a directory"):
        load_package(archive)
    (tmp_path / "file").write_text("")
    for unwritable in (tmp_path / "file", tmp_path / "file" / "keys"):
        with pytest.raises(CommandFailure, match="cannot be written"):
            new_key(unwritable)
    (keys / KEY_FILE).write_bytes(b"\xff")
    with pytest.raises(CommandFailure, match="is damaged"):
        load_key(keys)
    (keys / KEY_FILE).unlink()
    (keys / KEY_FILE).mkdir()
    with pytest.raises(CommandFailure, match="cannot be read"):
        load_key(keys)


REPORT = CheckReport(
    "chess",
    (
        Finding("start", Outcome.PASSED, "first picture after 120 ms"),
        Finding("quit", Outcome.FAILED, "still there [bold]2 s[/]", "Its last words:\n\x1b[31mno\x00"),
        Finding("sound", Outcome.SKIPPED, "it did not run that far"),
    ),
    4.2,
)


def test_a_report_for_people_shows_what_failed_and_what_to_do() -> None:
    page = StringIO()
    print_report(REPORT, Console(width=100, file=page))
    shown = page.getvalue()
    assert "✓  start" in shown
    assert "still there [bold]2 s[/]" in shown
    assert "Its last words:\n[31mno\n" in shown, "nothing that a terminal obeys"
    assert "1 of 3 failed" in shown


def test_a_report_for_programs(tmp_path: Path) -> None:
    told = json.loads(to_json(REPORT))
    assert (told["passed"], told["findings"][1]["name"], told["findings"][1]["outcome"]) == (False, "quit", "failed")
    write_junit(REPORT, tmp_path / "check.xml")
    suite = ElementTree.parse(tmp_path / "check.xml").getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("3", "1", "1")
    failure = suite.find("testcase[@name='quit']/failure")
    assert failure is not None
    assert failure.text == "Its last words:\n\N{REPLACEMENT CHARACTER}[31mno\N{REPLACEMENT CHARACTER}"


def test_a_check_that_fails_says_so_to_scripts(tmp_path: Path) -> None:
    (tmp_path / "title.toml").write_text("manifest = 2\n")
    status, output = run("check", tmp_path, "--files-only", "--junit", tmp_path / "check.xml")
    assert status == ExitStatus.BAD_TITLE
    assert "line 1: manifest must be 1" in output
    assert (tmp_path / "check.xml").exists()
