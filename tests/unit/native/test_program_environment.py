from __future__ import annotations

from pathlib import Path

import pytest

from render_node.session.io.title_files import environment
from render_node.title.kinds.native import KIND
from render_node.title.native import servers
from render_node.title.native.servers import program_environment


def test_programs_get_the_titles_variables_and_the_servers_but_not_the_launchers_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(servers, "_ALSA_FILE", tmp_path / "alsa.conf")
    title = {"OMP_NUM_THREADS": "4", "MODE": "easy"}
    monkeypatch.setattr("os.environ", {**environment("/save", "/tmp", "/packages"), **KIND.environment, **title})
    seen = program_environment(7)
    assert (seen["DISPLAY"], seen["HOME"], seen["PATH"]) == (":7", "/save", KIND.environment["PATH"])
    assert (seen["MODE"], seen["OMP_NUM_THREADS"]) == ("easy", "4"), "what the title sets is the title's"
    assert seen.keys().isdisjoint({"PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "OPENBLAS_NUM_THREADS"})
