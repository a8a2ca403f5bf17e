"""The answer to an ICE connectivity check (RFC 8445 §7.3): only to one that carries our password."""

from __future__ import annotations

import struct

from aioice import stun

from render_node.session.io.udp_port import Address


def answer_check(data: bytes, password: str, address: Address) -> tuple[stun.Message, bytes] | None:
    """Return the request and the datagram that answers it; None for anything else than a check with our password.

    Args:
        data: What came.
        password: Our ICE password.
        address: From where; IPv4 addresses may come mapped into IPv6.
    """
    try:
        request = stun.parse_message(data)
    except (ValueError, struct.error):
        return None
    if not request.check_message_integrity(password.encode()):
        return None
    response = stun.Message(
        message_method=stun.Method.BINDING,
        message_class=stun.Class.RESPONSE,
        transaction_id=request.transaction_id,
    )
    response.attributes["XOR-MAPPED-ADDRESS"] = (address[0].removeprefix("::ffff:"), address[1])
    response.add_message_integrity(password.encode())
    return request, bytes(response)
