"""``farplay title publish`` and what follows it, and ``farplay admin title``: options in, one call out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from farplay.broker_client import BrokerClient
from farplay.data_folder import default_data_dir
from farplay.screen import Screen, console
from farplay.titles.options import Archive, Json, Keys, keys_folder, tell
from wire.schema import encode
from wire.title_release import ROTATIONS_MAX, Channel

Broker = Annotated[str, typer.Option("--broker", envvar="FARPLAY_BROKER", help="Address of the broker.")]
Link = Annotated[
    str | None,
    typer.Option("--link", help="A sign-in link of that broker, needed once.", show_default=False),
]
TitleId = Annotated[str, typer.Argument(metavar="ID", help="The title's id.")]
VersionText = Annotated[str, typer.Argument(metavar="VERSION", help="Its version.")]
Digest = Annotated[str, typer.Argument(metavar="HASH", help="SHA-256 of the archive, as list shows it.")]
ChannelName = Annotated[Channel, typer.Option(help="stable is every player's; beta is played at /play/ID@beta.")]
LOCAL_BROKER = "http://localhost:8080"

admin_title_app = typer.Typer(help="Which published games players may start.", no_args_is_help=True)


def publish(
    archive: Archive,
    channel: ChannelName = Channel.STABLE,
    broker: Broker = LOCAL_BROKER,
    link: Link = None,
    keys: Keys = None,
    as_json: Json = False,
) -> None:
    """Publish a signed game: players are offered this version from now on."""
    screen = Screen(as_json=as_json)
    with screen.failures_shown():
        from farplay.titles.packages import load_package, send_archives
        from farplay.titles.publisher_key import load_key

        package = load_package(archive)
        rotations = load_key(keys_folder(keys)).rotations[-ROTATIONS_MAX:]
        client = broker_client(broker, link)
        send_archives(package, client, screen.progress)
        proofs = [encode(each) for each in rotations]
        body = {"release": encode(package.release), "rotations": proofs, "channel": str(channel)}
        row = client.send("POST", "/api/v1/releases", body)
        screen.end_progress()
        waits = (
            "" if row["approved"] else "\nPlayers see it once an operator approves it: farplay admin title approve "
        )
        waits += "" if row["approved"] else row["archive_sha256"]
        tell(as_json, row, f"Published {escape(row['title_id'])} {escape(row['version'])}.{waits}")


def list_(broker: Broker = LOCAL_BROKER, link: Link = None, as_json: Json = False) -> None:
    """List the versions that you have published."""
    with Screen(as_json=as_json).failures_shown():
        _show(broker_client(broker, link).get("/api/v1/releases")["releases"], as_json)


def show(title_id: TitleId, broker: Broker = LOCAL_BROKER, link: Link = None, as_json: Json = False) -> None:
    """Show every version of a game, with its digest and key."""
    with Screen(as_json=as_json).failures_shown():
        _show(
            broker_client(broker, link).get(f"/api/v1/releases?title_id={title_id}")["releases"], as_json, whole=True
        )


def offer(
    title_id: TitleId,
    version: VersionText,
    channel: ChannelName = Channel.STABLE,
    broker: Broker = LOCAL_BROKER,
    link: Link = None,
    as_json: Json = False,
) -> None:
    """Offer another published version, such as the one before; sessions finish on what they began with."""
    with Screen(as_json=as_json).failures_shown():
        broker_client(broker, link).send(
            "PUT", f"/api/v1/releases/{title_id}/channels/{channel}", {"version": version}
        )
        words = f"{channel.capitalize()} offers {escape(title_id)} {escape(version)} from now on."
        tell(as_json, {"title_id": title_id, "version": version, "channel": str(channel)}, words)


def withdraw(
    title_id: TitleId,
    version: VersionText,
    broker: Broker = LOCAL_BROKER,
    link: Link = None,
    as_json: Json = False,
) -> None:
    """Offer a version no more, for good; sessions that run it go on."""
    with Screen(as_json=as_json).failures_shown():
        broker_client(broker, link).send("POST", f"/api/v1/releases/{title_id}/{version}/withdrawal")
        words = f"Withdrew {escape(title_id)} {escape(version)}."
        tell(as_json, {"title_id": title_id, "withdrawn": version}, words)


def reports(
    title_id: TitleId,
    csv: Annotated[Path | None, typer.Option(help="Write how each session did to this file.", dir_okay=False)] = None,
    crashes: Annotated[
        Path | None, typer.Option(help="Write what each crash left to a file in this folder.", file_okay=False)
    ] = None,
    broker: Broker = LOCAL_BROKER,
    link: Link = None,
    as_json: Json = False,
) -> None:
    """Show how the sessions of your game did: by version, its crashes, and figures as CSV."""
    with Screen(as_json=as_json).failures_shown():
        from farplay.titles.reports import print_reports, write_crashes, write_csv

        found = broker_client(broker, link).get(f"/api/v1/releases/{title_id}/reports")
        if csv is not None:
            write_csv(found, csv)
        if crashes is not None:
            write_crashes(found, crashes)
        if as_json:
            typer.echo(json.dumps(found))
        else:
            print_reports(found, console())


@admin_title_app.command("list")
def list_all(broker: Broker = LOCAL_BROKER, link: Link = None, as_json: Json = False) -> None:
    """List every published version, what waits for approval, and what broke the sandbox's rules."""
    with Screen(as_json=as_json).failures_shown():
        _show(broker_client(broker, link).get("/api/v1/releases")["releases"], as_json, whole=True)


