"""What surrounds a title's command: whose environment is whose."""

from __future__ import annotations

from pathlib import Path

import pytest

from render_node.session.io.title_walls import TitleWalls
from wire.sandbox import Profile, SandboxSpec
from wire.worker_control import TitleSpec


@pytest.mark.parametrize("scope", [(), ("/usr/bin/systemd-run", "--scope")])
def test_a_titles_variables_reach_the_title_and_not_what_makes_its_scope(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scope: tuple[str, ...]
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/7")
    title = TitleSpec("duel", "1.0.0", "pygame", str(tmp_path), "main.py", environment=("LEVEL=a=b",))
    walls = TitleWalls(SandboxSpec(Profile.USERNS, (), "bwrap", scope, "farplay-7-ses_a"), title, str(tmp_path))
    command, environment = walls.command("{}", 9), walls.environment()
    if scope:
        assert environment.keys() <= {"PATH", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"}
        assert environment["XDG_RUNTIME_DIR"] == "/run/user/7"
        assert command.index("-i") < command.index("LEVEL=a=b") < command.index("bwrap")
    else:
        assert environment["LEVEL"] == "a=b"
        assert "LEVEL=a=b" not in command
