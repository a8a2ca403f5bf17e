"""What the command refuses, and how it says so."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from farplay.cli import app
from farplay.config import UpConfig, UpReady
from farplay.failures import CommandFailure, ExitStatus
from farplay.ice_options import IceOptions
from farplay.ports import pick_port
from farplay.role_config import node_config
from farplay.system_check import require_linux
from farplay.up import Supervisor
from render_node.config import NodeConfig
from session_broker.config import BrokerConfig
from wire.worker_control import X264Preset

BAD_USAGE = 2
"""Exit status of a command line that cannot be read, as click has it."""


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, arguments)
    return result.exit_code, result.output


def test_version() -> None:
    status, words = run("--version")
    assert status == 0
    assert words.startswith("farplay ")


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.org"])
def test_plain_http_stays_on_this_machine(host: str, tmp_path: Path) -> None:
    data, title = ("--data-dir", str(tmp_path / "data")), str(tmp_path / "game.py")
    for command, options in (("up", data), ("title run", (title,))):
        status, words = run(*command.split(), *options, "--host", host)
        assert status == ExitStatus.FAILED
        assert "not a loopback address" in words
        assert f"farplay {command} --lan" in words
    assert not (tmp_path / "data").exists()


def test_a_shared_database_without_shared_objects_is_refused(tmp_path: Path) -> None:
    url = "postgresql+asyncpg://nobody@192.0.2.1/none"
    status, words = run("broker", "--data-dir", str(tmp_path / "data"), "--database-url", url)
    assert status == ExitStatus.FAILED
    assert "--objects-url" in words
    assert not (tmp_path / "data").exists()


def test_what_a_fleet_may_choose_reaches_the_broker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[BrokerConfig] = []
    monkeypatch.setattr("farplay.roles.run_broker", lambda config, **_: begun.append(config))
    places = ("--data-dir", str(tmp_path), "--database-url", "postgresql://h/d", "--objects-url", "s3://b/p")
    monkeypatch.setenv("FARPLAY_BUS_NOTIFY", "0")
    assert run("broker", *places, "--no-bundled", "--replica-lease", "8", "--reserve", "10")[0] == 0
    assert [(c.replica_lease_s, c.bus_notify, c.reserve_s) for c in begun] == [(8.0, False, 10.0)]
    begun.clear()
    monkeypatch.setenv("FARPLAY_TITLE_CHECKS", "3")
    assert run("broker", *places, "--no-bundled", "--violations-max", "0")[0] == 0
    assert [(c.violations_max, c.title_checks_max) for c in begun] == [(0, 3)]


def test_a_title_that_is_not_there(tmp_path: Path) -> None:
    status, words = run("title", "run", str(tmp_path / "nothing.py"))
    assert status == ExitStatus.BAD_TITLE
    assert "does not exist" in words


@pytest.mark.parametrize(("system", "words"), [("win32", "WSL2"), ("darwin", "virtual machine"), ("plan9", "Linux")])
def test_other_systems_are_refused_with_advice(system: str, words: str) -> None:
    with pytest.raises(CommandFailure) as refused:
        require_linux(system)
    assert refused.value.status is ExitStatus.UNSUPPORTED
    assert words in refused.value.advice


def test_links() -> None:
    ready = UpReady("http://localhost:8080", "TOKEN")
    assert ready.owner_url == "http://localhost:8080/#owner=TOKEN"
    assert ready.play_url("chess") == "http://localhost:8080/play/chess#owner=TOKEN"


def test_a_named_port_in_use_is_refused_and_a_default_one_skipped() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CommandFailure, match=f"port {port}") as refused:
            pick_port("127.0.0.1", port, 8080)
        assert refused.value.status is ExitStatus.PORT_IN_USE
        assert port < pick_port("127.0.0.1", None, port) < port + 100
    assert pick_port("127.0.0.1", 0, 8080) == 0


def test_an_unknown_host_is_said_in_words() -> None:
    with pytest.raises(CommandFailure, match="unknown here"):
        pick_port("no.such.host.invalid", None, 8080)


@pytest.mark.parametrize("ports", ["1", "2-1", "1-70000", "0-5", "a-b", "-1-5"])
def test_bad_port_ranges(ports: str, tmp_path: Path) -> None:
    with pytest.raises(CommandFailure, match="UDP ports"):
        node(tmp_path, media_ports=ports)


def test_a_node_advertises_what_it_is_told_or_where_it_listens(tmp_path: Path) -> None:
    assert node(tmp_path, advertised=("203.0.113.5",)).ice.advertised_hosts == ("203.0.113.5",)
    config = node(tmp_path, media_ports="40000-40100")
    assert (config.ice.bind_host, config.ice.advertised_hosts) == ("127.0.0.1", ("127.0.0.1",))
    assert (config.ice.port_min, config.ice.port_max) == (40000, 40100)


def test_the_operators_limits_of_absence_reach_the_node(tmp_path: Path) -> None:
    config = node(tmp_path, afk_pause_max_s=300, afk_end_max_s=900)
    assert (config.afk_pause_max_s, config.afk_end_max_s) == (300, 900)
    told = UpConfig("localhost", 0, tmp_path, afk_pause_max_s=300, afk_end_max_s=900)
    arguments = supervisor(told)._node_arguments()
    limits = arguments[arguments.index("--afk-pause-max") :][:4]
    assert limits == ["--afk-pause-max", "300", "--afk-end-max", "900"]


def test_the_operators_slots_and_preset_reach_the_node(tmp_path: Path) -> None:
    config = node(tmp_path, slots=3, x264_preset=X264Preset.SUPERFAST)
    assert (config.slots, config.x264_preset) == (3, "superfast")
    told = UpConfig("localhost", 0, tmp_path, slots=3, x264_preset=X264Preset.SUPERFAST)
    assert supervisor(told)._node_arguments()[4:8] == ["--slots", "3", "--preset", "superfast"]
    arguments = supervisor(UpConfig("localhost", 0, tmp_path))._node_arguments()
    assert not {"--slots", "--preset"} & set(arguments)


@pytest.mark.parametrize("command", ["up", "node"])
@pytest.mark.parametrize(("option", "value"), [("--slots", "0"), ("--slots", "513"), ("--preset", "veryslow")])
def test_slots_and_presets_that_there_are_not(command: str, option: str, value: str, tmp_path: Path) -> None:
    status, words = run(command, option, value, "--data-dir", str(tmp_path / "data"))
    assert status == BAD_USAGE
    assert f"Invalid value for '{option}'" in words


@pytest.mark.parametrize("command", ["up", "node"])
@pytest.mark.parametrize("option", ["--afk-pause-max", "--afk-end-max"])
@pytest.mark.parametrize("seconds", ["9", "86401", "10min"])
def test_limits_of_absence_out_of_bounds(command: str, option: str, seconds: str, tmp_path: Path) -> None:
    status, words = run(command, option, seconds, "--data-dir", str(tmp_path / "data"))
    assert status == BAD_USAGE
    assert f"Invalid value for '{option}'" in words
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("address", ["localhost:8080", "ftp://x", "http://", ""])
def test_a_brokers_address_must_be_one(address: str, tmp_path: Path) -> None:
    with pytest.raises(CommandFailure, match="http://"):
        node(tmp_path, broker_url=address)


def test_the_enrolment_token_is_taken_out_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARPLAY_ENROLMENT_TOKEN", "secret")
    config = node(tmp_path)
    assert config.enrolment_token == "secret"
    assert "secret" not in repr(config)
    assert node(tmp_path).enrolment_token is None


def node(data_dir: Path, **changed: object) -> NodeConfig:
    options: dict[str, Any] = {
        "broker_url": "http://localhost:8080",
        "data_dir": data_dir,
        "titles": (),
        "with_bundled": False,
        "name": None,
        "region": "",
        "slots": None,
        "x264_preset": None,
        "warm_workers": 1,
        "media_host": "127.0.0.1",
        "media_ports": "0-0",
        "advertised": (),
        "ice": IceOptions(),
        "afk_pause_max_s": 86400,
        "afk_end_max_s": 86400,
    }
    return node_config(**(options | changed))


def supervisor(config: UpConfig) -> Supervisor:
    """Return one whose broker serves already, as far as it knows."""
    made = Supervisor(
        config, on_progress=print, on_ready=print, on_news=lambda _words, _link: None, on_title_ended=print
    )
    made._url = "http://localhost:8080"
    return made
