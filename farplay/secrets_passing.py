"""How ``up`` hands secrets to its children: by environment, since command lines are visible to everybody."""

from __future__ import annotations

import os

ENROLMENT_VARIABLE = "FARPLAY_ENROLMENT_TOKEN"
"""One-time token with which a node enrols at a broker."""


def take_enrolment_token() -> str | None:
    """Return the token and remove it from the environment, so that no child of ours inherits it."""
    return os.environ.pop(ENROLMENT_VARIABLE, None) or None
