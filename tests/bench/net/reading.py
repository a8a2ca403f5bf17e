"""What one run over a link comes down to."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.bench.net.recording import Recording
from tests.bench.reading import Spread
from tests.network.link_model import Fate
from tests.network.link_readings import freezes_us, settled_after_us, used_after_us
from tests.network.packet_log import Direction, PacketLog, Traffic, delivered
from tests.network.shaper_messages import ShaperTotals

FREEZE_US = 200_000
QUEUE_LIMIT_US = 60_000
USED_SHARE = 0.9

NEVER = math.inf
"""In place of a time after which something was reached that was not."""


@dataclass(frozen=True, slots=True)
class NetReading:
    """One run; what a scenario has nothing to say about is NaN."""

    scenario: str
    seconds: float
    shown_ms: Spread
    """Capture to presented, of every frame shown."""
    visible_ms: Spread
    """Key event to changed pixel, of the presses that showed within a second."""
    freezes: int
    """Gaps between shown frames of more than 200 ms."""
    longest_freeze_ms: float
    """The longest gap between shown frames, a freeze or not."""
    rendered_fps: float
    """Frames that the title drew per second, by the numbers in the picture: the machine's doing, not the link's."""
    decoded_fps: float
    shown_fps: float
    media_bps: float
    """Video packets that arrived, each once, IP headers included."""
    rtp_bps: float
    """All RTP that arrived: sound, repeats and repair as well."""
    media_share: float
    """Of what the link carries."""
    rtp_share: float
    queue_ms: Spread
    """Wait of each RTP packet in the link's queue."""
    queue_full: int
    """RTP packets that found the queue full."""
    lost: int
    """RTP packets lost on the link."""
    settled_s: float
    """From the step down until the queue is back under 60 ms for good."""
    freeze_after_step_ms: float
    """The longest gap between shown frames while the rate is down."""
    used_s: float
    """From the step up until 90% of the link is used."""
    fair_share: float
    """Of half the link, beside the TCP flow."""
    presses: int
    edges_lost: int
    """Of twice as many edges as presses."""
    nacks: int
    keyframe_requests: int
    keyframes: int
    peers: int
    """Connections that the page needed; more than one means that it gave one up."""
    sound_made_up: float
    """Share of the tone's samples that the browser made up for lack of sound."""
    sound_breaks: float
    """How often it did so per minute."""
    sound_held_ms: float
    """Mean time that its jitter buffer held a sample."""
    shaper: ShaperTotals


def read_run(run: Recording, log: PacketLog) -> NetReading:
    """Read one run.

    Args:
        run: As recorded.
        log: The shaper's, of any length around the run.
    """
    from_us = run.begin_us + round(run.scenario.adapt_s(run.seconds) * 1e6)
    seconds = (run.end_us - from_us) / 1e6
    down = log[(log["direction"] == Direction.DOWN) & (log["traffic"] == Traffic.RTP)]
    offered = down[(down["offered_us"] >= from_us) & (down["offered_us"] < run.end_us)]
    arrived = delivered(down, Direction.DOWN)
    arrived = arrived[(arrived["arrived_us"] >= from_us) & (arrived["arrived_us"] < run.end_us)]
    shown = (run.displayed_us >= from_us) & (run.displayed_us < run.end_us)
    gaps_us = freezes_us(run.displayed_us, from_us, run.end_us, 0)
    media_bps = media_bytes(arrived, run.stats) * 8 / seconds
    rtp_bps = float(arrived["size_bytes"].sum()) * 8 / seconds
    schedule = run.scenario.schedule(run.seconds, run.begin_us)
    link_bps = schedule.capacity_bits(from_us, run.end_us) / seconds if schedule else math.nan
    settled_s, freeze_ms, used_s = _around_steps(run, down)
    return NetReading(
        scenario=run.scenario.name,
        seconds=run.seconds,
        shown_ms=Spread.of(list((run.displayed_us[shown] - run.captured_us[shown]) / 1000)),
        visible_ms=Spread.of(run.visible_ms),
        freezes=sum(gap > FREEZE_US for gap in gaps_us),
        longest_freeze_ms=max(gaps_us) / 1000,
        rendered_fps=rendered_fps(run),
        decoded_fps=total(run.stats, "framesDecoded") / run.seconds,
        shown_fps=float(shown.sum()) / seconds,
        media_bps=media_bps,
        rtp_bps=rtp_bps,
        media_share=media_bps / link_bps,
        rtp_share=rtp_bps / link_bps,
        queue_ms=Spread.of(list(arrived["waited_us"] / 1000)),
        queue_full=int((offered["fate"] == Fate.QUEUE_FULL).sum()),
        lost=int((offered["fate"] == Fate.LOST).sum()),
        settled_s=settled_s,
        freeze_after_step_ms=freeze_ms,
        used_s=used_s,
        fair_share=rtp_bps / (link_bps / 2) if run.scenario.cubic else math.nan,
        presses=run.presses,
        edges_lost=abs(run.presses - run.presses_seen),
        nacks=round(total(run.stats, "nackCount")),
        keyframe_requests=round(total(run.stats, "pliCount")),
        keyframes=round(total(run.stats, "keyFramesDecoded")),
        peers=len({each["ssrc"] for each in run.stats if each}),
        sound_made_up=_share(run.sound, "concealedSamples", "totalSamplesReceived"),
        sound_breaks=total(run.sound, "concealmentEvents") * 60 / run.seconds,
        sound_held_ms=1000 * _share(run.sound, "jitterBufferDelay", "jitterBufferEmittedCount"),
        shaper=run.shaper,
    )


