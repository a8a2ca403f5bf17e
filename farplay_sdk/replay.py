"""Plays an input log again, without picture, as fast as it goes."""

from __future__ import annotations

import runpy
from pathlib import Path

from farplay_sdk import host
from farplay_sdk.input_log import InputLog
from farplay_sdk.machine import Machine
from farplay_sdk.title import Title


def replay(title_class: type[Title], log: InputLog) -> Machine:
    """Run every tick of a log and return the machine as it is then.

    Raises:
        BadTitle: the class breaks a rule.
        StateUnreadable: the log begins with a state that the title does not take.
        Exception: whatever the title raises.
    """
    machine = Machine(title_class, log.seed)
    if log.state is not None:
        machine.load(log.state)
    for tick in range(log.ticks):
        machine.update(log.events.get(tick, ()))
    return machine


def replay_program(program: Path, log: InputLog) -> Machine:
    """Run a title's program, which hands its class to ``run``, and replay the log with it.

    Raises:
        SystemExit: the program never called ``run``.
    """
    machines: list[Machine] = []
    host.install(lambda title_class: machines.append(replay(title_class, log)))
    runpy.run_path(str(program), run_name="__main__")
    if not machines:
        raise SystemExit(f"{program} never called farplay_sdk.run")
    return machines[0]
