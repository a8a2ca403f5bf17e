"""How players reach a node: what command line, files and environment say, made into an IceSpec."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from farplay.failures import CommandFailure, ExitStatus
from wire.worker_control import STUN_PORT, TLS_PORT, IceMode, IceSpec, StunServer, TurnServer, TurnTransport

SECRET_MAX_CHARS = 512

_HOST = r"(?:\[(?P<v6>[0-9A-Fa-f:.]{2,45})\]|(?P<host>[A-Za-z0-9_.-]{1,253}))(?::(?P<port>\d{1,5}))?"
_STUN = re.compile(rf"stun:{_HOST}")
_TURN = re.compile(rf"(?P<scheme>turns?):{_HOST}(?:\?transport=(?P<transport>udp|tcp))?")


@dataclass(frozen=True, slots=True)
class TurnSecrets:
    """What no command line carries."""

    password: str | None = None
    secret: str | None = None

    def __repr__(self) -> str:
        return "TurnSecrets()"


@dataclass(frozen=True, slots=True)
class IceOptions:
    """What a person says of it."""

    mode: IceMode | None = None
    """None is full if a server is named, else lite."""
    stun: str | None = None
    """``stun:host[:port]`` (RFC 7064)."""
    turn: str | None = None
    """``turn:host[:port][?transport=tcp]`` or ``turns:host[:port]`` (RFC 7065)."""
    turn_username: str | None = None
    turn_password_file: Path | None = None
    turn_secret_file: Path | None = None
    """Of coturn's ``static-auth-secret``."""

    def arguments(self) -> list[str]:
        """Return the command line that says the same."""
        named = {
            "--ice": self.mode,
            "--stun": self.stun,
            "--turn": self.turn,
            "--turn-username": self.turn_username,
            "--turn-password-file": self.turn_password_file and self.turn_password_file.absolute(),
            "--turn-secret-file": self.turn_secret_file and self.turn_secret_file.absolute(),
        }
        return [part for name, value in named.items() if value is not None for part in (name, str(value))]


def ice_spec(
    options: IceOptions, secrets: TurnSecrets, *, media_host: str, ports: tuple[int, int], advertised: tuple[str, ...]
) -> IceSpec:
    """Return where a node's workers listen, and how peers find their way there.

    Raises:
        CommandFailure: the options contradict each other, or a file cannot be read.
    """
    listens = IceSpec(media_host, *ports, advertised)
    named = options.stun is not None or options.turn is not None
    if options.mode is IceMode.LITE and named:
        raise _refused("--ice lite asks no servers.", "Leave out --stun and --turn, or --ice lite.")
    if options.mode is IceMode.FULL and not named:
        raise _refused("--ice full needs a server to ask.", "Add --turn turn:HOST, or --stun stun:HOST, or both.")
    if options.turn is None and (options.turn_username or options.turn_password_file or options.turn_secret_file):
        raise _refused("A user name, password or secret needs a TURN server.", "Add --turn turn:HOST.")
    if not named:
        return listens
    return IceSpec(
        media_host,
        *ports,
        advertised,
        mode=IceMode.FULL,
        stun=None if options.stun is None else stun_server(options.stun),
        turn=None if options.turn is None else _turn_server(options.turn, options, secrets),
    )


def stun_server(uri: str) -> StunServer:
    """Read a STUN server's address.

    Raises:
        CommandFailure: it is none.
    """
    match = _STUN.fullmatch(uri)
    if match is None:
        raise _refused(f"{uri!r} is no STUN server.", "Write it like stun:stun.example.org:3478.")
    return StunServer(match["v6"] or match["host"], _port(match["port"], STUN_PORT))


def _turn_server(uri: str, options: IceOptions, secrets: TurnSecrets) -> TurnServer:
    match = _TURN.fullmatch(uri)
    is_tls = match is not None and match["scheme"] == "turns"
    if match is None or (is_tls and match["transport"] == "udp"):
        advice = "Write it like turn:turn.example.org:3478, with ?transport=tcp for TCP, or turns:turn.example.org."
        raise _refused(f"{uri!r} is no TURN server.", advice)
    password = _from_file(options.turn_password_file) or secrets.password
    secret = _from_file(options.turn_secret_file) or secrets.secret
    if password and secret:
        raise _refused("Both a password and a secret are given for the TURN server.", "Give the one that it uses.")
    if not secret and not (password and options.turn_username):
        raise _refused(
            "The TURN server needs a user name and a password, or a shared secret.",
            "Give --turn-username and FARPLAY_TURN_PASSWORD or --turn-password-file; "
            "or FARPLAY_TURN_SECRET or --turn-secret-file (coturn: static-auth-secret).",
        )
    transport = TurnTransport.TLS if is_tls else TurnTransport(match["transport"] or "udp")
    return TurnServer(
        match["v6"] or match["host"],
        _port(match["port"], TLS_PORT if is_tls else STUN_PORT),
        transport,
        options.turn_username or "",
        password or "",
        secret or "",
    )


def _port(text: str | None, default: int) -> int:
    port = int(text) if text else default
    if not 1 <= port <= 65535:
        raise _refused(f"{port} is no port.", "Use 1 to 65535.")
    return port


def _from_file(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        text = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise _refused(f"{path} cannot be read: {error}.", "It holds one line, readable by this user.") from error
    if not text or len(text) > SECRET_MAX_CHARS or "\n" in text:
        raise _refused(f"{path} holds no password or secret.", "It holds one line.")
    return text


def _refused(words: str, advice: str) -> CommandFailure:
    return CommandFailure(ExitStatus.FAILED, words, advice)
