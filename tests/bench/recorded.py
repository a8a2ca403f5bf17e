"""Runs as JSON and back, so that a later call can add to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from tests.bench.gates import Run
from tests.bench.reading import Reading, Spread, Usage


def recorded(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Return the runs as JSON values, with each run's scales for whoever reads them."""
    return [{**asdict(run), "latency_scale": run.latency_scale, "cpu_scale": run.cpu_scale} for run in runs]


def runs_from(record: Sequence[Mapping[str, Any]]) -> list[Run]:
    """Return what `recorded` was given.

    Raises:
        KeyError: if the record is of another version of the bench.
        TypeError: likewise.
    """
    return [_run(each) for each in record]


def _run(record: Mapping[str, Any]) -> Run:
    values = {each.name: record[each.name] for each in fields(Run)}
    return Run(**values | {"readings": {name: _reading(each) for name, each in record["readings"].items()}})


def _reading(record: Mapping[str, Any]) -> Reading:
    nested = {
        "visible_ms": Spread(**record["visible_ms"]),
        "stages_ms": {name: Spread(**each) for name, each in record["stages_ms"].items()},
        "usage": {name: Usage(**each) for name, each in record["usage"].items()},
    }
    return Reading(**{**record, **nested})
