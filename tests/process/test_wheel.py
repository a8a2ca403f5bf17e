"""What people install holds all that the product needs, and runs without the checkout."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.process


def test_the_wheel_holds_pages_games_and_migrations_and_runs_elsewhere(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "--wheel-dir", tmp_path, ROOT], check=True, timeout=100)
    (wheel,) = tmp_path.glob("farplay-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for needed in (
        "web_client/static/play.html",
        "web_client/static/wire/constants.js",
        "web_client/static/manifest.webmanifest",
        "web_client/static/icons/icon-192.png",
        "session_broker/migrations/env.py",
        "games/testcard/title.toml",
        "games/testcard/artwork.png",
        "games/testcard/testcard.py",
        "games/skerry/isles/scene.py",
        "render_node/title/__init__.py",
        "render_node/title/kinds/sdk.py",
        "farplay_sdk/gl.py",
        "farplay_sdk/py.typed",
        "farplay/titles/templates/sdk/main.py",
        "farplay/titles/templates/libretro/squares.nes",
        "farplay/titles/templates/libretro/squares.s",
    ):
        assert needed in names
    start = zipfile.ZipFile(wheel).getinfo("farplay/titles/templates/native/start.sh")
    assert start.external_attr >> 16 & 0o100, "it is a program"
    assert any(name.startswith("session_broker/migrations/versions/") for name in names)
    assert not [name for name in names if name.startswith(("tests/", "web_client/node_modules"))]

    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    run = subprocess.run(
        [
            sys.executable,
            "-P",
            "-c",
            "import farplay; from farplay.cli import main; print(farplay.__file__); main()",
            "--version",
        ],
        cwd=tmp_path,
        env={"PYTHONPATH": str(installed), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert str(installed) in run.stdout
