"""``farplay title reports``: what a broker tells a publisher of a title's sessions, shown and written to files."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from farplay.failures import CommandFailure, ExitStatus
from farplay.screen import printable

FIGURES = ("samples", "fps_mean", "fps_min", "sent_bps_mean", "encode_ms_p50_mean", "encode_ms_p99_max")
"""Columns of the CSV beside those of the session itself; empty where its node told none."""

_COLUMNS = ("session_id", "version", "created_at_ms", "ended_at_ms", "reason", *FIGURES)


def to_csv(reports: Mapping[str, Any]) -> str:
    """Return a line for each session, newest first."""
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows({**row, **row["figures"]} for row in reports["sessions"])
    return text.getvalue()


def write_crashes(reports: Mapping[str, Any], folder: Path) -> int:
    """Write each crash's last words to a file of its own; returns how many there are.

    Raises:
        CommandFailure: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for crash in reports["crashes"]:
            head = (
                f"{crash['session_id']}, version {crash['version']}, {_time(crash['ended_at_ms'])}: {crash['reason']}"
            )
            path = folder / f"{Path(crash['session_id']).name}.txt"
            path.write_text(f"{head}\n\n{printable(crash['last_words'])}\n", "utf-8")
    except OSError as error:
        raise CommandFailure(ExitStatus.FAILED, f"{folder} cannot be written: {error.strerror}.") from error
    return len(reports["crashes"])


def write_csv(reports: Mapping[str, Any], path: Path) -> None:
    """Write the CSV.

    Raises:
        CommandFailure: the file cannot be written.
    """
    try:
        path.write_text(to_csv(reports), "utf-8")
    except OSError as error:
        raise CommandFailure(ExitStatus.FAILED, f"{path} cannot be written: {error.strerror}.") from error


def print_reports(reports: Mapping[str, Any], console: Console) -> None:
    """Show the figures of each version, and the newest crash of each kind with its last words."""
    if not reports["versions"]:
        console.print("No session of it has ended yet.")
        return
    table = Table(box=None, pad_edge=False)
    for column in ("version", "sessions", "played", "ended"):
        table.add_column(column, overflow="fold")
    for row in reports["versions"]:
        ends = sorted(row["ends"].items(), key=lambda end: (-end[1], end[0]))
        words = ", ".join(f"{count} {reason.replace('_', ' ') or 'unknown'}" for reason, count in ends)
        table.add_row(escape(row["version"]), str(row["sessions"]), f"{row['played_s'] / 3600:.1f} h", escape(words))
    console.print(table)
    shown = set()
    for crash in reports["crashes"]:
        kind = (crash["version"], crash["reason"])
        if kind not in shown:
            shown.add(kind)
            console.print(f"\n{crash['reason'].replace('_', ' ')}, version {escape(crash['version'])}, "
                          f"{_time(crash['ended_at_ms'])}:", style="bold")  # fmt: skip
            console.print(printable(crash["last_words"]) or "It printed nothing.", markup=False)


def _time(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"
