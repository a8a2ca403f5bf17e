"""Which systems Farplay runs on; others are refused in words before anything else happens."""

from __future__ import annotations

import platform
import sys

from farplay.failures import CommandFailure, ExitStatus


def require_linux(system: str | None = None) -> None:
    """Refuse to run elsewhere.

    Args:
        system: As ``sys.platform``; None takes this one's.

    Raises:
        CommandFailure: ``UNSUPPORTED``.
    """
    found = sys.platform if system is None else system
    if found == "linux":
        return
    advice = {
        "win32": "On Windows, install WSL2 (wsl --install) and run farplay inside it.",
        "darwin": "Run it in a Linux virtual machine or on another computer, and play here in the browser.",
    }.get(found, "Run it on a Linux machine, and play here in the browser.")
    raise CommandFailure(
        ExitStatus.UNSUPPORTED,
        f"Farplay's server needs Linux (or WSL2); this is {platform.system() or found}.",
        advice,
    )
