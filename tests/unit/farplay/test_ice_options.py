"""What is said of STUN and TURN, and what is made of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from farplay.config import UpConfig
from farplay.failures import CommandFailure
from farplay.ice_options import IceOptions, TurnSecrets, ice_spec
from farplay.secrets_passing import take_turn_secrets, turn_environment
from tests.unit.farplay.test_command import node, run, supervisor
from wire.worker_control import IceMode, IceSpec, StunServer, TurnServer, TurnTransport

USER = TurnSecrets("a password")


def spec(secrets: TurnSecrets = USER, **options: Any) -> IceSpec:
    return ice_spec(IceOptions(**options), secrets, media_host="0.0.0.0", ports=(1, 2), advertised=("192.0.2.1",))


def test_without_servers_it_is_lite() -> None:
    for mode in (None, IceMode.LITE):
        made = spec(mode=mode)
        assert made == IceSpec("0.0.0.0", 1, 2, ("192.0.2.1",))
        assert made.page_stun_uris == ()


@pytest.mark.parametrize(
    ("uri", "server"),
    [
        ("stun:stun.example.org", StunServer("stun.example.org", 3478)),
        ("stun:192.0.2.9:19302", StunServer("192.0.2.9", 19302)),
        ("stun:[2001:db8::1]:5", StunServer("2001:db8::1", 5)),
    ],
)
def test_a_stun_server(uri: str, server: StunServer) -> None:
    made = spec(stun=uri)
    assert (made.mode, made.stun, made.turn) == (IceMode.FULL, server, None)
    assert made.page_stun_uris == (server.uri,)
    assert spec(stun=server.uri).stun == server


@pytest.mark.parametrize(
    ("uri", "host", "port", "transport", "page"),
    [
        ("turn:turn.example.org", "turn.example.org", 3478, TurnTransport.UDP, "stun:turn.example.org:3478"),
        ("turn:192.0.2.9:80?transport=udp", "192.0.2.9", 80, TurnTransport.UDP, "stun:192.0.2.9:80"),
        ("turn:t:443?transport=tcp", "t", 443, TurnTransport.TCP, "stun:t:443"),
        ("turns:t", "t", 5349, TurnTransport.TLS, "stun:t:3478"),
        ("turns:[2001:db8::1]:443?transport=tcp", "2001:db8::1", 443, TurnTransport.TLS, "stun:[2001:db8::1]:3478"),
    ],
)
def test_a_turn_server(uri: str, host: str, port: int, transport: TurnTransport, page: str) -> None:
    made = spec(turn=uri, turn_username="ana")
    assert made.turn == TurnServer(host, port, transport, "ana", "a password")
    assert made.page_stun_uris == (page,)
    assert spec(turn=made.turn.uri, turn_username="ana").turn == made.turn


def test_pages_ask_the_stun_server_if_there_is_one() -> None:
    made = spec(turn="turn:t", stun="stun:s", turn_username="ana")
    assert made.page_stun_uris == ("stun:s:3478",)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"mode": IceMode.FULL}, "needs a server"),
        ({"mode": IceMode.LITE, "stun": "stun:s"}, "asks no servers"),
        ({"turn_username": "ana"}, "needs a TURN server"),
        ({"stun": "s:3478"}, "no STUN server"),
        ({"stun": "stun:s:0"}, "0 is no port"),
        ({"stun": "stun:s:70000"}, "70000 is no port"),
        ({"stun": "stun:-s/x"}, "no STUN server"),
        ({"turn": "turn:"}, "no TURN server"),
        ({"turn": "turn:t?transport=sctp", "turn_username": "ana"}, "no TURN server"),
        ({"turn": "turns:t?transport=udp", "turn_username": "ana"}, "no TURN server"),
        ({"turn": "turn:t"}, "needs a user name and a password"),
    ],
)
def test_what_contradicts_itself_is_said(options: dict[str, Any], words: str) -> None:
    with pytest.raises(CommandFailure, match=words):
        spec(**options)


def test_a_password_and_a_secret_are_one_too_many() -> None:
    with pytest.raises(CommandFailure, match="Both"):
        spec(TurnSecrets("a password", "a secret"), turn="turn:t", turn_username="ana")


def test_secrets_come_from_files(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("  of the file\n")
    made = spec(TurnSecrets(), turn="turn:t", turn_secret_file=file).turn
    assert made is not None
    assert (made.secret, made.password, made.username) == ("of the file", "", "")
    made = spec(TurnSecrets(), turn="turn:t", turn_username="ana", turn_password_file=file).turn
    assert made is not None
    assert (made.secret, made.password) == ("", "of the file")


@pytest.mark.parametrize("content", [b"", b" \n", b"two\nlines", b"\xff\xfe", b"x" * 513, None])
def test_a_file_without_a_secret_is_said(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(CommandFailure, match=str(file)):
        spec(TurnSecrets(), turn="turn:t", turn_secret_file=file)


def test_secrets_are_taken_out_of_the_environment_and_shown_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FARPLAY_TURN_PASSWORD", "never shown")
    config = node(tmp_path, ice=IceOptions(turn="turn:t", turn_username="ana"))
    assert config.ice.turn is not None
    assert config.ice.turn.password == "never shown"
    assert "never shown" not in repr(config)
    assert take_turn_secrets() == TurnSecrets()


def test_up_hands_them_on_to_its_node_and_by_no_command_line(tmp_path: Path) -> None:
    options = IceOptions(None, "stun:s", "turn:t", "ana", None, Path("secret"))
    secrets = TurnSecrets("never shown", None)
    told = UpConfig("localhost", 0, tmp_path, ice=options, turn_secrets=secrets)
    arguments = supervisor(told)._node_arguments()
    assert "never shown" not in " ".join(arguments) + repr(told)
    ice = arguments[arguments.index("--stun") :][:8]
    assert ice == ["--stun", "stun:s", "--turn", "turn:t", "--turn-username", "ana", "--turn-secret-file",
                   str(Path("secret").absolute())]  # fmt: skip
    assert turn_environment(secrets) == {"FARPLAY_TURN_PASSWORD": "never shown"}


@pytest.mark.parametrize("command", ["up", "node", "doctor"])
def test_commands_refuse_in_words_before_they_begin(command: str, tmp_path: Path) -> None:
    status, words = run(command, "--turn", "turn:t", "--data-dir", str(tmp_path / "data"))
    assert status != 0
    assert "needs a user name and a password, or a shared secret" in " ".join(words.split())
    assert not (tmp_path / "data").exists()
