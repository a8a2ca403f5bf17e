"""The commands of ``farplay admin``: options in, one call out."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from farplay.admin import tables
from farplay.data_folder import default_data_dir
from farplay.screen import Screen, console

app = typer.Typer(help="Operate: see nodes, sessions and the queue; drain nodes, end sessions.", no_args_is_help=True)
node_app = typer.Typer(help="One node: enrol, drain, undrain.", no_args_is_help=True)
app.add_typer(node_app, name="node")

Broker = Annotated[str, typer.Option(help="Address of a broker.", envvar="FARPLAY_BROKER")]
DatabaseUrl = Annotated[
    str | None,
    typer.Option(help="The broker's database.", envvar="FARPLAY_DATABASE_URL", show_default="SQLite in --data-dir"),
]
DataDir = Annotated[
    Path | None,
    typer.Option(help="The broker's data folder.", show_default="~/.local/share/farplay", file_okay=False),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
SessionArgument = Annotated[str, typer.Argument(help="The session's id, ses_….")]
NodeArgument = Annotated[str, typer.Argument(help="The node's id, node_…, or its name.")]

DEFAULT_BROKER = "http://localhost:8080"


@contextlib.contextmanager
def _signed_in(
    broker: str, database_url: str | None, data_dir: Path | None, *, as_json: bool = False
) -> Iterator[Any]:
    from farplay.admin.api import AdminPlace, operator_api

    with Screen(as_json=as_json).failures_shown():
        folder = (data_dir or default_data_dir()).absolute()
        url = database_url or f"sqlite+aiosqlite:///{folder / 'broker.sqlite3'}"
        with operator_api(AdminPlace(broker.rstrip("/"), url)) as api:
            yield api


def _print_json(answer: object) -> None:
    typer.echo(json.dumps(answer, ensure_ascii=False))


@app.command()
def status(
    broker: Broker = DEFAULT_BROKER,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Everything at a glance."""
    with _signed_in(broker, database_url, data_dir, as_json=as_json) as api:
        overview, queue = api.get("/overview"), api.get("/queue")
        if as_json:
            _print_json({**overview, "queue": queue})
        else:
            tables.print_status(overview, queue, console())


