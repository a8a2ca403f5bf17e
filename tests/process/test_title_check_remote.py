"""``farplay title check --remote``: a node of a real broker runs the check, is killed, and the report comes."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from farplay.cli import app
from farplay.failures import ExitStatus
from tests.support.broken_titles import FAULTS, write_title
from tests.support.deadlines import until
from tests.support.farplay_process import FarplayProcess

pytestmark = pytest.mark.process


def types(*words: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["title", *map(str, words)])
    return done.exit_code, done.output


def is_checking(up: FarplayProcess) -> bool:
    """Tell whether a process checks a title."""
    return any("render_node.conformance" in command for command in up.command_lines())


@pytest.mark.timeout(150)
async def test_a_node_checks_a_title_though_the_first_one_dies_over_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "developer"))
    folder, shots, junit = tmp_path / "planted", tmp_path / "shots", tmp_path / "check.xml"
    write_title(folder, FAULTS["cannot load its state"])
    up = await asyncio.to_thread(
        FarplayProcess, ["up", "--port", "0", "--no-bundled", "--data-dir", str(tmp_path / "data"), "--json"],
        tmp_path / "log",
    )  # fmt: skip
    try:
        status, words = types("check", folder, "--remote", up.url)
        assert (status, "farplay title key new" in words) == (ExitStatus.FAILED, True), words
        assert types("key", "new")[0] == ExitStatus.OK
        link = ("--link", up.ready["owner_url"])
        told = asyncio.create_task(
            asyncio.to_thread(
                types, "check", folder, "--remote", up.url, *link, "--screenshots", shots, "--junit", junit, "--json"
            )
        )

        async def runs() -> bool:
            assert not told.done(), told.result()
            return await asyncio.to_thread(is_checking, up)

        await until(runs, 30.0, "a node to run the check")
        [node] = up.named("node")
        node.kill()
        status, words = await told
        report = json.loads(words.splitlines()[-1])
        failed = [finding["name"] for finding in report["findings"] if finding["outcome"] == "failed"]
        assert (status, failed) == (ExitStatus.BAD_TITLE, ["state"]), words
        cases = [case.get("name") for case in ElementTree.parse(junit).getroot()]
        assert cases == [finding["name"] for finding in report["findings"]]
        assert [path.name for path in shots.iterdir()] == ["planted-start.png"]
        assert (shots / "planted-start.png").read_bytes().startswith(b"\x89PNG")

        async def gone() -> bool:
            return not await asyncio.to_thread(is_checking, up) and not list((tmp_path / "data" / "run").iterdir())

        await until(gone, 10.0, "the check's process and its folder to be gone")
    finally:
        assert await asyncio.to_thread(up.stop) == ExitStatus.OK, up.log_tail()
    assert up.left_behind() == []
