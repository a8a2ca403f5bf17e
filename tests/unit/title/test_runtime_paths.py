"""By what a title's program finds what its runtime holds: behind what the machine has."""

from __future__ import annotations

from pathlib import Path

import pytest

from render_node.title.libretro.core import CoreUnusable
from render_node.title.libretro.program import find_core
from render_node.title.runtime_paths import RUNTIME_VARIABLE, runtime_environment


def test_a_program_without_a_runtime_is_given_nothing() -> None:
    assert runtime_environment({"PATH": "/usr/bin"}) == {}


def test_what_the_machine_has_comes_first(tmp_path: Path) -> None:
    for name in ("libx.so.1", "pulse/libpulse.so.0", "plugins/effect.so"):
        path = tmp_path / "usr/lib/x86_64-linux-gnu" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    given = runtime_environment({"PATH": "/usr/bin", RUNTIME_VARIABLE: str(tmp_path)})
    multiarch = "/usr/lib/x86_64-linux-gnu"
    folders = [multiarch, f"{multiarch}/pulse", "/usr/lib"]
    assert given == {
        "PATH": f"/usr/bin:{tmp_path}/usr/bin:{tmp_path}/usr/games",
        "LD_LIBRARY_PATH": ":".join([*folders, *(f"{tmp_path}{folder}" for folder in folders)]),
        "XDG_DATA_DIRS": f"/usr/local/share:/usr/share:{tmp_path}/usr/share",
    }


def test_a_core_of_the_runtime_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    core = tmp_path / "usr/lib/x86_64-linux-gnu/libretro/lamps_libretro.so"
    core.parent.mkdir(parents=True)
    core.touch()
    with pytest.raises(CoreUnusable, match="into the title's folder or a runtime"):
        find_core("lamps", tmp_path)
    monkeypatch.setenv(RUNTIME_VARIABLE, str(tmp_path))
    assert find_core("lamps", tmp_path) == core
