"""User name and password for a TURN server: the operator's own, or made from a shared secret.

Source: draft-uberti-behave-turn-rest-00 §2.2, which coturn calls ``use-auth-secret``.
"""

from __future__ import annotations

import base64
import hmac

from wire.worker_control import TurnServer

VALID_S = 86_400
"""Seconds for which a made name is accepted; an allocation that stands is refreshed beyond."""


def credentials(server: TurnServer, unix_s: int) -> tuple[str, str]:
    """Return user name and password.

    Args:
        server: With a password or a secret.
        unix_s: The time now.
    """
    if not server.secret:
        return server.username, server.password
    username = ":".join(filter(None, (str(unix_s + VALID_S), server.username)))
    digest = hmac.digest(server.secret.encode(), username.encode(), "sha1")
    return username, base64.b64encode(digest).decode()
