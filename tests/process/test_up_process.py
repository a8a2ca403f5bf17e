"""``farplay up`` and ``farplay title run`` as a person or a script starts them: real broker, node and workers."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from farplay.failures import ExitStatus
from tests.support.deadlines import patient, until
from tests.support.farplay_process import ROOT, FarplayProcess

pytestmark = pytest.mark.process


Launch = Callable[..., FarplayProcess]


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Launch]:
    """Start commands; whatever still runs at the end of the test is killed."""
    started: list[FarplayProcess] = []

    def start(*arguments: str) -> FarplayProcess:
        process = FarplayProcess([*arguments, "--json"], tmp_path / f"log{len(started)}")
        started.append(process)
        return process

    yield start
    for process in started:
        if process.process.poll() is None:
            process.kill()


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    return ["up", "--port", "0", "--data-dir", str(tmp_path / "data")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("up")


@pytest.fixture(scope="module")
def up(folder: Path) -> Iterator[FarplayProcess]:
    """One that tests share which leave it running."""
    started = FarplayProcess(["up", "--port", "0", "--data-dir", str(folder / "data"), "--json"], folder / "log")
    yield started
    assert started.stop() == ExitStatus.OK, started.log_tail()
    assert started.left_behind() == []


def refused(*arguments: str) -> tuple[int, str]:
    """Run a command that is expected to end by itself; return its status and what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "farplay", *arguments], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=patient(15.0), check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def there_is(path: str) -> bool:
    return os.path.exists(path)


def is_ready(url: str) -> bool:
    """Tell whether the broker answers and has a node."""
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=10.0) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


async def one(up: FarplayProcess, name: str, *, other_than: int = 0) -> psutil.Process:
    """Wait until there is one process of a role."""

    async def look() -> psutil.Process | None:
        found = [each for each in up.named(name) if each.pid != other_than]
        return found[0] if len(found) == 1 else None

    return await until(look, 10.0, f"one {name}")


async def serves(up: FarplayProcess) -> None:
    async def look() -> bool:
        return await asyncio.to_thread(is_ready, up.url)

    await until(look, 10.0, "the broker is ready again")


async def test_prints_one_line_when_ready_and_leaves_nothing(launch: Launch, arguments: list[str]) -> None:
    up = launch(*arguments)
    assert set(up.ready) == {"url", "owner_url"}
    assert up.ready["owner_url"].startswith(f"{up.url}/#owner=")
    assert is_ready(up.url)
    await one(up, "warm_worker")
    assert up.process.stdout is not None
    os.set_blocking(up.process.stdout.fileno(), False)
    assert up.process.stdout.read() in (None, b"")
    assert up.stop() == ExitStatus.OK, up.log_tail()
    assert up.left_behind() == []


async def test_secrets_are_not_in_command_lines_or_logs(folder: Path, up: FarplayProcess) -> None:
    owner_token = up.ready["owner_url"].partition("#owner=")[2]
    enrolment = (await one(up, "broker")).environ()["FARPLAY_ENROLMENT_TOKEN"]
    credential = folder / "data" / "node_credential.json"

    async def kept() -> bool:
        # The broker counts on its node as soon as it has welcomed it.
        return there_is(str(credential))

    await until(kept, 5.0, "the node's credential")
    key = json.loads(credential.read_text())["node_key"]
    said = up.command_lines()
    said += [path.read_text() for path in (folder / "data" / "logs").iterdir()]
    for secret in (owner_token, enrolment, key):
        assert len(secret) >= 20
        assert not any(secret in words for words in said)


async def test_a_second_one_on_the_folder_is_refused(folder: Path, up: FarplayProcess) -> None:
    status, words = refused("up", "--port", "0", "--json", "--data-dir", str(folder / "data"))
    assert status == ExitStatus.LOCKED
    assert f"process {up.process.pid}" in words.replace("\n", " ")


async def test_a_killed_broker_comes_back_at_the_same_address(up: FarplayProcess) -> None:
    broker, node, worker = await one(up, "broker"), await one(up, "node"), await one(up, "warm_worker")
    broker.kill()
    await one(up, "broker", other_than=broker.pid)
    await serves(up)
    assert (node.is_running(), worker.is_running()) == (True, True)
    assert "#owner=" not in up.log_tail()


async def test_a_killed_node_comes_back_and_nothing_of_the_old_one_stays(up: FarplayProcess) -> None:
    node, server, worker = await one(up, "node"), await one(up, "fork_server"), await one(up, "warm_worker")
    node.kill()
    await one(up, "node", other_than=node.pid)
    await serves(up)
    _, alive = await asyncio.to_thread(psutil.wait_procs, [server, worker], patient(3.0))
    assert alive == []


async def test_sigterm_ends_it_as_well(launch: Launch, arguments: list[str]) -> None:
    up = launch(*arguments)
    up.descendants()
    up.process.terminate()
    assert up.process.wait(patient(10.0)) == ExitStatus.OK, up.log_tail()
    assert up.process.stdout is not None
    up.process.stdout.close()
    assert up.left_behind() == []


async def test_everything_dies_with_a_killed_supervisor(launch: Launch, arguments: list[str]) -> None:
    up = launch(*arguments)
    await one(up, "warm_worker")
    up.descendants()
    up.process.kill()
    up.process.wait()
    assert up.process.stdout is not None
    up.process.stdout.close()
    assert up.left_behind() == []
    again = launch(*arguments)
    assert is_ready(again.url)
    again.stop()


def test_a_port_in_use_is_refused_by_name(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        status, words = refused("up", "--host", "127.0.0.1", "--port", port, "--data-dir", str(tmp_path / "data"))
    assert status == ExitStatus.PORT_IN_USE
    assert port in words


def test_a_start_that_fails_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "broker.sqlite3").mkdir()
    status, words = refused("up", "--port", "0", "--data-dir", str(tmp_path))
    assert status == ExitStatus.FAILED
    assert "The broker ended as it started" in words
    assert not [each for each in psutil.process_iter(["cmdline"]) if str(tmp_path) in (each.info["cmdline"] or [])]


async def test_a_title_runs_with_data_of_its_own(launch: Launch, tmp_path: Path) -> None:
    program = tmp_path / "My Game.py"
    program.write_text("import pygame\n")
    run = launch("title", "run", str(program))
    place = urlsplit(run.ready["play_url"])
    assert (run.ready["title_id"], place.path) == ("my-game", "/play/my-game")
    assert place.fragment.startswith("owner=")
    node = await one(run, "node")
    data_dir = node.cmdline()[node.cmdline().index("--data-dir") + 1]
    assert there_is(data_dir)
    assert run.stop() == ExitStatus.OK, run.log_tail()
    assert run.left_behind() == []
    assert not there_is(data_dir)
