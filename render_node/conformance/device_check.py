"""Does the picture answer to a device? A fresh run of the title for each, so that each finds it as players do."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from render_node.conformance.findings import judged
from render_node.conformance.gestures import Gesture, everything, gestures
from render_node.conformance.live_checks import check_start
from render_node.conformance.motion import TURNS, Grid, Turn, Watch, follows_lots, stands_out
from render_node.conformance.plan import CheckPlan
from render_node.conformance.stage import Stage
from wire.input_events import ReleaseAll
from wire.title_check import Finding

TURN_S = 0.17
"""Seconds of a gesture or of none; even a slow title has drawn by then what comes of it."""


ONCE_RUNS = 3
ONCE_DELAYS = 20
ONCE_WINDOW_S = 0.15
"""Fresh runs in which a gesture that may work only once is made, from how many moments one is drawn, and seconds
from one to the next, and from the gesture's end until the picture must have changed. A change that comes by itself
falls in there at two of twenty moments, and in all three runs in one of a thousand checks; one that comes again and
again shows before as well."""
ONCE_STILL_WINDOWS = 6

FreshRun = Callable[[], AbstractAsyncContextManager[Stage]]
"""Starts the title once more."""


async def check_device(stage: Stage, fresh_run: FreshRun, device: str, seen_as: str, plan: CheckPlan) -> Finding:
    """Try a device on a running title.

    A picture that changes may do so by itself, so that is never taken for an answer before it has followed lots:
    those of the gesture after which it changed, else those of everything at once, else those of when this gesture is
    made in fresh runs, since on many first screens it works but once.

    Args:
        stage: The title, which has drawn already.
        fresh_run: Starts it once more.
        device: One that the manifest names.
        seen_as: The device that the title sees it as.
        plan: How long.
    """
    likely = await _likely_gesture(stage, seen_as, plan)
    answered = (
        (likely is not None and await _follows(stage, likely))
        or await _follows(stage, everything(seen_as))
        or (likely is not None and stage.end is None and await _answers_anew(fresh_run, likely, plan))
    )
    name = f"device-{device}"
    if stage.end is not None:
        words = f"ended while the {device} was tried ({stage.end.reason})"
        return judged(name, False, words, f"Its last words:\n{stage.last_words}")
    advice = f"Make the title answer to the {device} on its first screen, or take it out of devices."
    words = f"the picture {'followed' if answered else 'did not answer to'} the {device}"
    return judged(name, answered, words, advice)


async def play(stage: Stage, seen_as: str, for_s: float, *, until_heard: bool = False) -> None:
    """Go on playing for a while.

    Args:
        stage: A running title.
        seen_as: The device to play on, as the title sees it.
        for_s: Seconds.
        until_heard: Stop as soon as the title is heard.
    """
    due_s = time.monotonic() + for_s
    for gesture in gestures(seen_as):
        for step in gesture.steps:
            if (until_heard and stage.heard) or stage.end is not None or time.monotonic() >= due_s:
                return
            stage.send(*step.payloads)
            await stage.wait(step.wait_s)


async def _likely_gesture(stage: Stage, device: str, plan: CheckPlan) -> Gesture | None:
    """Make one gesture after the other until the picture changes as it did not without input; return the last one."""
    watch = await _watched(stage, plan.still_s)
    stage.pile(watch.under_input)
    began_s = time.monotonic()
    try:
        for gesture in gestures(device):
            for step in gesture.steps:
                stage.send(*step.payloads)
                await stage.wait(step.wait_s)
            input_s = time.monotonic() - began_s
            if watch.left_range(input_s):
                return gesture
            if stage.end is not None or input_s > plan.react_s:
                return None
        return None
    finally:
        stage.pile(None)


async def _watched(stage: Stage, still_s: float) -> Watch:
    """Watch a title without input."""
    watch = Watch(still_s)
    for grids in (watch.first, watch.second):
        stage.pile(grids)
        await stage.wait(still_s)
    return watch


async def _answers_anew(fresh_run: FreshRun, gesture: Gesture, plan: CheckPlan) -> bool:
    """Make a gesture at times drawn by lot in fresh runs; tell whether each picture changed just then."""
    for _ in range(ONCE_RUNS):
        async with fresh_run() as stage:
            await check_start(stage, plan)
            await stage.wait(plan.settle_s)
            window_s = sum(step.wait_s for step in gesture.steps) + ONCE_WINDOW_S
            moment_s = random.randrange(ONCE_DELAYS) * ONCE_WINDOW_S
            still_s = max(2 * plan.still_s, ONCE_STILL_WINDOWS * window_s) + moment_s
            windows: list[list[Grid]] = []
            for _ in range(round(still_s / window_s)):
                windows.append([])
                stage.pile(windows[-1])
                await stage.wait(window_s)
            windows.append([])
            stage.pile(windows[-1])
            for step in gesture.steps:
                stage.send(*step.payloads)
                await stage.wait(step.wait_s)
            await stage.wait(ONCE_WINDOW_S)
            stage.pile(None)
            if stage.end is not None or not stands_out(windows):
                return False
    return True


async def _follows(stage: Stage, gesture: Gesture) -> bool:
    """Make a gesture in half of the turns, drawn by lot; tell whether the picture went by the lots."""
    *held, release = gesture.steps
    stage.send(ReleaseAll(), *release.payloads)
    await stage.wait(TURN_S)
    turns: list[Turn] = []
    before = stage.look()
    for made in random.sample([True, False] * (TURNS // 2), TURNS):
        left_s = max(TURN_S, sum(step.wait_s for step in held))
        for step in held if made else ():
            stage.send(*step.payloads)
            await stage.wait(step.wait_s)
            left_s -= step.wait_s
        await stage.wait(left_s)
        after = stage.look()
        stage.send(*release.payloads)
        if before is None or after is None or before.shape != after.shape:
            return False
        turns.append((made, before, after))
        before = after
    return follows_lots(turns)
