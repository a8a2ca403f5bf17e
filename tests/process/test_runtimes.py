"""Runtimes: built from Debian packages and wheels, the same everywhere, and used by titles behind the walls.

apt and pip are real, and their sources are folders.
"""

from __future__ import annotations

import json
import os
import shutil
import sysconfig
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy
import pytest
from typer.testing import CliRunner

from farplay.cli import app
from farplay.failures import ExitStatus
from farplay.runtimes.local_runtimes import local_runtimes, pin_table
from farplay.title_folders import load_title
from render_node.session.io.title_files import interpreter
from tests.support.running_title import TELL, running, walls_of
from tests.support.small_debian import as_the_sources, deb
from tests.support.small_wheel import RAYS, as_the_index, wheel
from title_archive.reader import read_index
from wire.package_lock import read_lock
from wire.runtime_manifest import RuntimePin
from wire.sandbox import Profile

pytestmark = pytest.mark.process

MULTIARCH = f"/usr/lib/{sysconfig.get_config_var('MULTIARCH')}"
SPEC = """runtime = 1
name = "lamps"
version = "1.0.0"
[debian]
packages = ["lamps"]
[python]
requires = ["rays"]
"""
READS = """
import os, sys, rays.colours
runtime = os.environ["FARPLAY_RUNTIME"]
said = open(f"{runtime}/usr/share/lamps/words").read()
try:
    open(f"{runtime}/usr/share/lamps/more", "w")
except OSError as error:
    refused = type(error).__name__
tell(said=said, refused=refused, rays=rays.NAME, last=sys.path[-1] == f"{runtime}/site-packages")
"""
LIGHTS = f"""#!{interpreter()[0]}
import ctypes, os
{TELL}
library = ctypes.CDLL("liblamps.so.1")
tell(program=os.path.realpath(__file__), library=bool(library), pythonpath="PYTHONPATH" in os.environ,
     data=os.environ["XDG_DATA_DIRS"].split(":")[-1])
"""


