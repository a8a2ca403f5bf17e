"""Writes what the network bench read: JSON, tables as text and markdown, and a plot of each scenario."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
import matplotlib.pyplot as plt

from tests.bench.net.bars import CLEAN_BPS, CLEAN_FPS, LATE_P99_MS, RENDERED_FPS, Judged, judge
from tests.bench.net.reading import NetReading
from tests.bench.net.scenarios import CLEAN
from tests.bench.net.timeline import Timeline
from tests.bench.tables import Table, as_markdown, as_text

Runs = Mapping[str, Sequence[NetReading]]
Read = Callable[[NetReading], float]

_FPS: tuple[Read, ...] = (lambda r: r.rendered_fps, lambda r: r.decoded_fps, lambda r: r.shown_fps)


def reading_table(runs: Runs) -> Table:
    """Return one row for each scenario, each figure the median of its runs."""
    rows = [
        [
            "scenario", "capture → shown p50 / p95 / p99 ms", "input → visible p50 / p95 ms", "freezes", "longest ms",
            "rendered / decoded / shown fps", "media Mbit/s", "RTP Mbit/s", "media / link", "RTP / link",
            "queue p50 / p95 ms", "edges lost", "peers",
        ]
    ]  # fmt: skip
    for name, readings in runs.items():
        figure = _medians(readings)
        edges = sum(2 * each.presses for each in readings)
        rows.append(
            [
                name,
                " / ".join(figure(read) for read in (_shown("p50"), _shown("p95"), _shown("p99"))),
                " / ".join(figure(read) for read in (_visible("p50"), _visible("p95"))),
                figure(lambda r: r.freezes, 0),
                figure(lambda r: r.longest_freeze_ms, 0),
                " / ".join(figure(read) for read in _FPS),
                figure(lambda r: r.media_bps / 1e6, 2),
                figure(lambda r: r.rtp_bps / 1e6, 2),
                figure(lambda r: 100 * r.media_share, 0, "%"),
                figure(lambda r: 100 * r.rtp_share, 0, "%"),
                " / ".join(figure(read) for read in (lambda r: r.queue_ms.p50, lambda r: r.queue_ms.p95)),
                f"{sum(each.edges_lost for each in readings)} of {edges}",
                figure(lambda r: r.peers, 0),
            ]
        )
    return rows


def sound_table(runs: Runs) -> Table:
    """Return how a tone came through each scenario, medians again."""
    rows = [["scenario", "sound made up", "breaks a minute", "held ms"]]
    for name, readings in runs.items():
        figure = _medians(readings)
        made_up, breaks = figure(lambda r: 100 * r.sound_made_up, 2, "%"), figure(lambda r: r.sound_breaks)
        rows.append([name, made_up, breaks, figure(lambda r: r.sound_held_ms)])
    return rows


def bar_table(judged: Mapping[str, Sequence[Judged]]) -> Table:
    """Return the bars as rows."""
    rows = [["scenario", "", "read", "must", "aim", ""]]
    for name, each in judged.items():
        for found in each:
            bar, sign = found.bar, "≥" if found.bar.at_least else "≤"
            value = "-" if math.isnan(found.value) else f"{found.value:.1f} {bar.unit}"
            value = "never" if math.isinf(found.value) else value
            rows.append([name, bar.name, value, f"{sign} {bar.must:g}", f"{sign} {bar.aim:g}", found.verdict])
    return rows


def shaper_table(runs: Runs) -> Table:
    """Return how well the link itself was kept."""
    rows = [["scenario", "link late p50 / p99 / max ms", "refused", "cores", ""]]
    for name, readings in runs.items():
        p50, p99, longest = (
            max(getattr(each.shaper, field) for each in readings) / 1000
            for field in ("late_p50_us", "late_p99_us", "late_max_us")
        )
        rows.append(
            [
                name,
                f"{p50:.2f} / {p99:.2f} / {longest:.2f}",
                str(sum(each.shaper.refused for each in readings)),
                f"{max(each.shaper.cores for each in readings):.2f}",
                f"INVALID: {why}" if (why := faults(readings)) else "",
            ]
        )
    return rows


def faults(readings: Sequence[NetReading]) -> str:
    """Return why a scenario's runs do not count, empty if they do."""
    found = []
    if any(each.shaper.late_p99_us > LATE_P99_MS * 1000 or each.shaper.refused for each in readings):
        found.append("the link was not kept")
    if not all(each.rendered_fps >= RENDERED_FPS for each in readings):
        found.append(f"fewer than {RENDERED_FPS:g} fps rendered")
    if readings[0].scenario == CLEAN.name:
        if min(each.decoded_fps for each in readings) < CLEAN_FPS:
            found.append(f"fewer than {CLEAN_FPS:g} fps decoded")
        if min(each.media_bps for each in readings) < CLEAN_BPS:
            found.append(f"less than {CLEAN_BPS / 1e6:g} Mbit/s of media")
    return ", ".join(found)


