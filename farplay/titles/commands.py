"""``farplay title``, all but ``run``: options in, one call out."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from farplay.failures import CommandFailure, ExitStatus
from farplay.screen import Screen, console
from farplay.system_check import require_linux
from farplay.titles.options import Archive, Json, Keys, keys_folder, tell
from farplay.titles.publish_commands import Link, add_publish_commands, broker_client
from render_node.agent.io.machine import usable_cores
from render_node.conformance.plan import CheckPlan
from wire.errors import WireError
from wire.title_check import CheckReport

key_app = typer.Typer(help="The key that says that a title is yours.", no_args_is_help=True)


def init(
    folder: Annotated[Path, typer.Argument(help="Folder to make.")],
    kind: Annotated[str, typer.Option(help="What runs the title.")] = "pygame",
    title_id: Annotated[
        str | None, typer.Option("--id", help="Its id.", show_default="from the folder's name")
    ] = None,
    name: Annotated[str | None, typer.Option(help="What players read.", show_default="the folder's name")] = None,
    as_json: Json = False,
) -> None:
    """Start a game: a small one that runs at once, for you to change."""
    with Screen(as_json=as_json).failures_shown():
        from farplay.titles.new_title import make_title

        chosen = make_title(folder, kind, title_id=title_id, name=name)
        tell(
            as_json,
            {"title_id": chosen, "folder": str(folder)},
            f"Made [bold]{escape(str(folder))}[/]. Play it: [cyan]farplay title run {escape(str(folder))}[/]",
        )


def check(
    path: Annotated[
        Path, typer.Argument(help="A folder with a title.toml; with --remote a signed archive does as well.")
    ],
    junit: Annotated[Path | None, typer.Option(help="Write the report as JUnit XML too.", dir_okay=False)] = None,
    screenshots: Annotated[
        Path | None, typer.Option(help="Folder for a picture of each step.", file_okay=False)
    ] = None,
    files_only: Annotated[bool, typer.Option("--files-only", help="Look at its files and do not run it.")] = False,
    remote: Annotated[
        str | None,
        typer.Option(
            help="Address of a broker, one of whose nodes runs the check.", show_default="this machine runs it"
        ),
    ] = None,
    link: Link = None,
    keys: Keys = None,
    as_json: Json = False,
) -> None:
    """Run a game in its sandbox and see whether it does what its title.toml says; a minute or two."""
    screen = Screen(as_json=as_json)
    with screen.failures_shown():
        require_linux()
        from farplay.titles.check.report import print_report, to_json, write_junit

        try:
            if remote is None:
                plan = CheckPlan(run=not files_only, devices_at_once=usable_cores(), screenshots=screenshots)
                report = _check_here(path, plan, screen)
            else:
                report = _check_remotely(path, remote, link, keys, screenshots, screen, files_only=files_only)
            screen.end_progress()
            if junit is not None:
                write_junit(report, junit)
        except OSError as error:
            raise CommandFailure(ExitStatus.FAILED, f"{error.filename}: {error.strerror}.") from error
        if as_json:
            typer.echo(to_json(report))
        else:
            print_report(report, console())
    raise typer.Exit(ExitStatus.OK if report.passed else ExitStatus.BAD_TITLE)


def _check_here(path: Path, plan: CheckPlan, screen: Screen) -> CheckReport:
    from farplay.titles.check.local import check_title

    try:
        return asyncio.run(check_title(path, plan, screen.progress))
    except WireError as error:
        raise CommandFailure(ExitStatus.FAILED, f"{error.detail}.", "farplay doctor says what to do.") from error


def _check_remotely(
    path: Path, broker: str, link: str | None, keys: Path | None, screenshots: Path | None, screen: Screen, *,
    files_only: bool,
) -> CheckReport:  # fmt: skip
    from farplay.titles.check.remote import check_remotely
    from farplay.titles.publisher_key import load_key

    if files_only:
        raise CommandFailure(ExitStatus.FAILED, "--files-only needs no node.", "Leave out --remote, or --files-only.")
    key = load_key(keys_folder(keys))
    return check_remotely(path, broker_client(broker, link), key, screenshots, screen.progress)


def pack(
    folder: Annotated[Path, typer.Argument(help="A folder with a title.toml.", file_okay=False)],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write.", show_default="ID-VERSION.farplay")
    ] = None,
    as_json: Json = False,
) -> None:
    """Pack a game into one file; the same files always make the same one."""
    screen = Screen(as_json=as_json)
    with screen.failures_shown():
        from farplay.titles.packages import pack_title

        packed = pack_title(folder, out, screen.progress)
        screen.end_progress()
        left_out = f"\nLeft out: {escape(', '.join(packed.left_out))}" if packed.left_out else ""
        tell(
            as_json,
            {
                "path": str(packed.path), "sha256": packed.sha256, "bytes": packed.archive_bytes,
                "files": list(packed.files), "left_out": list(packed.left_out),
            },
            f"[bold]{escape(str(packed.path))}[/]\n"
            f"{len(packed.files)} files, {packed.archive_bytes / 2**20:.2f} MiB, SHA-256 {packed.sha256}{left_out}",
        )  # fmt: skip


def sign(archive: Archive, keys: Keys = None, as_json: Json = False) -> None:
    """Sign a packed game with your key."""
    with Screen(as_json=as_json).failures_shown():
        from farplay.titles.packages import sign_package, signature_path
        from farplay.titles.publisher_key import load_key

        package = sign_package(archive, load_key(keys_folder(keys)))
        release = package.release
        tell(
            as_json,
            {
                "title_id": release.title_id, "version": release.version, "sha256": release.archive_sha256,
                "key": release.key, "signature": str(signature_path(archive)),
            },
            f"Signed {escape(release.title_id)} {escape(release.version)} with {release.key}: "
            f"[bold]{escape(str(signature_path(archive)))}[/]",
        )  # fmt: skip


@key_app.command("new")
def key_new(keys: Keys = None, as_json: Json = False) -> None:
    """Make your key. Keep a copy of its file: whoever has it is you."""
    with Screen(as_json=as_json).failures_shown():
        from farplay.titles.publisher_key import KEY_FILE, new_key

        key = new_key(keys_folder(keys))
        path = keys_folder(keys) / KEY_FILE
        words = f"Your key is {key.public}\nIts file, of which to keep a copy: [bold]{escape(str(path))}[/]"
        tell(as_json, {"key": key.public, "file": str(path)}, words)


@key_app.command("show")
def key_show(keys: Keys = None, as_json: Json = False) -> None:
    """Show the public half of your key, and how often it was changed."""
    with Screen(as_json=as_json).failures_shown():
        from farplay.titles.publisher_key import KEY_FILE, load_key

        key = load_key(keys_folder(keys))
        path = keys_folder(keys) / KEY_FILE
        words = f"Your key is {key.public}\nChanged {len(key.rotations)} times. Its file: {escape(str(path))}"
        earlier = [rotation.old_key for rotation in key.rotations]
        tell(as_json, {"key": key.public, "file": str(path), "earlier": earlier}, words)


@key_app.command("rotate")
def key_rotate(keys: Keys = None, as_json: Json = False) -> None:
    """Go on with a new key, which the old one signs; publish any title once to tell a broker."""
    with Screen(as_json=as_json).failures_shown():
        from farplay.titles.publisher_key import rotate_key

        key = rotate_key(keys_folder(keys))
        words = f"Your key is {key.public} now. The old one signed the change and is gone."
        tell(as_json, {"key": key.public, "earlier": [rotation.old_key for rotation in key.rotations]}, words)


def add_commands(title_app: typer.Typer) -> None:
    """Add these commands beside ``run``."""
    for command in (init, check, pack, sign):
        title_app.command()(command)
    add_publish_commands(title_app)
    title_app.add_typer(key_app, name="key")
