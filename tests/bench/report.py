"""Writes what the bench read: JSON, one table as text and as markdown, and a plot."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

from tests.bench.gates import Gate, Run, validity
from tests.bench.recorded import recorded
from tests.bench.tables import as_markdown, as_text, gate_table, stage_table, stream_table, streams_of, usage_table


def median_gates(runs: Sequence[Run], judge: Callable[[Run], list[Gate]]) -> list[Gate]:
    """Return each gate with the medians of its value and scale over the runs."""
    return [
        replace(
            gates[0],
            value=statistics.median(gate.value for gate in gates),
            scale=statistics.median(gate.scale for gate in gates),
        )
        for gates in zip(*map(judge, runs), strict=True)
    ]


def plot(runs: Sequence[Run], path: Path) -> None:
    """Draw each stream's latency percentiles as bars, one mark for each run."""
    shown = {name: readings for name, readings in streams_of(runs).items() if readings}
    figure, axes = plt.subplots(figsize=(max(8, 1.7 * len(shown)), 4.5), layout="constrained")
    for offset, percentile in enumerate(("p50", "p95", "p99")):
        values = [[getattr(each.visible_ms, percentile) for each in readings] for readings in shown.values()]
        places = [index + (offset - 1) * 0.26 for index in range(len(shown))]
        axes.bar(places, [statistics.median(each) for each in values], width=0.24, label=percentile)
        for place, each in zip(places, values, strict=True):
            axes.plot([place] * len(each), each, "k.", markersize=4)
    axes.axhline(statistics.median(run.floor_p50_ms for run in runs), linestyle=":", color="grey", label="floor p50")
    axes.set_xticks(range(len(shown)), list(shown))
    axes.set_ylabel("input event to visible pixel, ms")
    axes.legend()
    figure.savefig(path, dpi=130)
    plt.close(figure)


def write(runs: Sequence[Run], folder: Path, name: str, judge: Callable[[Run], list[Gate]]) -> bool:
    """Write all files and print the tables.

    Args:
        runs: At least one.
        folder: Takes the files.
        name: Of the files, without their endings.
        judge: What the runs must show beside being valid.

    Returns:
        True if the runs are valid and every bar holds.
    """
    folder.mkdir(parents=True, exist_ok=True)
    gates = [*median_gates(runs, validity), *median_gates(runs, judge)]
    scales = (
        f"{len(runs)} runs; our packets through the unmodified sender "
        f"{statistics.median(run.latency_scale for run in runs):.2f} and libx264 superfast "
        f"{statistics.median(run.cpu_scale for run in runs):.2f} of the reference machine; "
        f"superfast {statistics.median(run.superfast_ms for run in runs):.2f} ms a frame"
    )
    tables = [gate_table(gates), stream_table(runs), usage_table(runs), stage_table(runs)]
    text = "\n\n".join([scales, *map(as_text, tables)])
    print(text)
    (folder / f"{name}.txt").write_text(text + "\n")
    (folder / f"{name}.md").write_text("\n\n".join([scales, *map(as_markdown, tables)]) + "\n")
    judged = [{**asdict(gate), "scaled_bar": gate.scaled_bar, "passed": gate.passed} for gate in gates]
    (folder / f"{name}.json").write_text(json.dumps({"runs": recorded(runs), "gates": judged}, indent=1) + "\n")
    plot(runs, folder / f"{name}.png")
    return all(gate.passed for gate in gates)
