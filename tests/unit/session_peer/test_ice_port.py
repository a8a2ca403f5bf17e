"""The cheap first look at STUN datagrams."""

from __future__ import annotations

from aioice import stun
from hypothesis import given
from hypothesis import strategies as st

from render_node.session.io.ice_port import local_ufrag


def binding_request(username: str, **attributes: object) -> bytes:
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, transaction_id=bytes(12))
    message.attributes.update({"PRIORITY": 1, "USERNAME": username, **attributes})
    message.add_message_integrity(b"password")
    return bytes(message)


@given(st.text("abcXYZ019+/", min_size=1, max_size=40), st.text("abc", min_size=1, max_size=8))
def test_ufrag_of_a_check(local: str, remote: str) -> None:
    assert local_ufrag(binding_request(f"{local}:{remote}")) == local


@given(st.binary(max_size=200))
def test_noise_is_nobodys(data: bytes) -> None:
    local_ufrag(data)
    local_ufrag(b"\x00\x01" + data)


def test_other_stun_messages_are_nobodys() -> None:
    response = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, transaction_id=bytes(12))
    response.attributes["USERNAME"] = "a:b"
    assert local_ufrag(bytes(response)) is None
    assert local_ufrag(b"") is None
