"""Is a title's state the same after it was saved and loaded? A run of its own, which ends with the trial."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from render_node.conformance.device_check import play
from render_node.conformance.findings import judged
from render_node.conformance.live_checks import check_start, ending, last_words
from render_node.conformance.plan import CheckPlan
from render_node.conformance.stage import Stage
from render_node.title.state_trial import TICKS, TRIAL_FILE, StateTrial, TrialUnreadable
from wire.errors import Reason
from wire.title_check import Finding, Outcome

STATE_KINDS = ("sdk", "libretro")
"""Kinds whose titles can have a state."""


async def check_state(stage: Stage, saves: Path, devices: Sequence[str], plan: CheckPlan) -> Finding:
    """End a title that was started to try its state, and look at what came of it.

    Args:
        stage: The title, just started.
        saves: Its save folder.
        devices: What to play on before, as the title sees them.
        plan: How long.
    """
    start = await check_start(stage, plan)
    if start.outcome is Outcome.FAILED:
        return judged("state", False, f"it did not run again: {start.words}", start.advice)
    await stage.wait(plan.settle_s)
    for device in devices:
        await play(stage, device, plan.settle_s)
    stage.process.ask_to_quit()
    await stage.until(lambda: stage.end is not None, plan.state_s)
    if stage.end is None:
        advice = "Make save_state, load_state and update faster."
        return judged("state", False, f"saving, loading and {TICKS} ticks took over {plan.state_s:.0f} s", advice)
    if stage.end.reason is not Reason.TITLE_QUIT:
        return judged("state", False, ending(stage), last_words(stage))
    try:
        trial = StateTrial.read(saves)
    except TrialUnreadable:
        return judged("state", False, "the state was not tried: the title ended by itself", last_words(stage))
    (saves / TRIAL_FILE).unlink()
    return _finding(trial)


def _finding(trial: StateTrial) -> Finding:
    if not trial.saved:
        return judged("state", True, "it keeps no state", "")
    if trial.fault:
        advice = "Let load_state take what save_state returns; players would begin anew each time."
        return judged("state", False, f"the saved state cannot be loaded: {trial.fault}", advice)
    if trial.loaded != trial.saved:
        words = f"{trial.loaded[:12]} after loading, where {trial.saved[:12]} was saved"
        return judged("state", False, words, "Restore in load_state all that save_state returns.")
    if trial.played_on != trial.went_on:
        words = f"equal when loaded, but it goes another way within {TICKS} ticks"
        advice = "Put all that update goes by into save_state, and take chance from self.random alone."
        return judged("state", False, words, advice)
    return judged("state", True, f"{trial.saved[:12]} before and after, and equal {TICKS} ticks later", "")
