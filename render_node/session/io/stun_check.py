"""Our side's connectivity check (RFC 8445 §7.2), its answer, and the refusal of a sender that has the wrong role."""

from __future__ import annotations

import struct

from aioice import stun

TIE_BREAKER = 0
"""The least there is: where both sides take the same role, the other one becomes controlling (RFC 8445 §7.3.1.1)."""

PRIORITY = (110 << 24) | (65535 << 8) | 255
"""Of a peer-reflexive candidate (RFC 8445 §5.1.2.1), which the other side may learn from the check."""


def connectivity_check(remote_username: str, remote_password: str, local_username: str) -> tuple[bytes, bytes]:
    """Return the id and the datagram of a controlled agent's binding request."""
    request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    request.attributes["USERNAME"] = f"{remote_username}:{local_username}"
    request.attributes["PRIORITY"] = PRIORITY
    request.attributes["ICE-CONTROLLED"] = TIE_BREAKER
    request.add_message_integrity(remote_password.encode())
    return request.transaction_id, bytes(request)


def is_answered(data: bytes, remote_password: str) -> bool:
    """Tell whether a success response was made by the side that we checked."""
    try:
        response = stun.parse_message(data)
    except (ValueError, struct.error):
        return False
    return response.check_message_integrity(remote_password.encode())


def role_conflict(request: stun.Message, password: str) -> bytes:
    """Return the answer that makes the sender of a check controlling."""
    response = stun.Message(
        message_method=stun.Method.BINDING,
        message_class=stun.Class.ERROR,
        transaction_id=request.transaction_id,
    )
    response.attributes["ERROR-CODE"] = (487, "Role Conflict")
    response.add_message_integrity(password.encode())
    return bytes(response)
