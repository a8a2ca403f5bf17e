"""Options that several commands share, each described once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wire.limits import SESSIONS_PER_NODE_MAX
from wire.title_about import AFK_MAX_S, AFK_MIN_S
from wire.worker_control import IceMode, X264Preset

Host = Annotated[str, typer.Option(help="Name or address to listen on.")]
LinkHost = Annotated[
    str | None,
    typer.Option(
        help="Name or address that links carry. Other devices are served only if that is asked for.",
        show_default="localhost; with --lan this machine's address",
    ),
]
Lan = Annotated[
    bool,
    typer.Option("--lan", help="Serve other devices of this network as well, over HTTPS by an authority of its own."),
]
LanPort = Annotated[
    int | None,
    typer.Option(help="HTTPS port; 0 picks one.", show_default="8443 or the next free", min=0, max=65535),
]
DataDir = Annotated[
    Path | None,
    typer.Option(help="Database, saves and logs.", show_default="~/.local/share/farplay", file_okay=False),
]
Titles = Annotated[
    list[Path] | None, typer.Option("--title", help="A title folder or a .py file; may be given more than once.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON line when ready, for scripts.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Write the logs of all parts to the terminal.")]
Bundled = Annotated[bool, typer.Option("--bundled/--no-bundled", help="Offer the titles that ship with Farplay.")]
MediaHost = Annotated[
    str,
    typer.Option(
        envvar="FARPLAY_MEDIA_HOST",
        help="Address of the UDP sockets for media; 0.0.0.0 answers on every address of this machine, "
        "which Firefox needs even for a tab on it.",
    ),
]
TlsCert = Annotated[
    Path | None, typer.Option(help="Certificate that browsers trust, with its chain (PEM).", dir_okay=False)
]
TlsKey = Annotated[Path | None, typer.Option(help="Its private key (PEM).", dir_okay=False)]
AfkPauseMax = Annotated[
    int,
    typer.Option(
        help="Seconds without any input after which a session pauses at the latest; a title may ask for fewer.",
        min=AFK_MIN_S,
        max=AFK_MAX_S,
    ),
]
AfkEndMax = Annotated[
    int,
    typer.Option(
        help="Seconds of such a pause after which a session ends at the latest; a title may ask for fewer.",
        min=AFK_MIN_S,
        max=AFK_MAX_S,
    ),
]
Slots = Annotated[
    int | None, typer.Option(help="Sessions at once.", show_default="measured", min=1, max=SESSIONS_PER_NODE_MAX)
]
Preset = Annotated[
    X264Preset | None,
    typer.Option(
        help="libx264's preset: superfast looks better and takes a quarter more of the processor.",
        show_default="measured",
    ),
]
Ice = Annotated[
    IceMode | None,
    typer.Option(
        envvar="FARPLAY_ICE",
        help="lite: players reach an address of this machine. full: it is behind a NAT and asks --stun and --turn.",
        show_default="full if one of these is given, else lite",
    ),
]
Stun = Annotated[
    str | None,
    typer.Option(envvar="FARPLAY_STUN", help="Server that tells this machine its address outside: stun:HOST[:PORT]."),
]
Turn = Annotated[
    str | None,
    typer.Option(
        envvar="FARPLAY_TURN",
        help="Server that relays where nothing else passes: turn:HOST[:PORT], with ?transport=tcp for TCP, or "
        "turns:HOST[:PORT].",
    ),
]
TurnUsername = Annotated[str | None, typer.Option(envvar="FARPLAY_TURN_USERNAME", help="User at the TURN server.")]
TurnPasswordFile = Annotated[
    Path | None,
    typer.Option(
        help="File with that user's password.",
        dir_okay=False,
        show_default="the environment's FARPLAY_TURN_PASSWORD",
    ),
]
TurnSecretFile = Annotated[
    Path | None,
    typer.Option(
        help="File with the secret shared with the TURN server (coturn: static-auth-secret), in place of a user.",
        dir_okay=False,
        show_default="the environment's FARPLAY_TURN_SECRET",
    ),
]
ParentPid = Annotated[int | None, typer.Option(hidden=True)]
