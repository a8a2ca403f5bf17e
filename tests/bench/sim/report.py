"""Writes what a simulated day came to: JSON, tables and plots."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

from tests.bench.sim.result import Result
from tests.bench.sim.scenario import MACHINES
from tests.bench.tables import Table, as_markdown, as_text


def day_table(day: Result) -> Table:
    """Return the day's figures, one a row."""
    everybody, gpu = day.waits["all"], day.waits["with GPU"]
    rows = [
        ["the day", ""],
        ["sessions that got a node", f"{everybody.clicks - everybody.gave_up:,}"],
        ["at once", f"{everybody.at_once:.2%}; with GPU {gpu.at_once:.2%}"],
        ["wait p95 / p99 / longest", f"{everybody.p95_s:.0f} / {everybody.p99_s:.0f} / {everybody.most_s:.0f} s"],
        ["wait with GPU p95 / p99 / longest", f"{gpu.p95_s:.0f} / {gpu.p99_s:.0f} / {gpu.most_s:.0f} s"],
        ["went away while they waited", f"{everybody.gave_up:,}"],
        ["told a time when they came, of those who waited", f"{day.told.told:,} of {day.told.waited:,}"],
        ["that held within twice its error", f"{day.told.within:.0%}"],
        ["off by, median / p90", f"{day.told.off_p50_s:.0f} / {day.told.off_p90_s:.0f} s"],
        ["wait over what was told, median", f"{day.told.ratio_p50:.2f}"],
    ]
    rows += [["played far away", f"{day.far:.2%}"]]
    rows += [[f"cut, {why}", f"{count:,}"] for why, count in day.cuts.items()]
    rows += [
        ["hours played", f"{day.played_h:,.0f}"],
        ["slots played on, of those offered", f"{day.utilisation:.1%}"],
        ["most nodes at once", f"{day.nodes_most:,}"],
        ["nodes made / died", f"{day.nodes_created:,} / {day.nodes_died:,}"],
        *([f"cost, {sort}", f"{cost:,.0f}"] for sort, cost in day.cost.items()),
        ["cost of an hour of play", f"{day.cost_per_played_h:.4f}"],
        ["overtaken by somebody who wanted the same", f"{day.overtakes}"],
        ["faults", "; ".join(day.faults) or "none"],
        ["simulated in", f"{day.took_s:.0f} s"],
    ]
    return rows


def sweep_table(sweep: Mapping[float, Result]) -> Table:
    """Return a row for each share of slots that is kept free."""
    rows = [
        ["kept free", "at once", "wait p99 s", "longest s", "went away", "slots played on", "cost of an hour of play"]
    ]
    for share, each in sweep.items():
        waits = each.waits["all"]
        rows.append(
            [
                f"{share:.0%}", f"{waits.at_once:.2%}", f"{waits.p99_s:.0f}", f"{waits.most_s:.0f}",
                str(waits.gave_up), f"{each.utilisation:.1%}", f"{each.cost_per_played_h:.4f}",
            ]
        )  # fmt: skip
    return rows


def plot_day(day: Result, path: Path) -> None:
    """Draw the day: slots and players, the queue, machines by sort."""
    hours = [sample.at_s / 3600 for sample in day.samples]
    figure, (top, middle, bottom) = plt.subplots(3, 1, figsize=(9, 8), sharex=True, layout="constrained")
    top.plot(hours, [sample.slots for sample in day.samples], label="slots offered", color="tab:grey")
    top.plot(hours, [sample.playing for sample in day.samples], label="playing")
    top.set_ylabel("sessions")
    top.legend()
    middle.plot(hours, [sample.waiting for sample in day.samples], color="tab:red")
    middle.set_ylabel("waiting")
    sorts = [each.sort for each in MACHINES]
    counts = [[sample.nodes.get(sort, 0) for sample in day.samples] for sort in sorts]
    bottom.stackplot(hours, counts, labels=sorts)
    bottom.set_ylabel("nodes")
    bottom.set_xlabel("hour, UTC")
    bottom.legend(loc="lower right", ncols=len(sorts))
    figure.savefig(path, dpi=110)
    plt.close(figure)


def plot_sweep(sweep: Mapping[float, Result], path: Path) -> None:
    """Draw what slots that are kept free cost, and what they save in waiting."""
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    for share, each in sweep.items():
        late = 1 - each.waits["all"].at_once
        axes.plot(each.cost_per_played_h, late * 100, "o", color="tab:blue")
        axes.annotate(f"{share:.0%}", (each.cost_per_played_h, late * 100), xytext=(6, 4), textcoords="offset points")
    axes.margins(x=0.1)
    axes.set_xlabel("cost of an hour of play")
    axes.set_ylabel("players who must wait, %")
    axes.set_title("slots kept free, as a share of the most")
    figure.savefig(path, dpi=110)
    plt.close(figure)


def write(day: Result, sweep: Mapping[float, Result], sweep_factor: float, folder: Path) -> bool:
    """Write all files and print the tables.

    Returns:
        True if nothing happened that must never happen.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tables = [day_table(day), sweep_table(sweep)]
    text = "\n\n".join(map(as_text, tables))
    print(text)
    (folder / "sim.txt").write_text(text + "\n")
    (folder / "sim.md").write_text("\n\n".join(map(as_markdown, tables)) + "\n")
    record = {
        "day": day.record(),
        "sweep_factor": sweep_factor,
        "sweep": [{"kept_free": share, **each.record()} for share, each in sweep.items()],
    }
    (folder / "sim.json").write_text(json.dumps(record, indent=1) + "\n")
    plot_day(day, folder / "sim-day.png")
    plot_sweep(sweep, folder / "sim-sweep.png")
    return not any(_broken(each) for each in (day, *sweep.values()))


def _broken(result: Result) -> Sequence[str]:
    return [*result.faults, *(["overtaken"] if result.overtakes else [])]
