"""A title with third-party wheels: locked, packed, and imported behind the walls. pip is real, its index a folder."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy
import pytest
from typer.testing import CliRunner

from farplay.cli import app
from farplay.failures import ExitStatus
from tests.support.running_title import running, walls_of
from tests.support.small_wheel import RAYS, as_the_index, wheel
from title_archive.reader import read_index
from wire.package_lock import read_lock
from wire.sandbox import Profile

pytestmark = pytest.mark.process

PROGRAM = "import rays.colours\nprint(rays.NAME)\n"


def types(*words: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["title", *map(str, words)])
    return done.exit_code, done.output


def a_title(folder: Path, *requires: str, more: str = "") -> Path:
    status, output = types("init", folder)
    assert status == 0, output
    (folder / "main.py").write_text(PROGRAM)
    with open(folder / "title.toml", "a") as manifest:
        manifest.write(f"\n[python]\nrequires = {list(requires)}\n{more}")
    return folder


def packed(folder: Path, target: Path) -> bytes:
    status, output = types("pack", folder, "--out", target)
    assert status == 0, output
    return target.read_bytes()


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return as_the_index(tmp_path / "index", monkeypatch)


async def test_wheels_are_locked_packed_the_same_everywhere_and_imported_behind_the_walls(
    tmp_path: Path, index: Path
) -> None:
    wheel(index, "rays", "1.4.0", RAYS, requires=("numpy",))
    wheel(index, "numpy", numpy.__version__, {"numpy/__init__.py": ""})
    title = a_title(tmp_path / "here", "rays>=1")
    first = packed(title, tmp_path / "first.farplay")
    lock = read_lock((title / "title.lock").read_text())
    assert [(each.name, each.version) for each in lock.wheels] == [("rays", "1.4.0")], "numpy comes with the kind"

    wheel(index, "rays", "1.5.0", RAYS)
    other = tmp_path / "elsewhere" / "game"
    shutil.copytree(title, other)
    shutil.rmtree(other / "site-packages")
    os.utime(other / "main.py", (1e9, 1e9))
    before = os.umask(0o077)
    try:
        assert packed(other, tmp_path / "second.farplay") == first, "from the lock alone, with a newer wheel at hand"
    finally:
        os.umask(before)
    (other / "site-packages" / "rays" / "colours.py").write_text("changed = True\n")
    (other / "site-packages" / "rays" / "more.py").write_text("")
    assert packed(other, tmp_path / "third.farplay") == first, "what was changed by hand is put right"

    assert {entry.name.decode() for entry in read_index(BytesIO(first)).entries} == {
        "artwork.png", "main.py", "title.lock", "title.toml", "site-packages/rays/__init__.py",
        "site-packages/rays/colours.py", "site-packages/rays-1.4.0.dist-info/METADATA",
        "site-packages/rays-1.4.0.dist-info/WHEEL",
    }  # fmt: skip
    for profile in Profile:
        walls = walls_of(tmp_path, profile)
        async with running(tmp_path, title / "main.py", walls=walls, site_packages="site-packages") as run:
            end = await run.ends_with()
            assert "rays 1.4.0" in end.detail, (profile, end)


def _missing(index: Path) -> None:
    wheel(index, "rays", "1.4.0", RAYS, tag="cp27-cp27m-manylinux1_x86_64")
    (index / "rays-1.4.0.tar.gz").write_bytes(b"what would run code to be built")


def _pygame(index: Path) -> None:
    wheel(index, "rays", "1.4.0", RAYS, requires=("pygame",))
    wheel(index, "pygame", "2.6.1", {"pygame/__init__.py": ""})


def _old_numpy(index: Path) -> None:
    wheel(index, "rays", "1.4.0", RAYS, requires=("numpy<1.5",))


def _compiled(index: Path) -> None:
    here = f"cp3{sys.version_info.minor}"
    wheel(index, "rays", "1.4.0", RAYS, tag=f"{here}-{here}-manylinux2014_{platform.machine()}")


@pytest.mark.parametrize(
    ("offer", "words"),
    [
        (_missing, "There is no wheel of rays"),
        (_pygame, "pygame-2.6.1 holds pygame"),
        (_old_numpy, "rays 1.4.0 depends on numpy<1.5"),
        (_compiled, f'version = "3.{sys.version_info.minor}"'),
    ],
)
def test_what_cannot_be_had_is_told_and_leaves_nothing(
    tmp_path: Path, index: Path, offer: Callable[[Path], None], words: str
) -> None:
    offer(index)
    title = a_title(tmp_path / "game", "rays")
    there = sorted(title.iterdir())
    status, output = types("pack", title, "--out", tmp_path / "game.farplay")
    assert (status, words in output) == (ExitStatus.BAD_TITLE, True), output
    assert sorted(title.iterdir()) == there
    assert not (tmp_path / "game.farplay").exists()


def test_another_wheel_than_the_locked_one_is_refused(tmp_path: Path, index: Path) -> None:
    wheel(index, "rays", "1.4.0", RAYS)
    title = a_title(tmp_path / "game", "rays")
    packed(title, tmp_path / "game.farplay")
    wheel(index, "rays", "1.4.0", {**RAYS, "rays/colours.py": "evil = True\n"})
    (title / "site-packages" / "rays" / "colours.py").unlink()
    status, output = types("check", title, "--files-only")
    assert (status, "names by its SHA-256" in output) == (ExitStatus.BAD_TITLE, True), output


OTHER = sys.version_info.minor + 1
"""Minor version of a Python that this is not."""


def test_wheels_are_those_of_the_python_that_the_title_names(tmp_path: Path, index: Path) -> None:
    for minor in (sys.version_info.minor, OTHER):
        wheel(index, "rays", "1.4.0", RAYS, tag=f"cp3{minor}-cp3{minor}-manylinux2014_{platform.machine()}")
    title = a_title(tmp_path / "game", "rays", more=f'version = "3.{OTHER}"')
    packed(title, tmp_path / "game.farplay")
    lock = read_lock((title / "title.lock").read_text())
    assert [each.runs_on(OTHER) for each in lock.wheels] == [True]
    status, output = types("check", title)
    assert (status, f"python.version = '3.{OTHER}'" in output) == (ExitStatus.BAD_TITLE, True), output
    status, output = types("run", title)
    assert (status, "use a Farplay on that Python" in " ".join(output.split())) == (ExitStatus.BAD_TITLE, True), (
        output
    )
    manifest = title / "title.toml"
    manifest.write_text(manifest.read_text().replace(f'"3.{OTHER}"', f'"3.{sys.version_info.minor}"'))
    packed(title, tmp_path / "here.farplay")
    lock = read_lock((title / "title.lock").read_text())
    assert [each.runs_on(sys.version_info.minor) for each in lock.wheels] == [True], (
        "a lock of another Python is none"
    )


def test_what_is_needed_by_the_version_of_python_is_told_where_pip_cannot_know(tmp_path: Path, index: Path) -> None:
    wheel(index, "rays", "1.4.0", RAYS, requires=(f'moons; python_version >= "3.{OTHER}"',))
    title = a_title(tmp_path / "game", "rays", more=f'version = "3.{OTHER}"')
    status, output = types("pack", title, "--out", tmp_path / "game.farplay")
    assert (status, "is needed or not by the version of Python" in output) == (ExitStatus.BAD_TITLE, True), output
    assert not (title / "title.lock").exists()
