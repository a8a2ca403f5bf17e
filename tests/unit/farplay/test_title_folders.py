"""Titles are found, and what cannot be run is refused in words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from farplay.runtimes.local_runtimes import pin_table
from farplay.title_folders import bundled_titles, installed_titles, load_title, require_python
from wire.errors import Reason, WireError
from wire.package_lock import PackageLock, write_lock
from wire.runtime_manifest import RuntimePin
from wire.title_manifest import bare_manifest

MANIFEST = """
manifest = 1
id = "{id}"
version = "1.2.3"
kind = "pygame"
entry = "{entry}"
[name]
en = "Chess"
"""


def folder(parent: Path, name: str = "chess", *, entry: str = "main.py", title_id: str = "chess") -> Path:
    made = parent / name
    made.mkdir()
    (made / "main.py").write_text("")
    (made / "title.toml").write_text(MANIFEST.format(id=title_id, entry=entry))
    return made


def test_a_folder_with_a_manifest(tmp_path: Path) -> None:
    title = load_title(folder(tmp_path))
    assert (title.manifest.id, title.manifest.version, title.folder) == ("chess", "1.2.3", str(tmp_path / "chess"))


def test_a_bare_program(tmp_path: Path) -> None:
    program = tmp_path / "My Game.py"
    program.write_text("")
    title = load_title(program)
    assert (title.manifest.id, title.manifest.entry, title.folder) == ("my-game", "My Game.py", str(tmp_path))


def test_a_link_is_followed_to_the_folder_that_holds_the_files(tmp_path: Path) -> None:
    real = folder(tmp_path)
    (tmp_path / "link.py").symlink_to(real / "main.py")
    assert load_title(tmp_path / "link.py").folder == str(real)


def test_what_is_not_there_or_no_title(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / "empty").mkdir()
    for name, words in (("nothing", "does not exist"), ("notes.txt", "neither"), ("empty", "no title.toml")):
        with pytest.raises(WireError, match=words) as failure:
            load_title(tmp_path / name)
        assert failure.value.reason is Reason.NOT_FOUND


def test_a_missing_entry_is_named(tmp_path: Path) -> None:
    with pytest.raises(WireError, match=r"other\.py"):
        load_title(folder(tmp_path, entry="other.py"))


def test_an_entry_may_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    made = folder(tmp_path, entry="link.py")
    (tmp_path / "outside.py").write_text("")
    (made / "link.py").symlink_to(tmp_path / "outside.py")
    with pytest.raises(WireError, match="leads out"):
        load_title(made)


def test_faults_name_the_folder(tmp_path: Path) -> None:
    made = folder(tmp_path)
    (made / "title.toml").write_text("manifest = 2")
    with pytest.raises(WireError, match=str(made)) as failure:
        load_title(made)
    assert failure.value.reason is Reason.MALFORMED


@pytest.mark.parametrize("content", [b"\xff\xfe", b"#" * 70_000])
def test_unreadable_manifests(tmp_path: Path, content: bytes) -> None:
    made = folder(tmp_path)
    (made / "title.toml").write_bytes(content)
    with pytest.raises(WireError):
        load_title(made)


def test_the_bundled_titles_can_be_read() -> None:
    assert "testcard" in [title.manifest.id for title in bundled_titles()]


def test_a_named_title_wins_over_a_bundled_one(tmp_path: Path) -> None:
    own = folder(tmp_path, title_id="testcard")
    titles = {title.manifest.id: title for title in installed_titles([own], with_bundled=True)}
    assert titles["testcard"].folder == str(own)
    assert [title.manifest.id for title in installed_titles([own], with_bundled=False)] == ["testcard"]


def test_two_named_titles_with_one_id_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WireError, match="both the title 'chess'"):
        installed_titles([folder(tmp_path), folder(tmp_path, "again")], with_bundled=False)


def test_a_title_whose_python_packages_are_not_there_is_refused(tmp_path: Path) -> None:
    made = folder(tmp_path)
    with open(made / "title.toml", "a") as manifest:
        manifest.write("[python]\nrequires = ['shapely']\n")
    with pytest.raises(WireError, match=r"put them there with: farplay title pack .*chess"):
        load_title(made)
    (made / "site-packages").mkdir()
    (made / "title.lock").write_text("")
    with pytest.raises(WireError, match=r"title.lock cannot be used"):
        load_title(made)
    (made / "title.lock").write_text(write_lock(PackageLock(("shapely",), "x86_64", ())))
    assert load_title(made).manifest.python_requires == ("shapely",)


def test_a_title_for_another_python_can_be_loaded_but_not_run() -> None:
    require_python(bare_manifest("chess.py"))
    wanted = replace(bare_manifest("chess.py"), python_version="3.99")
    with pytest.raises(WireError, match=r"python.version = '3.99', and Farplay runs on Python 3\.\d+ here"):
        require_python(wanted)


def test_a_title_whose_runtime_is_not_here_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    made = folder(tmp_path)
    with open(made / "title.toml", "a") as manifest:
        manifest.write(f"{pin_table(RuntimePin('lamps', '1.0.0', '0' * 64, 7))}\n")
    with pytest.raises(WireError, match=r"the runtime lamps 1.0.0 \(0{12}\) is not on this machine. Build it with"):
        load_title(made)
