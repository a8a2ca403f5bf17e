"""The responder answers checks with its password from anywhere, and nothing else."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from aioice import stun

from render_node.agent.io.check_responder import CheckResponder
from tests.support.deadlines import patient
from tests.support.free_port import free_port
from wire.worker_control import IceSpec


@contextmanager
def responder(ice: IceSpec | None = None) -> Iterator[CheckResponder]:
    opened = CheckResponder.open(ice or IceSpec("127.0.0.1", advertised_hosts=("127.0.0.1",)), slots=2)
    assert opened is not None
    with closing(opened):
        yield opened


def check(ufrag: str, password: str) -> bytes:
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, secrets.token_bytes(12))
    request.attributes["USERNAME"] = f"{ufrag}:page"
    request.add_message_integrity(password.encode())
    return bytes(request)


async def asked(port: int, datagrams: list[bytes]) -> list[bytes]:
    """Send all, then one that is answered for sure, and return what came up to its answer."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as page:
        page.setblocking(False)
        page.bind(("127.0.0.1", 0))
        for datagram in datagrams:
            await loop.sock_sendto(page, datagram, ("127.0.0.1", port))
        wanted = stun.parse_message(datagrams[-1]).transaction_id
        heard: list[bytes] = []
        async with asyncio.timeout(patient(5.0)):
            while not heard or stun.parse_message(heard[-1]).transaction_id != wanted:
                heard.append((await loop.sock_recvfrom(page, 2048))[0])
        return heard


async def test_a_check_with_the_password_is_answered() -> None:
    with responder() as opened:
        at = opened.described
        (answer,) = await asked(at.port, [check(at.ufrag, at.password)])
        message = stun.parse_message(answer)
        assert message.check_message_integrity(at.password.encode())
        assert message.message_class is stun.Class.RESPONSE
        assert message.attributes["XOR-MAPPED-ADDRESS"][0] == "127.0.0.1"


async def test_nothing_else_is_answered() -> None:
    with responder() as opened:
        at = opened.described
        bare = bytes(stun.Message(stun.Method.BINDING, stun.Class.REQUEST, secrets.token_bytes(12)))
        strangers = [
            *(b"", b"\x00", b"\x16\xfe\xfd" + bytes(200), bytes(5000), bare, bare[:19]),
            *(check(at.ufrag, "wrong"), check("else", at.password), check(at.ufrag, at.password)[:-9]),
        ]
        assert len(await asked(at.port, [*strangers, check(at.ufrag, at.password)])) == 1


@pytest.mark.parametrize(("spare", "expected"), [(0, False), (1, True)])
async def test_a_range_must_have_a_port_to_spare(spare: int, expected: bool) -> None:
    top = free_port()
    ice = IceSpec("127.0.0.1", top - 1 - spare, top, ("127.0.0.1",))
    opened = CheckResponder.open(ice, slots=2)
    assert (opened is not None) is expected
    if opened is not None:
        assert ice.port_min <= opened.described.port <= ice.port_max
        opened.close()
    assert CheckResponder.open(IceSpec("127.0.0.1"), slots=2) is None, "nothing is advertised"
