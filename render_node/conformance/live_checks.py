"""What a running title shows: that it starts, draws, keeps its pace, sounds, stays within bounds, and ends."""

from __future__ import annotations

import fnmatch
import os
import time
from pathlib import Path

from render_node.conformance.findings import judged
from render_node.conformance.motion import is_blank
from render_node.conformance.plan import CheckPlan
from render_node.conformance.processes import longest_wait_s, use_of, waited_s
from render_node.conformance.stage import Stage
from wire.errors import Reason
from wire.title_check import Finding
from wire.title_manifest import TitleManifest

DRAW_POLL_S = 0.2
RUNNING_SHARE_MIN = 0.5
"""Share of the time in which a title is taken to have had a processor, however long it waited for one."""


async def check_start(stage: Stage, plan: CheckPlan) -> Finding:
    """Wait for the first picture."""
    await stage.until(lambda: stage.first_frame_s is not None, plan.first_picture_s)
    if stage.first_frame_s is not None:
        return judged("start", True, f"first picture after {stage.first_frame_s * 1000:.0f} ms", "")
    if stage.end is not None:
        return judged("start", False, ending(stage), last_words(stage))
    words = f"no picture within {plan.first_picture_s:.0f} s"
    return judged("start", False, words, "Show a picture, if only that it loads, by pygame.display.flip().")


async def check_drawing(stage: Stage, plan: CheckPlan) -> Finding:
    """Wait until a picture shows more than one colour."""
    due_s = time.monotonic() + plan.settle_s
    blank = True
    while stage.end is None and time.monotonic() < due_s:
        cells = stage.look()
        blank = blank and (cells is None or is_blank(cells))
        await stage.wait(DRAW_POLL_S)
    if stage.end is not None:
        return judged("draws", False, ending(stage), last_words(stage))
    return judged(
        "draws", not blank, "one colour only" if blank else "a picture", "Draw something on the first screen."
    )


async def check_pace(stage: Stage, manifest: TitleManifest, plan: CheckPlan) -> list[Finding]:
    """Measure frame rate and processor time together.

    Time in which the title was ready to run and had no processor is left out: that is how busy this machine is.
    """
    cpu_s, waited, began_s = use_of(stage.process.pid).cpu_s, waited_s(stage.process.pid), time.monotonic()
    stage.pace.clear()
    await stage.wait(plan.measure_s)
    took_s = time.monotonic() - began_s
    if stage.end is not None:
        return [judged("frame-rate", False, ending(stage), last_words(stage))]
    percent = (use_of(stage.process.pid).cpu_s - cpu_s) / took_s * 100
    said = manifest.about.cpu_percent
    smaller = "Let it wait between frames, or say in title.toml what it takes: [needs] cpu_percent."
    return [
        _frame_rate(stage, manifest, plan, longest_wait_s(waited, waited_s(stage.process.pid)) / took_s),
        judged("cpu", percent <= said + plan.cpu_margin_percent, f"{percent:.0f}% of a core of {said}%", smaller),
    ]


def _frame_rate(stage: Stage, manifest: TitleManifest, plan: CheckPlan, waited_share: float) -> Finding:
    if len(stage.pace) < 2:
        return judged("frame-rate", True, "the picture stood still: nothing to hold", "")
    (flips, us), (later_flips, later_us) = stage.pace
    fps, lowest = (later_flips - flips) / (later_us - us) * 1e6, manifest.fps_min or manifest.fps
    fps = max(fps, min(fps / max(1 - waited_share, RUNNING_SHARE_MIN), lowest))
    advice = "Draw less per frame, or say in title.toml what it keeps: [picture] fps and min_fps."
    words = f"{fps:.0f} of {lowest} frames per second"
    return judged("frame-rate", fps >= lowest * plan.frame_rate_share, words, advice)


async def check_quit(stage: Stage, plan: CheckPlan) -> Finding:
    """Ask the title to end, as a session does when its player leaves."""
    advice = "End the program on the QUIT event within two seconds; players' saves may be cut off otherwise."
    if not stage.process.ask_to_quit():
        return judged("quit", False, "it does not read its events", advice)
    began_s = time.monotonic()
    await stage.until(lambda: stage.end is not None, plan.quit_s)
    if stage.end is None:
        return judged("quit", False, f"still there {plan.quit_s:.0f} s after QUIT", advice)
    clean = stage.end.reason is Reason.TITLE_QUIT
    words = f"ended after {(time.monotonic() - began_s) * 1000:.0f} ms" if clean else ending(stage)
    return judged("quit", clean, words, last_words(stage))


def check_memory(peak_bytes: int, manifest: TitleManifest) -> Finding:
    """Compare the most memory that any run took with what the manifest says."""
    said = manifest.about.memory_mib
    advice = "Load less at once, or say in title.toml what it takes: [needs] memory_mib."
    return judged("memory", peak_bytes <= said << 20, f"{peak_bytes / 2**20:.0f} of {said} MiB", advice)


def check_size(stage: Stage, manifest: TitleManifest) -> Finding:
    """Compare the largest picture with the range that the manifest names."""
    width, height = stage.largest
    fits = width <= manifest.width_max_px and height <= manifest.height_max_px
    words = f"{width}x{height} of {manifest.width_max_px}x{manifest.height_max_px}"
    return judged("size", fits, words, "Draw smaller pictures, or correct [picture] max_width and max_height.")


def check_sound(heard: bool, manifest: TitleManifest) -> Finding:
    """Compare what was heard in all runs with what the manifest says."""
    if not manifest.about.sound:
        return judged("sound", True, "title.toml does not say that it makes sound", "")
    advice = "Let it sound on its first screen or at the first input, by pygame.mixer; or take out sound = true."
    return judged("sound", heard, "heard" if heard else "title.toml says sound = true, and nothing was heard", advice)


def check_saves(folders: list[Path], manifest: TitleManifest) -> Finding:
    """Compare what was written into the save folders with the paths that the manifest names."""
    written = {os.fspath(path.relative_to(top)) for top in folders for path in top.rglob("*") if not path.is_dir()}
    stray = sorted(name for name in written if not any(fnmatch.fnmatchcase(name, saves) for saves in manifest.saves))
    words = (
        f"wrote {', '.join(stray[:5])}, which saves does not name" if stray else f"{len(written)} files, all named"
    )
    return judged("saves", not stray, words, 'Write only what title.toml names, or name it: saves = ["*.sav"].')


def ending(stage: Stage) -> str:
    """Return how a title ended, in words; empty while it runs."""
    return (
        ""
        if stage.end is None
        else f"it ended: {stage.end.detail.splitlines()[0] if stage.end.detail else stage.end.reason}"
    )


def last_words(stage: Stage) -> str:
    """Return what a title printed last, as advice."""
    return f"Its last words:\n{stage.last_words}" if stage.last_words else "It printed nothing."
