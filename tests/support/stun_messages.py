"""Connectivity checks as a browser sends them."""

from __future__ import annotations

import secrets
from typing import Any

from aioice import stun


def binding_request(username: str, password: str, **attributes: Any) -> bytes:
    """Return a check with its sender's attributes, whose dashes are written as underscores."""
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, secrets.token_bytes(12))
    request.attributes["USERNAME"] = username
    request.attributes |= {name.replace("_", "-"): value for name, value in attributes.items()}
    request.add_message_integrity(password.encode())
    return bytes(request)
