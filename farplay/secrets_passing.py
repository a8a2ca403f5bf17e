"""Secrets that processes are given by environment, since command lines are visible to everybody."""

from __future__ import annotations

import os
from collections.abc import Mapping

from farplay.ice_options import TurnSecrets

ENROLMENT_VARIABLE = "FARPLAY_ENROLMENT_TOKEN"
"""One-time token with which a node enrols at a broker."""

METRICS_VARIABLE = "FARPLAY_METRICS_TOKEN"
"""Bearer token that may read a broker's ``/metrics``."""

TURN_PASSWORD_VARIABLE = "FARPLAY_TURN_PASSWORD"
"""Of the user at the TURN server."""

TURN_SECRET_VARIABLE = "FARPLAY_TURN_SECRET"
"""Shared with the TURN server (coturn: static-auth-secret)."""


def take_enrolment_token() -> str | None:
    """Return the token and remove it from the environment, so that no child of ours inherits it."""
    return os.environ.pop(ENROLMENT_VARIABLE, None) or None


def take_metrics_token() -> str | None:
    """Return the token and remove it from the environment."""
    return os.environ.pop(METRICS_VARIABLE, None) or None


def take_turn_secrets() -> TurnSecrets:
    """Return what the environment says and remove it there, so that no child of ours inherits it."""
    return TurnSecrets(
        os.environ.pop(TURN_PASSWORD_VARIABLE, None) or None, os.environ.pop(TURN_SECRET_VARIABLE, None) or None
    )


def turn_environment(secrets: TurnSecrets) -> Mapping[str, str]:
    """Return the variables that hand them on to a node."""
    named = {TURN_PASSWORD_VARIABLE: secrets.password, TURN_SECRET_VARIABLE: secrets.secret}
    return {name: value for name, value in named.items() if value is not None}
