"""The command line: options in, one call out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from farplay import version
from farplay.admin.commands import app as admin_app
from farplay.cli_options import (
    AfkEndMax,
    AfkPauseMax,
    Bundled,
    DataDir,
    Host,
    Ice,
    Json,
    Lan,
    LanPort,
    LinkHost,
    MediaHost,
    ParentPid,
    Preset,
    Slots,
    Stun,
    Titles,
    TlsCert,
    TlsKey,
    Turn,
    TurnPasswordFile,
    TurnSecretFile,
    TurnUsername,
    Verbose,
)
from farplay.config import DEFAULT_PORT, LOOPBACK_HOSTS, LanOptions, UpConfig
from farplay.data_folder import default_data_dir
from farplay.failures import CommandFailure, ExitStatus
from farplay.ice_options import IceOptions, ice_spec
from farplay.runtimes.commands import runtime_app
from farplay.screen import Screen, console
from farplay.secrets_passing import take_turn_secrets
from farplay.system_check import require_linux
from farplay.titles.commands import add_commands
from farplay.titles.publish_commands import admin_title_app
from wire.sandbox import Profile
from wire.title_about import AFK_MAX_S

app = typer.Typer(
    name="farplay",
    help="Cloud gaming that you run yourself: games render here and play in a browser tab.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
title_app = typer.Typer(help="Games of your own: make, run, check, pack, sign and publish.", no_args_is_help=True)
app.add_typer(title_app, name="title")
app.add_typer(runtime_app, name="runtime")
app.add_typer(admin_app, name="admin")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"farplay {version()}")
        raise typer.Exit


@app.callback()
def _options(
    show: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Options before any command."""