def plot(name: str, words: str, lines: Timeline, path: Path) -> None:
    """Draw the rate above, the delay below."""
    figure, (rates, delays) = plt.subplots(2, sharex=True, figsize=(10, 6), layout="constrained")
    figure.suptitle(f"{name}: {words}")
    limited = bool(np.isfinite(lines.link_bps).all())
    if limited:
        rates.plot(lines.at_s, lines.link_bps / 1e6, color="black", drawstyle="steps-post", label="link")
    rates.plot(lines.at_s, lines.rtp_bps / 1e6, label="RTP")
    if lines.tcp_bps.max(initial=0.0) > 1e6:
        rates.plot(lines.at_s, lines.tcp_bps / 1e6, label="TCP")
    rates.set_ylabel("Mbit/s")
    # With dots, since a frame that was shown alone makes no line.
    delays.plot(lines.at_s, lines.shown_ms, marker=".", markersize=3, label="capture to presented, longest")
    if limited:
        delays.plot(lines.at_s, lines.queue_ms, marker=".", markersize=3, label="wait in the queue, longest")
    delays.set_ylabel("ms")
    delays.set_xlabel("s")
    for axes, free in ((rates, "lower left"), (delays, "upper left")):
        axes.set_ylim(bottom=0)
        axes.legend(loc=free)
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def write(runs: Runs, superfast_ms: Sequence[float], folder: Path) -> bool:
    """Write the tables and the record, and print the tables.

    Args:
        runs: Readings by scenario.
        superfast_ms: How fast the machine was, before each run: libx264 superfast on a frame of the hard card.
        folder: Where to.

    Returns:
        True if every run counts and every must holds.
    """
    judged = judge(runs)
    tables = [reading_table(runs), sound_table(runs), bar_table(judged), shaper_table(runs)]
    machine = f"libx264 superfast took {' / '.join(f'{each:.2f}' for each in superfast_ms)} ms a frame"
    text = "\n\n".join([machine, *map(as_text, tables)])
    print(text)
    (folder / "net.txt").write_text(text + "\n")
    (folder / "net.md").write_text("\n\n".join([machine, *map(as_markdown, tables)]) + "\n")
    record = {
        "superfast_ms": superfast_ms,
        "runs": {name: [asdict(each) for each in readings] for name, readings in runs.items()},
        "bars": [
            {"scenario": name, "name": found.bar.name, "unit": found.bar.unit, "must": found.bar.must,
             "aim": found.bar.aim, "value": found.value, "verdict": found.verdict}
            for name, each in judged.items() for found in each
        ],
    }  # fmt: skip
    (folder / "net.json").write_text(json.dumps(_without_nan(record), indent=1) + "\n")
    holds = all(found.verdict != "FAIL" for each in judged.values() for found in each)
    return holds and not any(map(faults, runs.values()))


def _without_nan(value: Any) -> Any:
    """Return the record with null for NaN, and "never" for what was not reached."""
    if isinstance(value, dict):
        return {name: _without_nan(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_without_nan(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else "never"
    return value


def _medians(readings: Sequence[NetReading]) -> Callable[..., str]:
    def figure(read: Read, digits: int = 1, unit: str = "") -> str:
        value = statistics.median(map(read, readings))
        return "-" if math.isnan(value) else f"{value:.{digits}f}{unit}"

    return figure


def _shown(name: str) -> Read:
    return lambda reading: float(getattr(reading.shown_ms, name))


def _visible(name: str) -> Read:
    return lambda reading: float(getattr(reading.visible_ms, name))
