"""The bench's own work is no neighbour's."""

from __future__ import annotations

import time

import psutil
import pytest

from tests.bench.neighbours import NeighbourMeter


class FakeProcess:
    """This process with one child, each with what it used and what its ended children used."""

    used_s = 0.0

    def children(self, *, recursive: bool) -> list[FakeProcess]:
        assert recursive
        return [FakeProcess()]

    def cpu_times(self) -> object:
        return type("Times", (), {
            "user": self.used_s, "system": 0.5, "children_user": self.used_s, "children_system": 0.25,
        })  # fmt: skip


def test_what_the_machine_did_less_what_the_bench_did(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("user", "nice", "system", "irq", "softirq", "steal", "idle")
    clock = {"now": 100.0}
    machine = dict.fromkeys(names, 10.0)
    monkeypatch.setattr(psutil, "Process", FakeProcess)
    monkeypatch.setattr(psutil, "cpu_times", lambda: type("Times", (), dict(machine)))
    monkeypatch.setattr(time, "perf_counter", lambda: clock["now"])
    meter = NeighbourMeter()
    clock["now"] += 10.0
    machine |= {"user": 20.0, "steal": 13.0, "idle": 17.0}
    monkeypatch.setattr(FakeProcess, "used_s", 2.0)
    # Ten seconds of user time and three stolen; two processes took two seconds each, and so did their children.
    assert meter.read() == (13.0 - 8.0) / 10.0
