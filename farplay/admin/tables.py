"""The operator API's answers as tables for a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from farplay.screen import printable

STATE_STYLES = {
    "ready": "green", "running": "green", "draining": "yellow", "queued": "yellow", "starting": "yellow",
    "paused": "cyan", "ending": "yellow", "lost": "red", "registering": "dim",
}  # fmt: skip

Row = Mapping[str, Any]

_FOLDED = ("title", "state", "why", "name", "node", "nodes", "pool", "region")
"""Columns that may be broken over lines; the others fit a terminal of 80 characters beside each other."""


def print_status(overview: Row, queue: Row, console: Console) -> None:
    """Print the whole in a few lines."""
    nodes, sessions = overview["nodes"], overview["sessions"]
    ready = [node for node in nodes if node["state"] == "ready" and node["connected"]]
    slots, used = sum(node["slots"] for node in ready), sum(node["slots_used"] for node in ready)
    grid = Table.grid(padding=(0, 2))
    grid.add_row(Text("brokers", style="bold"), _brokers(overview))
    grid.add_row(Text("nodes", style="bold"), f"{overview['nodes_known']} known: {_counts(nodes)}")
    grid.add_row(Text("slots", style="bold"), f"{used} of {slots} used on nodes that take sessions")
    grid.add_row(Text("sessions", style="bold"), f"{overview['sessions_live']} live: {_counts(sessions)}")
    grid.add_row(Text("queue", style="bold"), _queue_line(queue))
    console.print(grid)


def _brokers(overview: Row) -> Text:
    words = Text(str(overview["replicas"]))
    if overview["replicas_silent"]:
        words.append(f"; {overview['replicas_silent']} do not answer, what is theirs is missing here", style="red")
    return words


def _counts(rows: Iterable[Row]) -> str:
    counted = Counter(row["state"] for row in rows)
    return ", ".join(f"{count} {state}" for state, count in sorted(counted.items())) or "none"


def _queue_line(queue: Row) -> str:
    if not queue["waiting_total"]:
        return "nobody waits"
    last = queue["waiting"][-1]
    return f"{queue['waiting_total']} waiting; expected wait of the last one: {_wait(last)}"


def print_nodes(nodes: Iterable[Row], console: Console) -> None:
    """Print one line for each node; ids only where names do not tell them apart."""
    listed = list(nodes)
    counted = Counter(node["name"] for node in listed)
    placed = any(node["region"] for node in listed)
    table = new_table("name", *(("region",) if placed else ()), "state", "slots", "cpu", "memory", "encoder", "heard")
    for node in listed:
        state = "away" if not node["connected"] and node["state"] == "ready" else node["state"]
        if node["drained"] and state != "draining":
            state += ", drained"
        add_row(
            table,
            node["name"] if counted[node["name"]] == 1 else f"{node['name']} {node['node_id']}",
            *((_region(node),) if placed else ()),
            _state(state), f"{node['slots_used']} of {node['slots']}",
            f"{node['cpu_percent']:.0f}%", _gib(node["memory_used_bytes"], node["memory_bytes"]),
            _first(node["encoders"]), f"{node['heard_s']} s ago",
        )  # fmt: skip
    show_table(table, "There are no nodes. Start one with: farplay node --broker URL", console)


def print_sessions(sessions: Iterable[Row], nodes: Iterable[Row], console: Console) -> None:
    """Print one line for each live session, with the name of its node; times are UTC."""
    names = {node["node_id"]: node["name"] for node in nodes}
    table = new_table("session", "title", "state", "node", "fps", "since")
    for session in sessions:
        figures = session["figures"]
        add_row(
            table,
            session["session_id"], session["title_id"], _because(session),
            str(names.get(session["node_id"], session["node_id"] or "")),
            f"{figures['fps']:.0f}" if figures else "", _time(session["created_at_ms"], "%H:%M:%S"),
        )  # fmt: skip
    show_table(table, "Nobody plays.", console)


def print_queue(waiting: Iterable[Row], console: Console) -> None:
    """Print one line for each session that waits; times are UTC."""
    table = new_table("place", "session", "title", "priority", "wait", "since")
    for entry in waiting:
        add_row(
            table,
            str(entry["place"]), entry["session_id"], entry["title_id"], str(entry["priority"]),
            _wait(entry), _time(entry["queued_at_ms"], "%H:%M:%S"),
        )  # fmt: skip
    show_table(table, "Nobody waits.", console)


def print_pools(pools: Iterable[Row], console: Console) -> None:
    """Print one line for each pool, then what is wrong with pools and with nodes that do not start."""
    listed = list(pools)
    table = new_table("pool", "nodes", "of", "slots", "kept free", "per hour", "by")
    for pool in listed:
        add_row(
            table,
            pool["name"], _states(pool["states"]), str(pool["max_nodes"]),
            f"{pool['slots_used']} of {pool['slots']} used", str(pool["idle_wanted"]),
            f"{pool['cost_per_hour']:.2f}", pool["adapter"] or "nobody",
        )  # fmt: skip
    show_table(table, "There are no pools. Name them in a file: farplay broker --pools FILE", console)
    troubles = [(pool["name"], pool["trouble"]) for pool in listed if pool["trouble"]]
    nodes = [node for pool in listed for node in pool["nodes"]]
    troubles += [(node["name"], f"{_words(node['trouble'])}: {node['words']}") for node in nodes if node["trouble"]]
    for name, words in troubles:
        shown = "".join(filter(str.isprintable, words))
        console.print(Text.assemble((name, "bold"), (f"  {shown}", "yellow")))


def _states(states: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {state}" for state, count in sorted(states.items())) or "none"


def print_why(history: Row, console: Console) -> None:
    """Print what happened to a session and why it was placed where it was."""
    session = history["session"]
    console.print(Text.assemble((session["session_id"], "bold"), f", {session['title_id']}, {session['state']}"))
    table = new_table("time (UTC)", "what", "why")
    for event in history["events"]:
        add_row(table, _time(event["happened_at_ms"]), _words(event["event"]), why(event))
    console.print(table)
    if history["detail"]:
        console.print(Text(f"Last words of the title:\n{printable(history['detail'])}", style="dim"))


def why(event: Row) -> str:
    """Return an event's reason in words, with the nodes that placement refused or put behind."""
    data = event["data"]
    parts = [_words(event["reason"])] if event["reason"] else []
    if data.get("node_id"):
        parts.append(f"node {data['node_id']}")
    for words, name in (("not", "refused"), ("after it", "behind")):
        if data.get(name):
            counted = ", ".join(f"{count} for {_words(what)}" for what, count in sorted(data[name].items()))
            parts.append(f"{words}: {counted}")
    rest = [name for name in sorted(data) if name not in ("node_id", "refused", "behind")]
    parts += [f"{_words(name)} {data[name]}" for name in rest]
    return "; ".join(parts)


