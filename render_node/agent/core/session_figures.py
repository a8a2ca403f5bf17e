"""From what workers count to what the operator reads: rates of each session, a bounded number per heartbeat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wire.limits import FIGURES_PER_HEARTBEAT
from wire.node_control import SessionFigures
from wire.worker_control import WorkerStats

PEERS_MAX, FPS_MAX, BPS_MAX, MS_MAX = 1024, 10_000.0, 1e12, 1e6
"""What the message takes; a worker that counts nonsense must not cost the node its heartbeat."""


@dataclass(slots=True)
class _Track:
    stats: WorkerStats
    at: float
    fps: float = 0.0
    sent_bps: float = 0.0


class FiguresBook:
    """The newest figures of the sessions that run here."""

    def __init__(self) -> None:
        self._tracks: dict[str, _Track] = {}
        self._next = 0

    def take(self, session_id: str, stats: WorkerStats, now: float) -> None:
        """Take a worker's counters; rates come from the ones before.

        Args:
            session_id: Whose worker sent them.
            stats: Counters since the worker began; they fall when a peer or rung goes.
            now: Monotonic seconds.
        """
        before = self._tracks.get(session_id)
        track = _Track(stats, now)
        if before is not None and now > before.at:
            elapsed_s = now - before.at
            track.fps = max(0, stats.frames_captured - before.stats.frames_captured) / elapsed_s
            track.sent_bps = max(0, stats.sent_bytes - before.stats.sent_bytes) * 8 / elapsed_s
        self._tracks[session_id] = track

    def report(self, running: Sequence[str]) -> tuple[SessionFigures, ...]:
        """Return what this heartbeat tells of the sessions that run; the others are forgotten."""
        self._tracks = {key: self._tracks[key] for key in running if key in self._tracks}
        known = list(self._tracks)
        if not known:
            return ()
        first = self._next % len(known)
        told = (known[first:] + known[:first])[:FIGURES_PER_HEARTBEAT]
        self._next = first + len(told)
        return tuple(_figures(key, self._tracks[key]) for key in told)


def _figures(session_id: str, track: _Track) -> SessionFigures:
    stats = track.stats
    return SessionFigures(
        session_id=session_id,
        peers=int(_within(stats.peers_connected, PEERS_MAX)),
        fps=round(_within(track.fps, FPS_MAX), 1),
        sent_bps=round(_within(track.sent_bps, BPS_MAX)),
        encode_ms_p50=round(_within(stats.encode_ms_p50, MS_MAX), 2),
        encode_ms_p99=round(_within(stats.encode_ms_p99, MS_MAX), 2),
    )


def _within(value: float, most: float) -> float:
    return min(max(value, 0), most)
