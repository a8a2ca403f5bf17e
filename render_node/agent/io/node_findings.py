"""What an agent knows of its machine after probing, and what of it the broker is told."""

from __future__ import annotations

from dataclasses import dataclass

from render_node.agent.core.capacity import Chosen, Measurement
from render_node.agent.core.trust_levels import lacks, missing
from wire.node_control import NodeCapacity
from wire.sandbox import SandboxSpec, Trust
from wire.title_manifest import KINDS

CHECKED = (Trust.APPROVED, Trust.UNTRUSTED)
"""Levels of trust of titles that publishers have checked."""


@dataclass(frozen=True, slots=True)
class NodeFindings:
    """What the agent knows of its machine after probing."""

    measured: Measurement
    chosen: Chosen
    sandbox: SandboxSpec
    gpus: tuple[str, ...] = ()
    python_minor: int = 0
    """Minor version of the Python 3 that titles run on."""

    def capacity(self) -> NodeCapacity:
        """Return what ``hello`` tells the broker."""
        return NodeCapacity(
            slots=self.chosen.slots,
            cpu_cores=self.measured.cpu_cores,
            memory_bytes=self.measured.memory_bytes,
            encode_ms_720p=round(self.chosen.encode_ms_720p, 2),
            h264_encoders=self.measured.h264_encoders,
            gpus=self.gpus,
            title_kinds=KINDS,
            sandbox=self.sandbox.profile,
            missing_walls=missing(self.sandbox.profile, self.sandbox.walls),
            fetches_titles=True,
            python_minor=self.python_minor,
            checks=tuple(trust for trust in CHECKED if not lacks(trust, self.sandbox.profile, self.sandbox.walls)),
        )
