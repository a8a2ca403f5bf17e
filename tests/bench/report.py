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

from tests.bench.gates import Gate, Run, bars, validity
from tests.bench.reading import Reading

Table = list[list[str]]


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


def gate_table(gates: Sequence[Gate]) -> Table:
    """Return the gates as rows, the first the heading."""
    rows = [["", "read", "bar", "bar, scaled to this run", ""]]
    for gate in gates:
        sign = "≥" if gate.at_least else "≤"
        verdict = "pass" if gate.passed else ("INVALID" if gate.validity else "FAIL")
        rows.append(
            [
                gate.name,
                f"{gate.value:.2f} {gate.unit}",
                f"{sign} {gate.bar:g}",
                f"{sign} {gate.scaled_bar:.2f}",
                verdict,
            ]
        )
    return rows


def stream_table(runs: Sequence[Run]) -> Table:
    """Return one row for each stream, each figure the median of the runs."""
    rows = [
        ["stream", "p50 / p95 / p99 ms", "decoded fps", "shown fps", "Mbit/s", "PSNR dB", "jitter buffer ms", "codec"]
    ]
    for name in runs[0].readings:
        readings = [run.readings[name] for run in runs]
        rows.append(_stream_row(name, readings))
    floor = statistics.median(run.floor_p50_ms for run in runs)
    rows.append(["local canvas (floor)", f"{floor:.1f}", *["-"] * 6])
    return rows


def _stream_row(name: str, readings: Sequence[Reading]) -> list[str]:
    def middle(read: Callable[[Reading], float]) -> float:
        return statistics.median(map(read, readings))

    latency = " / ".join(
        f"{middle(read):.1f}"
        for read in (lambda r: r.visible_ms.p50, lambda r: r.visible_ms.p95, lambda r: r.visible_ms.p99)
    )
    return [
        name, latency, f"{middle(lambda r: r.decoded_fps):.1f}", f"{middle(lambda r: r.shown_fps):.1f}",
        f"{middle(lambda r: r.media_bps) / 1e6:.2f}", f"{middle(lambda r: r.psnr_db):.2f}",
        f"{middle(lambda r: r.jitter_buffer_ms):.1f}", readings[0].codec.removeprefix("video/"),
    ]  # fmt: skip


def usage_table(runs: Sequence[Run]) -> Table:
    """Return CPU and memory of each group of processes."""
    rows = [["stream", "process", "cores", "own memory MiB"]]
    for name in runs[0].readings:
        for role in runs[0].readings[name].usage:
            found = [run.readings[name].usage[role] for run in runs if role in run.readings[name].usage]
            cores = statistics.median(each.cores for each in found)
            memory = statistics.median(each.memory_mib for each in found)
            rows.append([name, role, f"{cores:.3f}", f"{memory:.0f}"])
    return rows


def stage_table(runs: Sequence[Run]) -> Table:
    """Return the page's own figures by stage, of the middle run."""
    stages = runs[len(runs) // 2].readings["farplay"].stages_ms
    rows = [["stage", "p50 ms", "p95 ms", "p99 ms"]]
    rows += [[name, f"{each.p50:.1f}", f"{each.p95:.1f}", f"{each.p99:.1f}"] for name, each in stages.items()]
    return rows


def as_text(table: Table) -> str:
    """Align a table for a terminal."""
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in table)


def as_markdown(table: Table) -> str:
    """Write a table as markdown."""
    heading, *rows = ["| " + " | ".join(row) + " |" for row in table]
    return "\n".join([heading, "|" + "---|" * len(table[0]), *rows])


def plot(runs: Sequence[Run], path: Path) -> None:
    """Draw each stream's latency percentiles as bars, one mark for each run."""
    names = list(runs[0].readings)
    figure, axes = plt.subplots(figsize=(8, 4.5), layout="constrained")
    for offset, percentile in enumerate(("p50", "p95", "p99")):
        values = [[getattr(run.readings[name].visible_ms, percentile) for run in runs] for name in names]
        places = [index + (offset - 1) * 0.26 for index in range(len(names))]
        axes.bar(places, [statistics.median(each) for each in values], width=0.24, label=percentile)
        for place, each in zip(places, values, strict=True):
            axes.plot([place] * len(each), each, "k.", markersize=4)
    axes.axhline(statistics.median(run.floor_p50_ms for run in runs), linestyle=":", color="grey", label="floor p50")
    axes.set_xticks(range(len(names)), names)
    axes.set_ylabel("input event to visible pixel, ms")
    axes.legend()
    figure.savefig(path, dpi=130)
    plt.close(figure)


def write(runs: Sequence[Run], folder: Path) -> bool:
    """Write all files and print the tables.

    Returns:
        True if the runs are valid and every bar holds.
    """
    folder.mkdir(parents=True, exist_ok=True)
    gates = [*median_gates(runs, validity), *median_gates(runs, bars)]
    scales = (
        f"{len(runs)} runs; our packets through the unmodified sender "
        f"{statistics.median(run.latency_scale for run in runs):.2f} and libx264 superfast "
        f"{statistics.median(run.cpu_scale for run in runs):.2f} of the reference machine; "
        f"superfast {statistics.median(run.superfast_ms for run in runs):.2f} ms a frame"
    )
    tables = [gate_table(gates), stream_table(runs), usage_table(runs), stage_table(runs)]
    text = "\n\n".join([scales, *map(as_text, tables)])
    print(text)
    (folder / "bench.txt").write_text(text + "\n")
    (folder / "bench.md").write_text("\n\n".join([scales, *map(as_markdown, tables)]) + "\n")
    record = {
        "runs": [{**asdict(run), "latency_scale": run.latency_scale, "cpu_scale": run.cpu_scale} for run in runs],
        "gates": [{**asdict(gate), "scaled_bar": gate.scaled_bar, "passed": gate.passed} for gate in gates],
    }
    (folder / "bench.json").write_text(json.dumps(record, indent=1) + "\n")
    plot(runs, folder / "bench.png")
    return all(gate.passed for gate in gates)
