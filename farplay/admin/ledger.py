"""The ledger as a command reads and shows it: page by page, as long as it may be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from rich.console import Console

from farplay.admin.api import OperatorApi
from farplay.admin.tables import Row, add_row, new_table, show_table

_COLUMNS = ("ended (UTC)", "seconds", "title", "pool", "player")


def read_ledger(api: OperatorApi, since: datetime | None, until: datetime | None) -> Iterator[dict[str, Any]]:
    """Yield entries in the order of their ends.

    Args:
        api: The operator API.
        since: First end, UTC; None for all before.
        until: First end that is left out, UTC; None for all until now.
    """
    span = {"since_ms": since, "until_ms": until}
    asked = {name: str(_unix_ms(at)) for name, at in span.items() if at is not None}
    while True:
        page = api.get(f"/ledger?{urlencode(asked)}")
        yield from page["entries"]
        if page["after"] is None:
            return
        asked["after"] = page["after"]


def _unix_ms(at: datetime) -> int:
    return max(0, int(at.replace(tzinfo=UTC).timestamp() * 1000))


def print_ledger(entries: Iterable[Row], console: Console) -> None:
    """Print one line for each stretch of play, and their sum."""
    table, total_s = new_table(*_COLUMNS), 0.0
    for entry in entries:
        ended = datetime.fromtimestamp(entry["ended_at_ms"] / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
        total_s += entry["seconds"]
        add_row(table, ended, f"{entry['seconds']:.1f}", entry["title_id"], entry["pool"] or "", entry["player_id"])
    show_table(table, "Nothing was played.", console)
    if table.row_count:
        console.print(f"Together {total_s / 3600:.2f} hours of play, lines: {table.row_count}", markup=False)