@admin_title_app.command()
def approve(digest: Digest, broker: Broker = LOCAL_BROKER, link: Link = None, as_json: Json = False) -> None:
    """Let players be offered a published version; lifts a block and forgets violations."""
    with Screen(as_json=as_json).failures_shown():
        broker_client(broker, link).send("POST", f"/api/v1/archives/{digest}/approval")
        tell(as_json, {"approved": digest}, "Approved.")


@admin_title_app.command()
def block(digest: Digest, broker: Broker = LOCAL_BROKER, link: Link = None, as_json: Json = False) -> None:
    """Let nobody start a version any more; its sessions end now."""
    with Screen(as_json=as_json).failures_shown():
        broker_client(broker, link).send("POST", f"/api/v1/archives/{digest}/block")
        tell(as_json, {"blocked": digest}, "Blocked. Its sessions have ended.")


def add_publish_commands(title_app: typer.Typer) -> None:
    """Add these commands beside the others of ``farplay title``."""
    for name, command in (
        ("publish", publish), ("list", list_), ("show", show), ("offer", offer), ("withdraw", withdraw),
        ("reports", reports),
    ):  # fmt: skip
        title_app.command(name)(command)


def broker_client(broker: str, link: str | None) -> BrokerClient:
    """Return a client of a broker, signed in as the publisher."""
    return BrokerClient.of(broker, link, default_data_dir() / "publisher" / "sign-ins.json")


def _show(rows: Iterable[Mapping[str, Any]], as_json: bool, *, whole: bool = False) -> None:
    releases = list(rows)
    if as_json:
        typer.echo(json.dumps({"releases": releases}))
        return
    if not releases:
        console().print("Nothing is published yet: farplay title publish ARCHIVE")
        return
    table = Table(box=None, pad_edge=False)
    for column in ("title", "version", "published", "state", "SHA-256", *(("key",) if whole else ())):
        table.add_column(column, overflow="fold")
    for row in releases:
        at = datetime.fromtimestamp(row["published_at_ms"] / 1000, UTC)
        digest = row["archive_sha256"] if whole else f"{row['archive_sha256'][:12]}…"
        cells = (row["title_id"], row["version"], f"{at:%Y-%m-%d %H:%M} UTC", _state(row), digest)
        table.add_row(*map(escape, cells), *((row["key"],) if whole else ()))
    console().print(table)


def _state(row: Mapping[str, Any]) -> str:
    if row["blocked"]:
        return f"blocked{_violations(row)}"
    if row["withdrawn"]:
        return "withdrawn"
    if not row["approved"]:
        return "waits for approval"
    return (", ".join(row["channels"]) or "kept") + _violations(row)


def _violations(row: Mapping[str, Any]) -> str:
    count = row["violations"]
    return f"; {count} session{'s' if count > 1 else ''} broke the sandbox's rules" if count else ""