def farplay(*words: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(app, [*map(str, words)])
    return done.exit_code, done.output


def built(folder: Path, target: Path) -> dict[str, Any]:
    status, output = farplay("runtime", "build", folder, "--out", target, "--json")
    assert status == ExitStatus.OK, output
    return dict(json.loads(output.splitlines()[-1]))


def spec(folder: Path, text: str = SPEC) -> Path:
    folder.mkdir()
    (folder / "runtime.toml").write_text(text)
    return folder


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Packages that depend on each other, on the C library and on what every system has."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    wheel(as_the_index(tmp_path / "index", monkeypatch), "rays", "1.4.0", RAYS, requires=("numpy",))
    wheel(tmp_path / "index", "numpy", numpy.__version__, {"numpy/__init__.py": ""})
    folder = tmp_path / "debian"
    folder.mkdir()
    library = next(path for path in Path(MULTIARCH).glob("libz.so.1*") if not path.is_symlink()).read_bytes()
    deb(folder, "libc6", "2.36", {"/lib/libc": "c"}, fields="Source: glibc (2.36)\n")
    deb(folder, "base-files", "12", {"/etc/debian": "12"}, fields="Essential: yes\n")
    deb(
        folder, "liblamps1", "1:1.0+b1", {f"{MULTIARCH}/liblamps.so.1.0": library},
        links={f"{MULTIARCH}/liblamps.so.1": "liblamps.so.1.0", "/usr/share/lamps/broken": "/usr/share/none"},
        fields="Depends: libc6\n",
    )  # fmt: skip
    deb(
        folder, "lamps", "1.0",
        {"/usr/games/lights": LIGHTS, "/usr/share/lamps/words": "let there be light",
         "/usr/share/man/man6/lights.6": "man", "/usr/share/doc/lamps/copyright": "free",
         "/usr/share/doc/lamps/README": "read"},
        fields="Depends: liblamps1, base-files\n",
    )  # fmt: skip
    as_the_sources(folder, monkeypatch)
    for package in folder.glob("*.deb"):
        shutil.copy(package, folder / "cache" / "archives")  # as if apt had fetched it before
    return folder


async def test_a_runtime_is_built_the_same_everywhere_and_used_behind_the_walls(
    tmp_path: Path, sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = spec(tmp_path / "here")
    told = built(here, tmp_path / "first.farplay")
    first = (tmp_path / "first.farplay").read_bytes()
    lock = read_lock((here / "runtime.lock").read_text())
    assert [(each.name, each.version) for each in lock.debian] == [("lamps", "1.0"), ("liblamps1", "1:1.0+b1")]
    assert [each.name for each in lock.wheels] == ["rays"], "numpy comes with Farplay"
    assert {entry.name.decode() for entry in read_index(BytesIO(first)).entries} == {
        "runtime.toml", "runtime.lock", "site-packages/rays/__init__.py", "site-packages/rays/colours.py",
        "site-packages/rays-1.4.0.dist-info/METADATA", "site-packages/rays-1.4.0.dist-info/WHEEL",
        "usr/games/lights", "usr/share/lamps/words", "usr/share/doc/lamps/copyright",
        f"{MULTIARCH[1:]}/liblamps.so.1", f"{MULTIARCH[1:]}/liblamps.so.1.0",
    }  # fmt: skip
    assert told["left_out"] == ["usr/share/lamps/broken"]

    elsewhere = tmp_path / "elsewhere" / "there"
    shutil.copytree(here, elsewhere)
    deb(sources, "liblamps1", "2.0", {f"{MULTIARCH}/liblamps.so.2": "new"})
    wheel(tmp_path / "index", "rays", "1.5.0", RAYS)
    before = os.umask(0o077)
    try:
        assert built(elsewhere, tmp_path / "second.farplay")["sha256"] == told["sha256"]
    finally:
        os.umask(before)
    assert (tmp_path / "second.farplay").read_bytes() == first, "from the lock alone, with newer packages at hand"

    title = _title(tmp_path, RuntimePin(told["name"], told["version"], told["sha256"], told["archive_bytes"]))
    for profile in Profile:
        async with running(
            tmp_path, Path(title.folder, "main.py"), walls=walls_of(tmp_path, profile), runtime=title.runtime
        ) as run:
            found = await run.tells(said="let there be light", rays="rays 1.4.0", last=True)
            assert found["refused"] in ("OSError", "PermissionError"), (profile, found)
    program = tmp_path / "native" / "start"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nexec lights\n")
    program.chmod(0o755)
    async with running(tmp_path, program, kind="native", runtime=title.runtime) as run:
        await run.tells(
            program="/farplay/runtime/usr/games/lights", library=True, pythonpath=False,
            data="/farplay/runtime/usr/share",
        )  # fmt: skip


def _title(tmp_path: Path, pin: RuntimePin) -> Any:
    """Make a title that runs on a runtime, pack it, and return it as a node has it."""
    status, output = farplay("title", "init", tmp_path / "game")
    assert status == ExitStatus.OK, output
    (tmp_path / "game" / "main.py").write_text(f"{TELL}\n{READS}")
    with open(tmp_path / "game" / "title.toml", "a") as manifest:
        manifest.write(f"\n{pin_table(pin)}\n[python]\nrequires = ['rays']\n")
    status, output = farplay("title", "pack", tmp_path / "game", "--out", tmp_path / "game.farplay")
    assert status == ExitStatus.OK, output
    lock = read_lock((tmp_path / "game" / "title.lock").read_text())
    assert (lock.wheels, lock.runtime) == ((), pin.sha256), "what it requires is in its runtime"
    return load_title(tmp_path / "game")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('["lamps"]', '["lanterns"]'), "apt does not find the package lanterns"),
        (('["lamps"]', '["lamps", "libc6"]'), "every node has its own"),
        (('["rays"]', '["moons"]'), "There is no wheel of moons"),
        (("[debian]", "[system]"), "line 4: system is no field of runtime.toml"),
        (('packages = ["lamps"]', "dependencies = 1"), "debian.dependencies must be true or false"),
    ],
)
def test_what_cannot_be_had_is_told_and_leaves_nothing(
    tmp_path: Path, sources: Path, change: tuple[str, str], words: str
) -> None:
    folder = spec(tmp_path / "spec", SPEC.replace(*change))
    status, output = farplay("runtime", "build", folder, "--out", tmp_path / "out.farplay")
    assert (status, words in output) == (ExitStatus.BAD_TITLE, True), output
    assert [path.name for path in folder.iterdir()] == ["runtime.toml"]
    assert local_runtimes().all() == []
    assert not (tmp_path / "out.farplay").exists()


def test_another_package_than_the_locked_one_is_refused(tmp_path: Path, sources: Path) -> None:
    folder = spec(tmp_path / "spec", SPEC.replace("packages", "dependencies = false\npackages"))
    built(folder, tmp_path / "first.farplay")
    lock = (folder / "runtime.lock").read_text()
    digest = read_lock(lock).debian[0].sha256
    assert [each.name for each in read_lock(lock).debian] == ["lamps"]
    (folder / "runtime.lock").write_text(lock.replace(digest, "0" * 64))
    status, output = farplay("runtime", "build", folder, "--out", tmp_path / "second.farplay")
    assert (status, "lamps 1.0 is not the one that" in output) == (ExitStatus.BAD_TITLE, True), output
    (folder / "runtime.lock").write_text(lock.replace('version = "1.0"', 'version = "0.9"'))
    status, output = farplay("runtime", "build", folder, "--out", tmp_path / "second.farplay")
    assert (status, "do not offer lamps 0.9 any more" in output) == (ExitStatus.BAD_TITLE, True), output
    assert not (tmp_path / "second.farplay").exists()