@app.command()
def up(
    host: LinkHost = None,
    port: Annotated[
        int | None,
        typer.Option(help="TCP port; 0 picks one.", show_default="8080 or the next free", min=0, max=65535),
    ] = None,
    lan: Lan = False,
    lan_port: LanPort = None,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    data_dir: DataDir = None,
    title: Titles = None,
    bundled: Bundled = True,
    media_host: MediaHost = "0.0.0.0",
    slots: Slots = None,
    preset: Preset = None,
    ice: Ice = None,
    stun: Stun = None,
    turn: Turn = None,
    turn_username: TurnUsername = None,
    turn_password_file: TurnPasswordFile = None,
    turn_secret_file: TurnSecretFile = None,
    afk_pause_max: AfkPauseMax = AFK_MAX_S,
    afk_end_max: AfkEndMax = AFK_MAX_S,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Run everything on this machine and print the link to open."""
    screen = Screen(as_json=as_json)
    with screen.failures_shown():
        require_linux()
        outside = lan or tls_cert is not None or tls_key is not None
        listen_host = _plain_host(host, outside=outside, command="farplay up")
        from farplay.run_up import run_up

        config = UpConfig(
            host=listen_host,
            port=port,
            data_dir=(data_dir or default_data_dir()).absolute(),
            titles=tuple(path.absolute() for path in title or ()),
            media_host=media_host,
            ice=IceOptions(ice, stun, turn, turn_username, turn_password_file, turn_secret_file),
            turn_secrets=take_turn_secrets(),
            with_bundled=bundled,
            lan=LanOptions(host, lan_port, tls_cert, tls_key) if outside else None,
            slots=slots,
            x264_preset=preset,
            afk_pause_max_s=afk_pause_max,
            afk_end_max_s=afk_end_max,
            verbose=verbose,
        )
        run_up(config, screen)


@title_app.command("run")
def title_run(
    path: Annotated[Path, typer.Argument(help="A folder with a title.toml, or a .py file.")],
    host: LinkHost = None,
    port: Annotated[int, typer.Option(help="TCP port; 0 picks one.", min=0, max=65535)] = 0,
    lan: Lan = False,
    lan_port: LanPort = None,
    media_host: MediaHost = "0.0.0.0",
    watch: Annotated[
        bool, typer.Option("--watch/--no-watch", help="Start the game anew in its page whenever its files change.")
    ] = True,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Play one game of yours, with temporary data of its own."""
    screen = Screen(as_json=as_json)
    with screen.failures_shown():
        require_linux()
        listen_host = _plain_host(host, outside=lan, command="farplay title run")
        from farplay.run_up import run_title

        run_title(
            path.absolute(),
            host=listen_host,
            port=port,
            lan=LanOptions(host, lan_port) if lan else None,
            media_host=media_host,
            watch=watch,
            verbose=verbose,
            screen=screen,
        )


add_commands(title_app)
admin_app.add_typer(admin_title_app, name="title")


@app.command()
def broker(
    host: Host = "localhost",
    port: Annotated[int, typer.Option(help="TCP port; 0 picks one.", min=0, max=65535)] = 8080,
    data_dir: DataDir = None,
    title: Titles = None,
    bundled: Bundled = True,
    database_url: Annotated[
        str | None, typer.Option(help="SQLAlchemy URL.", envvar="FARPLAY_DATABASE_URL", show_default="SQLite")
    ] = None,
    objects_url: Annotated[
        str | None,
        typer.Option(
            help="Where published games lie, such as s3://bucket/prefix.",
            envvar="FARPLAY_OBJECTS_URL",
            show_default="a folder of the data folder, on SQLite",
        ),
    ] = None,
    replica_lease: Annotated[
        float,
        typer.Option(
            help="Seconds without a sign of life after which other brokers on the database take over its work.",
            envvar="FARPLAY_REPLICA_LEASE",
            min=3.0,
            max=10.0,
        ),
    ] = 5.0,
    bus_notify: Annotated[
        bool,
        typer.Option(
            help="Brokers on one database wake each other by LISTEN; without it they look once a second.",
            envvar="FARPLAY_BUS_NOTIFY",
        ),
    ] = True,
    reserve: Annotated[
        float,
        typer.Option(
            help="Seconds for which a slot that was waited for is kept while none of its players is there.",
            envvar="FARPLAY_RESERVE",
            min=0.0,
        ),
    ] = 30.0,
    violations_max: Annotated[
        int,
        typer.Option(
            help="Sessions of a published version that may break the sandbox's rules; one more blocks the version.",
            envvar="FARPLAY_VIOLATIONS_MAX",
            min=0,
        ),
    ] = 4,
    title_checks: Annotated[
        int,
        typer.Option(
            help="Slots of nodes that checks of publishers' games (farplay title check --remote) may take at once.",
            envvar="FARPLAY_TITLE_CHECKS",
            min=0,
        ),
    ] = 1,
    allowed_host: Annotated[
        list[str] | None, typer.Option(help="Further name under which this broker is reached.")
    ] = None,
    pools: Annotated[
        Path | None,
        typer.Option(
            help="File of the pools whose nodes are started and ended as players come and go.",
            envvar="FARPLAY_POOLS",
            dir_okay=False,
        ),
    ] = None,
    region: Annotated[
        list[str] | None,
        typer.Option(
            help="A region in which nodes are, and where pages measure how far it is, such as "
            "eu=https://eu.play.example.org/healthz; may be given more than once.",
            envvar="FARPLAY_REGIONS",
        ),
    ] = None,
    rtt_max: Annotated[
        float,
        typer.Option(
            help="Longest round trip from a player to a node, ms, while a nearer one is there or can be made.",
            envvar="FARPLAY_RTT_MAX",
            min=1.0,
        ),
    ] = 80.0,
    far_after: Annotated[
        float,
        typer.Option(
            help="Seconds of waiting after which a player may be placed farther away than that.",
            envvar="FARPLAY_FAR_AFTER",
            min=0.0,
        ),
    ] = 60.0,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    tls_name: Annotated[
        str | None, typer.Option(help="Name that HTTPS links carry.", show_default="the certificate's")
    ] = None,
    tls_host: Annotated[str, typer.Option(help="Address to serve HTTPS on; * is every one.")] = "*",
    tls_port: Annotated[int, typer.Option(help="HTTPS port; 0 picks one.", min=0, max=65535)] = 8443,
    trust_cert: Annotated[Path | None, typer.Option(hidden=True, dir_okay=False)] = None,
    trust_port: Annotated[int, typer.Option(hidden=True, min=0, max=65535)] = 8480,
    as_json: Json = False,
    parent_pid: ParentPid = None,
) -> None:
    """Run only the session broker."""
    with Screen(as_json=as_json).failures_shown():
        require_linux()
        from farplay.local_nodes import local_nodes
        from farplay.region_options import region_rules
        from farplay.role_config import broker_config, tls_config
        from farplay.roles import run_broker

        folder = (data_dir or default_data_dir()).absolute()
        config = broker_config(
            host=host,
            port=port,
            data_dir=folder,
            titles=tuple(title or ()),
            with_bundled=bundled,
            database_url=database_url,
            objects_url=objects_url,
            replica_lease_s=replica_lease,
            bus_notify=bus_notify,
            reserve_s=reserve,
            violations_max=violations_max,
            title_checks_max=title_checks,
            allowed_hosts=tuple(allowed_host or ()),
            regions=region_rules(tuple(region or ()), rtt_max, far_after),
            pools=pools,
            tls=tls_config(
                certificate_file=tls_cert,
                key_file=tls_key,
                link_host=tls_name,
                host=tls_host,
                port=tls_port,
                ca_file=trust_cert,
                trust_port=trust_port,
            ),
        )
        start_local = local_nodes(folder, tuple(path.absolute() for path in title or ()), with_bundled=bundled)
        run_broker(config, start_local=start_local, as_json=as_json, parent_pid=parent_pid)


@app.command()
def node(
    broker: Annotated[str, typer.Option(help="Address of the broker.")] = "http://localhost:8080",
    data_dir: DataDir = None,
    title: Titles = None,
    bundled: Bundled = True,
    name: Annotated[str | None, typer.Option(help="Name of this machine.", show_default="host name")] = None,
    region: Annotated[
        str | None,
        typer.Option(
            help="Where this machine is: a region that the broker names.",
            envvar="FARPLAY_REGION",
            show_default="none",
        ),
    ] = None,
    slots: Slots = None,
    preset: Preset = None,
    warm_workers: Annotated[int, typer.Option(help="Workers kept ready.", min=0, max=64)] = 1,
    media_host: MediaHost = "0.0.0.0",
    media_ports: Annotated[
        str, typer.Option(help="Range of UDP ports, such as 40000-40100.", show_default="any")
    ] = "0-0",
    advertise: Annotated[
        list[str] | None,
        typer.Option(help="Address that players reach this node at.", show_default="all of --media-host"),
    ] = None,
    ice: Ice = None,
    stun: Stun = None,
    turn: Turn = None,
    turn_username: TurnUsername = None,
    turn_password_file: TurnPasswordFile = None,
    turn_secret_file: TurnSecretFile = None,
    afk_pause_max: AfkPauseMax = AFK_MAX_S,
    afk_end_max: AfkEndMax = AFK_MAX_S,
    sandbox: Annotated[
        Profile | None,
        typer.Option(help="How games are shut in.", show_default="userns where it works, else pod"),
    ] = None,
    watch_titles: Annotated[bool, typer.Option("--watch-titles", hidden=True)] = False,
    upgrades: Annotated[
        bool, typer.Option("--upgrades", help="Let farplay admin node upgrade start the installed version beside it.")
    ] = False,
    kept: Annotated[bool, typer.Option("--kept", hidden=True)] = False,
    successor: Annotated[bool, typer.Option("--successor", hidden=True)] = False,
    as_json: Json = False,
    parent_pid: ParentPid = None,
) -> None:
    """Run only a render node, which dials out to a broker."""
    with Screen(as_json=as_json).failures_shown():
        require_linux()
        if upgrades:
            from farplay.kept_node import run_kept_node

            folder = (data_dir or default_data_dir()).absolute()
            raise typer.Exit(run_kept_node(folder, sys.argv[2:], as_json=as_json))
        from farplay.region_options import region_name
        from farplay.role_config import node_config
        from farplay.roles import run_node

        config = node_config(
            broker_url=broker,
            data_dir=(data_dir or default_data_dir()).absolute(),
            titles=tuple(title or ()),
            with_bundled=bundled,
            name=name,
            region=region_name(region),
            slots=slots,
            x264_preset=preset,
            warm_workers=warm_workers,
            media_host=media_host,
            media_ports=media_ports,
            advertised=tuple(advertise or ()),
            ice=IceOptions(ice, stun, turn, turn_username, turn_password_file, turn_secret_file),
            afk_pause_max_s=afk_pause_max,
            afk_end_max_s=afk_end_max,
            sandbox=sandbox,
            watch_titles=watch_titles,
            kept=kept,
            successor=successor,
        )
        run_node(config, as_json=as_json, parent_pid=parent_pid)


@app.command()
def doctor(
    data_dir: DataDir = None,
    port: Annotated[int, typer.Option(help="TCP port that is wanted.", min=1, max=65535)] = DEFAULT_PORT,
    media_ports: Annotated[
        str, typer.Option(help="Range of UDP ports that is wanted, such as 40000-40100.", show_default="any")
    ] = "0-0",
    media_host: MediaHost = "0.0.0.0",
    ice: Ice = None,
    stun: Stun = None,
    turn: Turn = None,
    turn_username: TurnUsername = None,
    turn_password_file: TurnPasswordFile = None,
    turn_secret_file: TurnSecretFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object, for scripts.")] = False,
) -> None:
    """Say what this machine has and lacks, and what to do about it."""
    with Screen(as_json=as_json).failures_shown():
        from farplay.doctor.examine import Wishes, examine
        from farplay.doctor.report import print_json, print_report
        from farplay.role_config import port_range

        folder = (data_dir or default_data_dir()).absolute()
        options = IceOptions(ice, stun, turn, turn_username, turn_password_file, turn_secret_file)
        ports = port_range(media_ports)
        spec = ice_spec(options, take_turn_secrets(), media_host=media_host, ports=ports, advertised=())
        findings = examine(Wishes(folder, port, ports, spec))
        healthy = print_json(findings) if as_json else print_report(findings, console())
    raise typer.Exit(ExitStatus.OK if healthy else ExitStatus.FAILED)


def _plain_host(host: str | None, *, outside: bool, command: str) -> str:
    """Return where plain HTTP is spoken; ``host`` names it unless links for other devices carry that."""
    if outside or host is None:
        return LOOPBACK_HOSTS[0]
    if host not in LOOPBACK_HOSTS:
        raise CommandFailure(
            ExitStatus.FAILED,
            f"Farplay speaks plain HTTP only to this machine, and {host} is not a loopback address.",
            f"To play from other devices of this network, use: {command} --lan",
        )
    return host


def main() -> None:
    """Run the command."""
    app()
