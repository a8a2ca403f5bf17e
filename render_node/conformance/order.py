"""What an agent tells the process that checks a title, and where that leaves its report."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from wire.sandbox import Profile, Trust

REPORT_FILE = "report.json"


@dataclass(frozen=True, slots=True)
class CheckOrder:
    """What an agent tells the process that checks."""

    folder: str
    """The title's, unpacked."""
    runtime: str
    """Its runtime's, unpacked; empty without."""
    trust: Trust
    profile: Profile
    out: str
    """Existing folder for the report, and a picture of each step."""
    agent_pid: int

    def to_json(self) -> bytes:
        """Return what is written to standard input."""
        return json.dumps(asdict(self)).encode()