def _around_steps(run: Recording, down: PacketLog) -> tuple[float, float, float]:
    """Return seconds until the queue settles, the longest gap in ms meanwhile, and seconds until the rate is used."""
    if len(run.scenario.rates) < 3:
        return math.nan, math.nan, math.nan
    lower_us, raise_us = (run.begin_us + each for each in run.scenario.steps_us(run.seconds))
    there = delivered(down, Direction.DOWN)
    settled_us = settled_after_us(
        there["offered_us"].astype(np.int64), there["waited_us"].astype(np.int64), lower_us, raise_us, QUEUE_LIMIT_US
    )
    gaps_us = freezes_us(run.displayed_us, lower_us, raise_us, 0)
    used_us = used_after_us(
        there["arrived_us"].astype(np.int64), there["size_bytes"].astype(np.int64), raise_us, run.end_us,
        run.scenario.rates[-1][1], USED_SHARE,
    )  # fmt: skip
    settled_s, used_s = (NEVER if each is None else each / 1e6 for each in (settled_us, used_us))
    return settled_s, max(gaps_us) / 1000, used_s


def rendered_fps(run: Recording) -> float:
    """Return the title's own rate between the first and the last legible frame; NaN if there are not two."""
    legible = np.flatnonzero(run.numbers >= 0)
    if len(legible) < 2:
        return math.nan
    first, last = legible[0], legible[-1]
    span_us = run.captured_us[last] - run.captured_us[first]
    return float((run.numbers[last] - run.numbers[first]) * 1e6 / span_us)


def media_bytes(arrived: PacketLog, stats: Sequence[Mapping[str, Any]]) -> int:
    """Return the bytes of the video's own packets, each counted once."""
    payload_types = {each["payloadType"] for each in stats if each}
    video = arrived[np.isin(arrived["payload_type"], list(payload_types))]
    count = 0
    for ssrc in np.unique(video["ssrc"]):
        stream = video[video["ssrc"] == ssrc]
        steps = (np.diff(stream["seq"].astype(np.int64)) + 32768) % 65536 - 32768
        _, firsts = np.unique(np.concatenate(([0], np.cumsum(steps))), return_index=True)
        count += int(stream["size_bytes"][firsts].sum())
    return count


def _share(stats: Sequence[Mapping[str, Any]], part: str, whole: str) -> float:
    among = total(stats, whole)
    return total(stats, part) / among if among else math.nan


def total(stats: Sequence[Mapping[str, Any]], name: str) -> float:
    """Return how much a counter grew over the run; a later peer's begins at 0."""
    grown, before = 0.0, stats[0] if stats else {}
    for each in stats[1:]:
        same = each.get("ssrc") == before.get("ssrc")
        grown += max(0.0, float(each.get(name, 0)) - (float(before.get(name, 0)) if same else 0.0))
        before = each
    return grown
