"""Draws a Grafana dashboard from its JSON: the panels where it places them, with what its queries give."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.dates as mdates
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from tests.bench.dashboard.prometheus import SCRAPE_S, Line

UNIT_IN = 0.62
"""A grid unit of the dashboard: one of 24 columns; a row is as high as half of it."""
GROUND, PANEL, TEXT, GRID = "#111217", "#181b1f", "#ccccdc", "#2c3235"
COLOURS = ("#73bf69", "#f2cc0c", "#8ab8ff", "#ff780a", "#f2495c", "#5794f2", "#b877d9", "#96d98d")
"""Grafana's classic palette, in its order."""
SIZE_PT = 8
STEP_COLOURS = {"green": "#73bf69", "orange": "#ff9830", "red": "#f2495c"}


Found: TypeAlias = dict[int, list[tuple[str, list[Line]]]]
"""By panel id: each target's legend template and the lines of its query."""


def legend(template: str, labels: Mapping[str, str]) -> str:
    """Return a series' name: the template with its labels put in."""
    for name, value in labels.items():
        template = template.replace("{{" + name + "}}", value)
    return template


def threshold_colour(value: float, steps: Sequence[Mapping[str, Any]]) -> str:
    """Return the colour of the highest step that a value reaches."""
    colour = "green"
    for step in steps:
        if step["value"] is None or value >= step["value"]:
            colour = step["color"]
    return STEP_COLOURS[colour]


def draw(dashboard: Mapping[str, Any], found: Found, span_s: tuple[float, float], to: Path) -> None:
    """Write the picture.

    Args:
        dashboard: The JSON that Grafana imports.
        found: What its queries gave.
        span_s: From when to when, in Unix seconds.
        to: A PNG file.
    """
    panels = dashboard["panels"]
    columns = 24
    rows = max(each["gridPos"]["y"] + each["gridPos"]["h"] for each in panels)
    width_in, height_in = columns * UNIT_IN, rows * UNIT_IN * 0.55
    figure = plt.figure(figsize=(width_in, height_in), facecolor=GROUND)
    gap_x, gap_y = 0.1 / width_in, 0.1 / height_in
    for panel in panels:
        place = panel["gridPos"]
        left, right = place["x"] / columns + gap_x, (place["x"] + place["w"]) / columns - gap_x
        bottom, top = 1 - (place["y"] + place["h"]) / rows + gap_y, 1 - place["y"] / rows - gap_y
        figure.patches.append(
            mpl.patches.Rectangle(
                (left, bottom), right - left, top - bottom, transform=figure.transFigure, facecolor=PANEL, zorder=-1
            )
        )
        figure.text(left + gap_x, top - 2 * gap_y, panel["title"], color=TEXT, fontsize=10, va="top", weight="bold")
        head, foot = 0.36 / height_in, 0.74 / height_in
        if panel["type"] == "stat":
            _stat(figure, panel, found[panel["id"]], ((left + right) / 2, (bottom + top - head) / 2))
        else:
            inside = (
                left + 0.42 / width_in,
                bottom + foot,
                right - left - 0.6 / width_in,
                top - bottom - head - foot,
            )
            axes = figure.add_axes(inside)
            axes.set_xlim(*(datetime.fromtimestamp(at, UTC) for at in span_s))  # type: ignore[arg-type]
            _series(axes, panel, found[panel["id"]])
    figure.savefig(to, dpi=110, facecolor=GROUND)
    plt.close(figure)


def _stat(
    figure: Any, panel: Mapping[str, Any], targets: Sequence[tuple[str, list[Line]]], at: tuple[float, float]
) -> None:
    values = [line.values[-1] for _, lines in targets for line in lines if line.values]
    settings = panel["fieldConfig"]["defaults"]
    if not values or math.isnan(values[0]):
        words, colour = "No data", TEXT
    else:
        words = f"{values[0]:.0%}" if settings["unit"] == "percentunit" else f"{values[0]:g}"
        colour = threshold_colour(values[0], settings["thresholds"]["steps"])
    figure.text(*at, words, color=colour, fontsize=30, ha="center", va="center", weight="bold")


def _legend_in(letters: int) -> float:
    """Return how wide a legend's column is, in inches."""
    return 0.4 + letters * SIZE_PT * 0.6 / 72


def _series(axes: Axes, panel: Mapping[str, Any], targets: Sequence[tuple[str, list[Line]]]) -> None:
    axes.set_facecolor(PANEL)
    drawn = [(legend(template, line.labels), line) for template, lines in targets for line in lines]
    stacks = panel["fieldConfig"]["defaults"]["custom"]["stacking"]["mode"] == "normal"
    beneath: dict[float, float] = {}
    """What is drawn so far, by time."""
    most = 0.0
    for index, (name, line) in enumerate(drawn):
        colour = COLOURS[index % len(COLOURS)]
        times = [datetime.fromtimestamp(at, UTC) for at in line.at_s]
        low = [beneath.get(at, 0.0) if stacks else 0.0 for at in line.at_s]
        high = [floor + (0.0 if math.isnan(value) else value) for floor, value in zip(low, line.values, strict=True)]
        most = max(most, *high)
        beneath.update(zip(line.at_s, high, strict=True))
        gaps = [n for n, (at, after) in enumerate(pairwise(line.at_s), 1) if after - at > 1.5 * SCRAPE_S]
        for place in reversed(gaps):
            times.insert(place, times[place])
            low.insert(place, math.nan)
            high.insert(place, math.nan)
        axes.fill_between(times, low, high, color=colour, alpha=0.35 if stacks else 0.12, linewidth=0)  # type: ignore[arg-type]
        axes.plot(times, high, color=colour, linewidth=1.2, label=name)  # type: ignore[arg-type]
    axes.set_ylim(0, None if most > 0 else 1)
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.xaxis.set_major_locator(mdates.MinuteLocator())  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(mdates.DateFormatter("%H:%M"))  # type: ignore[no-untyped-call]
    axes.tick_params(colors=TEXT, labelsize=SIZE_PT, length=0)
    axes.grid(color=GRID, linewidth=0.6)
    for spine in axes.spines.values():
        spine.set_visible(False)
    if drawn:
        axes.legend(
            loc="upper left", bbox_to_anchor=(-0.06, -0.12), frameon=False,
            ncols=max(1, int(panel["gridPos"]["w"] * UNIT_IN / _legend_in(max(len(name) for name, _ in drawn)))),
            fontsize=SIZE_PT,
            labelcolor=TEXT, handlelength=1.2, columnspacing=1.2,
        )  # fmt: skip
    else:
        axes.text(0.5, 0.5, "No data", transform=axes.transAxes, color=TEXT, ha="center", va="center")
