"""Writes what a density run read: JSON, tables and a plot."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

from tests.bench.density.reading import SENT_P99_MAX_MS, DensityReading, gates, unchanged_gate
from tests.bench.tables import Table, as_markdown, as_text, gate_table


def stream_table(readings: Sequence[DensityReading]) -> Table:
    """Return a row for each number of streams: the worst of them in each figure."""
    rows = [
        ["preset", "streams", "capture → sent p50 / p99 ms", "encoded p99 ms", "rendered fps", "sent fps", "Mbit/s",
         "lost", ""]
    ]  # fmt: skip
    for reading in readings:
        streams, worst = reading.streams, reading.worst_ms
        rows.append(
            [
                reading.preset,
                str(len(streams)),
                f"{worst.p50:.1f} / {worst.p99:.1f}",
                f"{max(each.encoded_ms.p99 for each in streams):.1f}",
                f"{min(each.rendered_fps for each in streams):.1f}",
                f"{min(each.sent_fps for each in streams):.1f}",
                f"{min(each.media_bps for each in streams) / 1e6:.2f}",
                str(sum(each.lost_packets for each in streams)),
                "holds" if reading.holds else "too much",
            ]
        )
    return rows


def usage_table(readings: Sequence[DensityReading]) -> Table:
    """Return the cores of each kind of process, those of all streams together."""
    kinds = list(readings[0].usage)
    rows = [["preset", "streams", *(f"{kind}, cores" for kind in kinds), "worker, MiB"]]
    for reading in readings:
        cores = [f"{reading.usage[kind].cores:.3f}" for kind in kinds]
        memory = f"{reading.usage['worker'].memory_mib:.0f}"
        rows.append([reading.preset, str(len(reading.streams)), *cores, memory])
    return rows


def budget_table(readings: Sequence[DensityReading]) -> Table:
    """Return what admission counts with: see ``render_node/agent/core/capacity.py``."""
    rows = [["preset", "streams", "encoding, ms", "worker beside it, cores", "title, cores", "machine used"]]
    for each in readings:
        rows.append(
            [
                each.preset,
                str(len(each.streams)),
                f"{each.encode_ms:.2f}",
                f"{each.beside_encoding_cores:.3f}",
                f"{each.title_cores:.3f}",
                f"{each.product_share:.0%}",
            ]
        )
    return rows


def plot(readings: Sequence[DensityReading], path: Path) -> None:
    """Draw the worst stream's latency over the number of streams."""
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    for preset in dict.fromkeys(reading.preset for reading in readings):
        mine = [reading for reading in readings if reading.preset == preset]
        counts = [len(reading.streams) for reading in mine]
        line = axes.plot(counts, [each.worst_ms.p99 for each in mine], "o-", label=f"{preset}, p99")[0]
        axes.plot(counts, [each.worst_ms.p50 for each in mine], "o:", color=line.get_color(), label=f"{preset}, p50")
    axes.axhline(SENT_P99_MAX_MS, color="grey", linestyle="--", label="two frames")
    axes.set_xlabel("streams at once, titles drawing")
    axes.set_ylabel("capture to last packet sent, ms")
    axes.set_yscale("log")
    axes.set_xticks(sorted({len(reading.streams) for reading in readings}))
    axes.legend()
    figure.savefig(path, dpi=130)
    plt.close(figure)


def write(readings: Sequence[DensityReading], unchanged: DensityReading, superfast_ms: float, folder: Path) -> bool:
    """Write all files and print the tables.

    Args:
        readings: Of moving pictures.
        unchanged: Of one stream whose title flips the same picture.
        superfast_ms: The machine's reference.
        folder: Made if it is missing.

    Returns:
        True if every bar holds.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = [*gates(readings), unchanged_gate(unchanged)]
    words = f"libx264 superfast {superfast_ms:.2f} ms a frame"
    tables = [gate_table(found), stream_table(readings), usage_table(readings), budget_table(readings)]
    text = "\n\n".join([words, *map(as_text, tables)])
    print(text)
    (folder / "density.txt").write_text(text + "\n")
    (folder / "density.md").write_text("\n\n".join([words, *map(as_markdown, tables)]) + "\n")
    record = {
        "superfast_ms": superfast_ms,
        "readings": [{**asdict(each), "holds": each.holds} for each in readings],
        "unchanged": asdict(unchanged),
        "gates": [{**asdict(gate), "passed": gate.passed} for gate in found],
    }
    (folder / "density.json").write_text(json.dumps(record, indent=1) + "\n")
    plot(readings, folder / "density.png")
    return all(gate.passed for gate in found)
