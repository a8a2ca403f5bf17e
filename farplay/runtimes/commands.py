"""``farplay runtime``: options in, one call out."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from farplay.failures import CommandFailure, ExitStatus
from farplay.screen import Screen
from farplay.titles.options import Json, tell
from wire.errors import WireError

runtime_app = typer.Typer(help="Base layers that games share: system and Python packages.", no_args_is_help=True)


@runtime_app.command()
def build(
    folder: Annotated[Path, typer.Argument(help="A folder with a runtime.toml.", file_okay=False)],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write.", show_default="NAME-VERSION.runtime.farplay")
    ] = None,
    as_json: Json = False,
) -> None:
    """Build a runtime into one file; the same runtime.lock always makes the same one."""
    screen = Screen(as_json=as_json)
    with screen.failures_shown():
        from farplay.runtimes.build import build_runtime
        from farplay.runtimes.local_runtimes import local_runtimes, pin_table

        built = build_runtime(folder, out, local_runtimes(), screen.progress)
        screen.end_progress()
        packed, lock = built.packed, built.lock
        counts = f"{len(lock.debian)} Debian packages, {len(lock.wheels)} Python packages, {len(packed.files)} files"
        left_out = [*packed.left_out, *built.dangling]
        tell(
            as_json,
            {**asdict(built.pin), "path": str(packed.path), "files": len(packed.files), "left_out": left_out},
            f"[bold]{escape(str(packed.path))}[/]\n{counts}, {packed.archive_bytes / 2**20:.2f} MiB\n"
            f"A game runs on it with this in its title.toml:\n\n{escape(pin_table(built.pin))}",
        )


@runtime_app.command("list")
def list_(as_json: Json = False) -> None:
    """List the runtimes on this machine, as a title.toml names them."""
    with Screen(as_json=as_json).failures_shown():
        from farplay.runtimes.local_runtimes import local_runtimes, pin_table

        pins = local_runtimes().all()
        words = "\n\n".join(map(pin_table, pins)) or "There are none here yet: farplay runtime build FOLDER"
        tell(as_json, {"runtimes": [asdict(pin) for pin in pins]}, escape(words))


@runtime_app.command()
def add(
    archive: Annotated[Path, typer.Argument(help="A runtime's archive, made by build.", dir_okay=False)],
    as_json: Json = False,
) -> None:
    """Take a runtime from its file, so that games on this machine can use it."""
    with Screen(as_json=as_json).failures_shown():
        from farplay.runtimes.local_runtimes import local_runtimes, pin_table

        try:
            pin = local_runtimes().add(archive)
        except WireError as error:
            raise CommandFailure(ExitStatus.BAD_TITLE, f"{archive}: {error.detail}.") from error
        except OSError as error:
            raise CommandFailure(ExitStatus.FAILED, f"{error.filename or archive}: {error.strerror}.") from error
        tell(as_json, asdict(pin), escape(pin_table(pin)))


@runtime_app.command()
def remove(
    digest: Annotated[str, typer.Argument(metavar="SHA256", help="The first characters of its digest.")],
    as_json: Json = False,
) -> None:
    """Remove a runtime from this machine; published games that use it are not touched."""
    with Screen(as_json=as_json).failures_shown():
        from farplay.runtimes.local_runtimes import local_runtimes

        pin = local_runtimes().remove(digest)
        tell(as_json, asdict(pin), f"Removed {escape(str(pin))}.")