@app.command()
def nodes(
    broker: Broker = DEFAULT_BROKER,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """The nodes, with their load."""
    with _signed_in(broker, database_url, data_dir, as_json=as_json) as api:
        listed = api.get("/overview")["nodes"]
        _print_json(listed) if as_json else tables.print_nodes(listed, console())


@app.command()
def sessions(
    broker: Broker = DEFAULT_BROKER,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """The live sessions."""
    with _signed_in(broker, database_url, data_dir, as_json=as_json) as api:
        overview = api.get("/overview")
        listed = overview["sessions"]
        _print_json(listed) if as_json else tables.print_sessions(listed, overview["nodes"], console())


@app.command()
def queue(
    first: Annotated[str | None, typer.Option(help="Let this session wait less than all others.")] = None,
    broker: Broker = DEFAULT_BROKER,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Who waits, at what place and how long."""
    from session_broker.core.queue import PRIORITY_MAX

    with _signed_in(broker, database_url, data_dir, as_json=as_json) as api:
        if first is not None:
            api.put(f"/sessions/{first}/priority", {"priority": PRIORITY_MAX})
        listed = api.get("/queue")["waiting"]
        _print_json(listed) if as_json else tables.print_queue(listed, console())


@app.command()
def pools(
    broker: Broker = DEFAULT_BROKER,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """The pools of nodes: what is there, what it costs, what does not start and why."""
    with _signed_in(broker, database_url, data_dir, as_json=as_json) as api:
        listed = api.get("/pools")["pools"]
        _print_json(listed) if as_json else tables.print_pools(listed, console())


@app.command()
def ledger(
    since: Annotated[
        datetime | None, typer.Option(help="First end that counts, UTC.", show_default="the beginning")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(help="First end that no longer counts, UTC.", show_default="now")
    ] = None,
    broker: Broker = DEFAULT_BROKER,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """What was played, for bills: a line for each stretch without a pause; --json names session and node as well."""
    from farplay.admin.ledger import print_ledger, read_ledger

    with _signed_in(broker, database_url, data_dir, as_json=as_json) as api:
        entries = read_ledger(api, since, until)
        if as_json:
            for entry in entries:
                _print_json(entry)
        else:
            print_ledger(entries, console())


@app.command()
def why(
    session: SessionArgument,
    broker: Broker = DEFAULT_BROKER,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """What happened to a session, and why it is where it is."""
    with _signed_in(broker, database_url, data_dir, as_json=as_json) as api:
        history = api.get(f"/sessions/{session}")
        _print_json(history) if as_json else tables.print_why(history, console())


@app.command()
def end(
    session: SessionArgument,
    broker: Broker = DEFAULT_BROKER,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
) -> None:
    """End a session; its player is told that the operator did."""
    with _signed_in(broker, database_url, data_dir) as api:
        state = api.delete(f"/sessions/{session}")["session"]["state"]
        typer.echo(f"The session is {state}.")


@node_app.command()
def enrol(
    broker: Broker = DEFAULT_BROKER,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Make a token with which one new node may join; it goes into that node's FARPLAY_ENROLMENT_TOKEN."""
    with _signed_in(broker, database_url, data_dir, as_json=as_json) as api:
        made = api.post("/enrolments")
        _print_json(made) if as_json else typer.echo(made["token"])


@node_app.command()
def drain(
    node: NodeArgument,
    deadline: Annotated[
        float | None,
        typer.Option(help="Seconds after which what still runs is ended.", show_default="players end it", min=0),
    ] = None,
    broker: Broker = DEFAULT_BROKER,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
) -> None:
    """Let a node take no more sessions; those that it runs end by themselves, or at the deadline."""
    with _signed_in(broker, database_url, data_dir) as api:
        row = _find(api, node)
        api.put(f"/nodes/{row['node_id']}/drain", {"deadline_s": deadline})
        runs = row["slots_used"]
        ends = "when their players end them" if deadline is None else f"in {deadline:.0f} s at the latest"
        rest = f"Sessions that it runs: {runs}; they end {ends}." if runs else "It runs none and can be shut down."
        typer.echo(f"{row['name']} takes no more sessions. {rest}")


@node_app.command()
def undrain(
    node: NodeArgument,
    broker: Broker = DEFAULT_BROKER,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
) -> None:
    """Let a drained node take sessions again."""
    with _signed_in(broker, database_url, data_dir) as api:
        row = _find(api, node)
        api.delete(f"/nodes/{row['node_id']}/drain")
        typer.echo(f"{row['name']} takes sessions again.")


@node_app.command()
def upgrade(
    node: NodeArgument,
    deadline: Annotated[
        float | None,
        typer.Option(
            help="Seconds after which what still runs on the old node is ended.", show_default="players end it", min=0
        ),
    ] = None,
    broker: Broker = DEFAULT_BROKER,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Let a node of the new version take a node's place; the old one ends when its last session has.

    A pool makes the new one. A node that farplay node runs, such as a service of systemd, starts the version that is
    installed by now beside itself. This waits until it is done; if you end it, the upgrade goes on.
    """
    from farplay.admin.upgrade import upgrade as upgrade_node

    with _signed_in(broker, database_url, data_dir, as_json=as_json) as api:
        upgrade_node(api, _find(api, node), deadline, typer.echo, as_json=as_json)


def _find(api: Any, node: str) -> dict[str, Any]:
    from farplay.failures import CommandFailure, ExitStatus

    listed: list[dict[str, Any]] = api.get("/overview")["nodes"]
    found = [row for row in listed if node in (row["node_id"], row["name"])]
    if len(found) == 1:
        return found[0]
    words = f"There is no node {node}." if not found else f"{len(found)} nodes are called {node}."
    raise CommandFailure(ExitStatus.FAILED, words, "Name one by its id; see: farplay admin nodes")
