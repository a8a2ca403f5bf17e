"""The tables of a bench run, each a list of rows whose first is the heading."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence

from tests.bench.gates import Gate, Run
from tests.bench.reading import Reading

Table = list[list[str]]


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


def streams_of(runs: Sequence[Run]) -> dict[str, list[Reading]]:
    """Return every stream's readings, none for one that never showed a picture."""
    names = dict.fromkeys(name for run in runs for name in (*run.readings, *run.missing))
    return {name: [run.readings[name] for run in runs if name in run.readings] for name in names}


def stream_table(runs: Sequence[Run]) -> Table:
    """Return one row for each stream, each figure the median of the runs."""
    rows = [
        [
            "stream", "p50 / p95 / p99 ms", "presses seen", "rendered fps", "decoded fps", "shown fps",
            "Mbit/s", "PSNR dB", "jitter buffer ms", "neighbours' cores", "codec",
        ]
    ]  # fmt: skip
    for name, readings in streams_of(runs).items():
        rows.append(_stream_row(name, readings, len(runs)))
    floor = statistics.median(run.floor_p50_ms for run in runs)
    rows.append(["local canvas (floor)", f"{floor:.1f}", *["-"] * 9])
    return rows


def _stream_row(name: str, readings: Sequence[Reading], runs: int) -> list[str]:
    def middle(read: Callable[[Reading], float], digits: int = 1) -> str:
        value = statistics.median(map(read, readings))
        return "-" if math.isnan(value) else f"{value:.{digits}f}"

    if not readings:
        return [name, "no picture", *["-"] * 9]
    some = "" if len(readings) == runs else f" ({len(readings)} of {runs} runs)"
    latency = (
        middle(lambda r: r.visible_ms.p50),
        middle(lambda r: r.visible_ms.p95),
        middle(lambda r: r.visible_ms.p99),
    )
    seen, presses = sum(each.visible_ms.count for each in readings), sum(each.presses for each in readings)
    return [
        name + some, " / ".join(latency), f"{seen} of {presses}", middle(lambda r: r.rendered_fps),
        middle(lambda r: r.decoded_fps), middle(lambda r: r.shown_fps), middle(lambda r: r.media_bps / 1e6, 2),
        middle(lambda r: r.psnr_db, 2), middle(lambda r: r.jitter_buffer_ms),
        middle(lambda r: r.neighbour_cores, 2),
        readings[0].codec.removeprefix("video/"),
    ]  # fmt: skip


def usage_table(runs: Sequence[Run]) -> Table:
    """Return CPU and memory of each group of processes."""
    rows = [["stream", "process", "cores", "own memory MiB"]]
    for name, readings in streams_of(runs).items():
        for role in readings[0].usage if readings else ():
            found = [each.usage[role] for each in readings if role in each.usage]
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
