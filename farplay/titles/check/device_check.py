"""Does the picture answer to a device? A fresh run of the title for each, so that each finds it as players do."""

from __future__ import annotations

import random
import time

from farplay.titles.check.findings import Finding, judged
from farplay.titles.check.gestures import gestures, press
from farplay.titles.check.motion import TURNS, Watch
from farplay.titles.check.plan import CheckPlan
from farplay.titles.check.stage import Stage
from wire.input_events import ReleaseAll

TURN_S = 0.17
"""Seconds of a press or of none; even a slow title has drawn by then what comes of it."""


async def check_device(stage: Stage, device: str, seen_as: str, plan: CheckPlan) -> Finding:
    """Try a device on a running title.

    Args:
        stage: The title, which has drawn already.
        device: One that the manifest names.
        seen_as: The device that the title sees it as.
        plan: How long.
    """
    watch = Watch(plan.still_s)
    for grids in (watch.first, watch.second):
        stage.pile(grids)
        await stage.wait(plan.still_s)
    answered_s = await _gestures_answered(stage, watch, seen_as, plan)
    if answered_s is None and stage.end is None:
        answered_s = await _presses_answered(stage, watch, seen_as)
    stage.pile(None)
    name = f"device-{device}"
    if answered_s is not None:
        return judged(name, True, f"answered within {answered_s:.1f} s", "")
    if stage.end is not None:
        words = f"ended while the {device} was tried ({stage.end.reason})"
        return judged(name, False, words, f"Its last words:\n{stage.last_words}")
    advice = f"Make the title answer to the {device} on its first screen, or take it out of devices."
    return judged(name, False, f"the picture did not answer to the {device}", advice)


async def play_until_heard(stage: Stage, seen_as: str, plan: CheckPlan) -> None:
    """Go on playing for a while, as far as it takes to hear the title.

    Args:
        stage: A running title.
        seen_as: The device to play on, as the title sees it.
        plan: How long.
    """
    due_s = time.monotonic() + plan.listen_s
    for step in gestures(seen_as):
        if stage.heard or stage.end is not None or time.monotonic() >= due_s:
            return
        stage.send(*step.payloads)
        await stage.wait(step.wait_s)


async def _gestures_answered(stage: Stage, watch: Watch, device: str, plan: CheckPlan) -> float | None:
    stage.pile(watch.under_input)
    began_s = time.monotonic()
    for step in gestures(device):
        stage.send(*step.payloads)
        await stage.wait(step.wait_s)
        input_s = time.monotonic() - began_s
        if watch.left_range(input_s):
            return input_s
        if stage.end is not None or input_s > plan.react_s:
            return None
    return None


async def _presses_answered(stage: Stage, watch: Watch, device: str) -> float | None:
    """Press one thing in half of the turns, drawn by lot."""
    one, began_s = press(device), time.monotonic()
    stage.pile(None)
    stage.send(ReleaseAll(), *one.up)
    await stage.wait(TURN_S)
    before = stage.look()
    for pressed in random.sample([True, False] * (TURNS // 2), TURNS):
        stage.send(*(one.down if pressed else ()))
        await stage.wait(TURN_S)
        after = stage.look()
        stage.send(*one.up)
        if before is None or after is None or before.shape != after.shape:
            return None
        watch.turns.append((pressed, before, after))
        before = after
    return time.monotonic() - began_s if watch.follows_presses() else None
