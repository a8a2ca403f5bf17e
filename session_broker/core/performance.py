"""How a session's title and stream did, over all of the node's figures while somebody was there; kept at its end."""

from __future__ import annotations

from dataclasses import dataclass

from wire.node_control import SessionFigures


@dataclass(slots=True)
class Performance:
    """Sums over a session; figures without a connected peer say nothing and are left out."""

    samples: int = 0
    fps_sum: float = 0.0
    fps_min: float = float("inf")
    sent_bps_sum: float = 0.0
    encode_ms_p50_sum: float = 0.0
    encode_ms_p99_max: float = 0.0

    def note(self, figures: SessionFigures) -> None:
        """Count what a heartbeat told."""
        if figures.peers == 0:
            return
        self.samples += 1
        self.fps_sum += figures.fps
        self.fps_min = min(self.fps_min, figures.fps)
        self.sent_bps_sum += figures.sent_bps
        self.encode_ms_p50_sum += figures.encode_ms_p50
        self.encode_ms_p99_max = max(self.encode_ms_p99_max, figures.encode_ms_p99)

    def summary(self) -> dict[str, float] | None:
        """Return means, the lowest frame rate and the longest p99 of encoding; None if there were no figures."""
        if not self.samples:
            return None
        return {
            "samples": self.samples,
            "fps_mean": round(self.fps_sum / self.samples, 2),
            "fps_min": round(self.fps_min, 2),
            "sent_bps_mean": round(self.sent_bps_sum / self.samples),
            "encode_ms_p50_mean": round(self.encode_ms_p50_sum / self.samples, 2),
            "encode_ms_p99_max": round(self.encode_ms_p99_max, 2),
        }
