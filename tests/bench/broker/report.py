"""Writes what the broker's bench read: JSON, tables and a plot."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

from tests.bench.broker import placement, starts
from tests.bench.broker.placement import PlacementReading
from tests.bench.broker.starts import StartsReading
from tests.bench.gates import Gate
from tests.bench.tables import Table, as_markdown, as_text, gate_table


def gates(placed: Sequence[PlacementReading], started: Sequence[StartsReading]) -> list[Gate]:
    """Return the bars."""
    largest = max(placed, key=lambda each: each.nodes)
    most = max((each.starts_per_s for each in started if each.holds), default=0.0)
    return [
        Gate(f"placement over {largest.nodes} nodes, p99", largest.p99_ms, placement.P99_MAX_MS, unit="ms"),
        Gate(
            f"starts with p99 within {starts.P99_MAX_MS:.0f} ms", most, starts.BAR_PER_S, at_least=True, unit="per s"
        ),
    ]


def placement_table(placed: Sequence[PlacementReading]) -> Table:
    """Return a row for each size of fleet."""
    rows = [["nodes", "p50 ms", "p99 ms", "max ms", "found a node"]]
    rows += [[str(e.nodes), f"{e.p50_ms:.3f}", f"{e.p99_ms:.3f}", f"{e.max_ms:.2f}", str(e.placed)] for e in placed]
    return rows


def starts_table(started: Sequence[StartsReading]) -> Table:
    """Return a row for each rate."""
    groups = list(started[0].cores)
    rows = [
        ["clicks per s", "starts per s", "start p50 / p99 ms", "answer p50 / p99 ms", "failed",
         *(f"{group}, cores" for group in groups), ""]
    ]  # fmt: skip
    for each in started:
        rows.append(
            [
                f"{each.clicks_per_s:.0f}",
                f"{each.starts_per_s:.0f}",
                f"{each.start_ms.p50:.0f} / {each.start_ms.p99:.0f}",
                f"{each.answer_ms.p50:.0f} / {each.answer_ms.p99:.0f}",
                ", ".join(f"{count} {why}" for why, count in each.failed.items()) or "0",
                *(f"{each.cores[group]:.2f}" for group in groups),
                "holds" if each.holds else "too much",
            ]
        )
    return rows


def plot(placed: Sequence[PlacementReading], started: Sequence[StartsReading], path: Path) -> None:
    """Draw placement over the size of the fleet, and starts over the rate of clicks."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    sizes = [each.nodes for each in placed]
    left.plot(sizes, [each.p99_ms for each in placed], "o-", label="p99")
    left.plot(sizes, [each.p50_ms for each in placed], "o:", label="p50")
    left.axhline(placement.P99_MAX_MS, color="grey", linestyle="--", label="bar")
    left.set(xscale="log", yscale="log", xlabel="nodes", ylabel="one placement, ms")
    left.legend()
    rates = [each.clicks_per_s for each in started]
    right.plot(rates, [each.start_ms.p99 for each in started], "o-", label="click to node, p99")
    right.plot(rates, [each.start_ms.p50 for each in started], "o:", label="click to node, p50")
    right.axhline(starts.P99_MAX_MS, color="grey", linestyle="--", label="bar")
    right.set(yscale="log", xlabel="clicks per second, three replicas on two cores", ylabel="ms")
    right.legend()
    figure.savefig(path, dpi=130)
    plt.close(figure)


def write(placed: Sequence[PlacementReading], started: Sequence[StartsReading], folder: Path) -> bool:
    """Write all files and print the tables.

    Returns:
        True if every bar holds.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = gates(placed, started)
    tables = [gate_table(found), placement_table(placed), starts_table(started)]
    text = "\n\n".join(map(as_text, tables))
    print(text)
    (folder / "broker.txt").write_text(text + "\n")
    (folder / "broker.md").write_text("\n\n".join(map(as_markdown, tables)) + "\n")
    record = {
        "placement": [asdict(each) for each in placed],
        "starts": [{**asdict(each), "holds": each.holds} for each in started],
        "gates": [{**asdict(gate), "passed": gate.passed} for gate in found],
    }
    (folder / "broker.json").write_text(json.dumps(record, indent=1) + "\n")
    plot(placed, started, folder / "broker.png")
    return all(gate.passed for gate in found)