def _region(node: Row) -> str:
    return node["region"] if node["region_known"] or not node["region"] else f"{node['region']} (not named)"


def new_table(*columns: str) -> Table:
    """Return a table without lines."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column not in _FOLDED)
    return table


def add_row(table: Table, *cells: str | Text) -> None:
    """Add a row; what nodes and titles call themselves is text, neither markup nor commands for the terminal."""
    table.add_row(*(Text("".join(filter(str.isprintable, str(c)))) if isinstance(c, str) else c for c in cells))


def show_table(table: Table, empty: str, console: Console) -> None:
    """Print a table, or words if it has no rows."""
    console.print(table if table.row_count else empty, markup=False)


def _because(session: Row) -> Text:
    return _state(", ".join(filter(None, (session["state"], _words(session["reason"])))))


def _state(state: str) -> Text:
    return Text(state, style=STATE_STYLES.get(state.partition(",")[0], ""))


def _words(label: str | None) -> str:
    return (label or "").replace("_", " ")


def _wait(entry: Row) -> str:
    if entry["wait_s"] is None:
        return "not known yet"
    return f"{entry['wait_s']:.0f} ± {entry['error_s']:.0f} s"


def _gib(used: int, total: int | None) -> str:
    return f"{used / 2**30:.1f} of {total / 2**30:.1f} GiB" if total else ""


def _first(names: list[str] | None) -> str:
    return names[0] if names else ""


def _time(at_ms: int | None, form: str = "%m-%d %H:%M:%S") -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime(form) if at_ms else ""
