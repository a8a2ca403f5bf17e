"""``farplay admin node upgrade``: asks for it, then tells how far it is until the new node has taken over."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping
from typing import Any

from farplay.admin.api import OperatorApi
from farplay.failures import CommandFailure, ExitStatus
from farplay.screen import printable

LOOK_S = 1.0
"""Seconds between looks at how far it is."""

BESIDE_S = 120.0
"""Seconds that a node has to start beside another; it measures nothing anew, so it takes a few."""

Row = Mapping[str, Any]


def upgrade(
    api: OperatorApi, node: Row, deadline_s: float | None, say: Callable[[str], None], *, as_json: bool
) -> None:
    """Upgrade a node and wait until that is done; an upgrade that is left alone goes on by itself.

    Args:
        api: Where to ask.
        node: The node's row in the overview.
        deadline_s: Seconds after which what still runs on it is ended; None leaves it to the players.
        say: Takes a line whenever something has changed.
        as_json: Whether lines are JSON instead of words.

    Raises:
        CommandFailure: the node cannot be upgraded so, or no other came.
    """
    path = f"/nodes/{node['node_id']}/upgrade"
    row: Row = api.put(path, {"deadline_s": deadline_s})
    began_s, came, told = time.monotonic(), False, ""
    while True:
        news = words(row)
        if news != told:
            say(json.dumps(row, ensure_ascii=False) if as_json else news)
            told = news
        came = came or bool(row["successor"] and row["successor"]["ready"])
        if row["ended"] and (came or not (row["successor"] or row["awaited"])):
            return
        if row["pool"] is None and not came and time.monotonic() - began_s >= BESIDE_S:
            raise CommandFailure(
                ExitStatus.FAILED,
                f"No other node came beside {printable(row['name'])} in {BESIDE_S:.0f} s; it goes on as before.",
                "The log of its service says why; see: journalctl -u farplay-node",
            )
        time.sleep(LOOK_S)
        row = api.get(path)


def words(row: Row) -> str:
    """Return how far an upgrade is, in a sentence or two."""
    return f"{_of_the_old(row)} {_of_the_new(row)}".strip()


def _of_the_old(row: Row) -> str:
    name, runs = printable(row["name"]), row["sessions"]
    if row["ended"]:
        return f"{name} has ended."
    if not row["drained"]:
        return f"{name} takes sessions until its successor is there."
    if not runs:
        return f"{name} takes no more sessions and runs none."
    left_ms = row["ends_in_ms"]
    end = "when their players end them" if left_ms is None else f"in {math.ceil(left_ms / 60_000)} min at the latest"
    return f"{name} takes no more sessions. Sessions that it runs: {runs}; they end {end}."


def _of_the_new(row: Row) -> str:
    after = row["successor"]
    if after is None:
        return "Its successor is made when its pool has room for it." if row["awaited"] else ""
    who = f"Its successor {printable(after['name'])}" if after["name"] else "Its successor"
    if after["ready"]:
        return f"{who} takes sessions."
    if after["trouble"]:
        why = after["trouble"].replace("_", " ")
        return f"{who} does not start: {why}{': ' + printable(after['words']) if after['words'] else ''}."
    return f"{who} is starting."
