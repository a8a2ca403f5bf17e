"""The doctor on this very machine, which runs all other tests and so must be well."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.farplay_process import ROOT

pytestmark = pytest.mark.process

EXPECTED = {
    *("System", "Resources", "Disk", "Python", "Libraries", "Graphics", "H.264", "VP8", "Capacity"),
    *("Profile", "Seccomp", "Landlock", "Scopes", "Group", "Descriptors"),
    *("Namespaces", "Network", "Files", "Privileges", "Limits"),
    *("Bundled titles", "Approved titles", "Untrusted titles"),
    *("TCP port", "UDP ports", "UDP", "localhost", "This machine", "Other devices"),
    *("Bundled", "OpenGL", "Native", "libretro"),
}


def doctor(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "farplay", "doctor", *arguments], cwd=ROOT, timeout=100, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, stdin=subprocess.DEVNULL, capture_output=True,
    )  # fmt: skip


def test_it_looks_at_everything_and_sees_a_taken_port(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = doctor("--json", "--port", str(port), "--data-dir", str(tmp_path / "not" / "there"))
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["healthy"] is True
    found = {each["name"]: each for each in report["findings"]}
    assert set(found) >= EXPECTED
    assert found["TCP port"]["level"] == "lacks"
    assert str(port) in found["TCP port"]["words"]
    walls = [each for each in report["findings"] if each["group"] == "Sandbox"]
    assert {each["level"] for each in walls} == {"ok"}


def test_it_fails_where_farplay_cannot_run_and_says_what_to_do() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("0.0.0.0", 0))
        port = taken.getsockname()[1]
        done = doctor("--media-ports", f"{port}-{port}")
    assert done.returncode == 1
    assert "Farplay does not run here yet" in done.stdout
    assert "→ Choose another range with --media-ports." in done.stdout
