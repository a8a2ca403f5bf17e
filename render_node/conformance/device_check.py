"""Does the picture answer to a device? Each is tried in fresh runs of the title, as players find it.

A title that takes no notice of the device passes by chance in at most one of 500 checks, whatever its picture does by
itself: four times it is asked, and each time it passes in one of 2000.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from render_node.conformance.findings import judged
from render_node.conformance.gestures import Gesture, Step, everything, gestures
from render_node.conformance.leaps import MOMENTS, PICTURES, PICTURES_PER_S, picture_at, stands_out_at
from render_node.conformance.live_checks import check_start
from render_node.conformance.lots import Turn, Verdict, draw_block, judge
from render_node.conformance.motion import Grid, Watch
from render_node.conformance.plan import CheckPlan
from render_node.conformance.stage import Stage
from wire.input_events import ReleaseAll
from wire.title_check import Finding

TURN_S = 0.17
"""Seconds of a gesture or of none; even a slow title has drawn by then what comes of it."""
ONCE_RUNS, ONCE_RIGHT = 4, 3
"""Fresh runs in which a gesture that may work only once is made, and in how many of them the picture must change just
then. A title that does not answer does so by chance in one of two thousand checks."""

FreshRun = Callable[[], AbstractAsyncContextManager[Stage]]
"""Starts the title once more."""


class _Ended(Exception):
    """The title ended while it was tried."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage


async def check_device(stage: Stage, fresh_run: FreshRun, device: str, seen_as: str, plan: CheckPlan) -> Finding:
    """Try a device on a running title.

    A picture that changes may do so by itself, so that is never taken for an answer before it has followed lots:
    those of everything at once, which leads through start screens and into the game; else those of when a gesture is
    made in fresh runs, since on many first screens it works but once: the one after which the picture showed what it
    never showed before, or everything at once; else those of that one gesture.

    Args:
        stage: The title, which has drawn already.
        fresh_run: Starts it once more.
        device: One that the manifest names.
        seen_as: The device that the title sees it as.
        plan: How long.
    """
    name = f"device-{device}"
    try:
        answered = await _answers(stage, fresh_run, seen_as, plan)
    except _Ended as ended:
        reason = ended.stage.end.reason if ended.stage.end is not None else ""
        words = f"ended while the {device} was tried ({reason})"
        return judged(name, False, words, f"Its last words:\n{ended.stage.last_words}")
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


async def _answers(stage: Stage, fresh_run: FreshRun, device: str, plan: CheckPlan) -> bool:
    at_once = everything(device)
    verdict = await _follow(stage, at_once)
    if verdict is Verdict.FOLLOWS:
        return True
    async with fresh_run() as again:
        await _settle(again, plan)
        likely = await _likely_gesture(again, device, plan)
    if likely is not None and await _changes_then(fresh_run, likely, plan):
        return True
    if verdict is not Verdict.STILL and await _changes_then(fresh_run, at_once, plan):
        return True
    if likely is None:
        return False
    async with fresh_run() as again:
        await _settle(again, plan)
        return await _follow(again, likely) is Verdict.FOLLOWS


async def _settle(stage: Stage, plan: CheckPlan) -> None:
    await check_start(stage, plan)
    await stage.wait(plan.settle_s)
    _require(stage)


def _require(stage: Stage) -> None:
    """Go on only if the title does.

    Raises:
        _Ended: it has ended.
    """
    if stage.end is not None:
        raise _Ended(stage)


async def _watched(stage: Stage, still_s: float) -> Watch:
    """Watch a title without input."""
    watch = Watch(still_s)
    for grids in (watch.first, watch.second):
        stage.pile(grids)
        await stage.wait(still_s)
    return watch


async def _likely_gesture(stage: Stage, device: str, plan: CheckPlan) -> Gesture | None:
    """Make one gesture after the other until the picture changes as it did not without input; return the last one."""
    watch = await _watched(stage, plan.still_s)
    stage.pile(watch.under_input)
    began_s = time.monotonic()
    try:
        for gesture in gestures(device):
            for step in gesture.steps:
                stage.send(*step.payloads)
                await stage.wait_drawn(step.wait_s)
            _require(stage)
            input_s = time.monotonic() - began_s
            if watch.left_range(input_s):
                return gesture
            if input_s > plan.react_s:
                return None
        return None
    finally:
        stage.pile(None)


async def _follow(stage: Stage, gesture: Gesture) -> Verdict:
    """Make a gesture in turns drawn by lot, there and back by turns; tell whether the picture went by the lots."""
    turns: list[Turn] = []
    back = itertools.cycle((False, True))
    verdict = Verdict.UNSURE
    stage.send(ReleaseAll(), *gesture.steps[-1].payloads)
    await stage.wait_drawn(TURN_S)
    while verdict is Verdict.UNSURE:
        before = stage.look()
        for made in draw_block(random.Random()):
            steps = gesture.turned(next(back) if made else False)
            after = await _take_turn(stage, steps, made)
            _require(stage)
            if before is None or after is None or before.shape != after.shape:
                return Verdict.NOTHING
            turns.append(Turn(made, before, after))
            before = after
        verdict = await asyncio.to_thread(judge, turns)
    return verdict


async def _take_turn(stage: Stage, steps: tuple[Step, ...], made: bool) -> Grid | None:
    """Return the picture at the end of a turn.

    A turn without the gesture takes as long and sends as many events, which mean nothing: a picture may not know the
    one from the other by anything else.
    """
    *held, release = steps
    left_s = TURN_S
    for step in held:
        stage.send(*(step.payloads if made else (ReleaseAll(),)))
        await stage.wait_drawn(step.wait_s)
        left_s -= step.wait_s
    if left_s > 0:
        await stage.wait_drawn(left_s)
    shown = stage.look()
    stage.send(*release.payloads)
    return shown


async def _changes_then(fresh_run: FreshRun, gesture: Gesture, plan: CheckPlan) -> bool:
    """Make a gesture at moments drawn by lot in fresh runs; tell whether the pictures changed just then."""
    right = wrong = 0
    while right < ONCE_RIGHT and wrong <= ONCE_RUNS - ONCE_RIGHT:
        moment = random.randrange(MOMENTS)
        async with fresh_run() as stage:
            await _settle(stage, plan)
            series = await _series(stage, gesture, moment)
        if await asyncio.to_thread(stands_out_at, series) == moment:
            right += 1
        else:
            wrong += 1
    return right == ONCE_RIGHT


async def _series(stage: Stage, gesture: Gesture, moment: int) -> list[Grid]:
    """Return a series of pictures in which a gesture is made at a moment."""
    due: dict[int, Step] = {}
    at = float(picture_at(moment))
    for step in gesture.steps:
        due[round(at)] = step
        at += max(step.wait_s * PICTURES_PER_S, 1.0)
    series: list[Grid] = []
    for number in range(PICTURES):
        shown = stage.look()
        if shown is None or (series and shown.shape != series[0].shape):
            return []
        series.append(shown)
        if number in due:
            stage.send(*due[number].payloads)
        await stage.wait_drawn(1 / PICTURES_PER_S)
        _require(stage)
    return series
