"""Options that several commands of ``farplay title`` share, and how they answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from farplay.data_folder import default_data_dir
from farplay.screen import console

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object, for scripts.")]
Keys = Annotated[
    Path | None,
    typer.Option(
        "--keys",
        envvar="FARPLAY_PUBLISHER_DIR",
        file_okay=False,
        help="Folder of the publisher's key.",
        show_default="~/.local/share/farplay/publisher",
    ),
]
Archive = Annotated[Path, typer.Argument(help="A title's archive, made by pack.", dir_okay=False)]


def keys_folder(named: Path | None) -> Path:
    """Return the folder of the publisher's key."""
    return named or default_data_dir() / "publisher"


def tell(as_json: bool, answer: Mapping[str, object], words: str) -> None:
    """Print the answer for a program, or words for a person."""
    if as_json:
        typer.echo(json.dumps(dict(answer)))
    else:
        console().print(words, soft_wrap=True)
