"""Messages that arrive together: in order about one thing, at once about different things."""

from __future__ import annotations

import asyncio

from session_broker.core.bus_messages import SessionHandedOver, TabClosed, TabGone, TabTold, comes_first
from session_broker.core.effects import ReplicaId
from session_broker.io.bus import hand_all
from tests.support.deadlines import patient
from wire.schema import Message

A, B = ReplicaId("rep_a"), ReplicaId("rep_b")


async def test_one_things_messages_keep_their_order_and_hold_up_no_other() -> None:
    first_done, handled = asyncio.Event(), list[tuple[ReplicaId, Message]]()

    async def handle(sender: ReplicaId, message: Message) -> None:
        if message == TabTold(1, "slow") and sender == A:
            await first_done.wait()
        handled.append((sender, message))
        if message == TabGone(2):
            first_done.set()

    slow, after, other = (A, TabTold(1, "slow")), (A, TabClosed(1, 4002)), (A, TabGone(2))
    anothers = (B, TabTold(1, "slow"))
    async with asyncio.timeout(patient(5.0)):
        await hand_all([slow, after, anothers, other], handle)
    assert set(handled[:2]) == {anothers, other}
    assert handled[2:] == [slow, after]


async def test_one_that_fails_takes_no_other_with_it() -> None:
    handled: list[Message] = []

    async def handle(_sender: ReplicaId, message: Message) -> None:
        if message == TabGone(1):
            raise RuntimeError("a fault")
        handled.append(message)

    await hand_all([(A, TabGone(1)), (A, TabClosed(1, 4002)), (A, TabGone(2))], handle)
    assert set(handled) == {TabClosed(1, 4002), TabGone(2)}


def test_a_session_comes_before_the_tabs_that_follow_it() -> None:
    assert comes_first(SessionHandedOver("ses_a"))
    assert not comes_first(TabGone(1))
