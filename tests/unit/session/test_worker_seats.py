"""Seats at the worker: each participant plays on their own alone, whatever their batches claim."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

from render_node.session.core.input_receiver import FIRST_PAD_DEVICE, InputReceiver
from render_node.session.io.agent_link import AgentLink
from render_node.session.io.input_path import InputPath
from render_node.session.io.participants import Participant
from render_node.session.io.session_worker import SessionWorker
from wire.errors import Reason
from wire.input_events import InputBatch, InputEvent, Key, Pad, PadPresence, Payload, encode_batch
from wire.sandbox import Profile, SandboxSpec
from wire.session_control import Role
from wire.title_ipc import Input
from wire.worker_control import DismissParticipant, EncoderSpec, IceSpec, SetSeats, StartWorker, TitleSpec

A, B = 4, 5
REST = (0, 0, 0, 0, 0, 0)
START = StartWorker(
    "ses_a",
    1,
    TitleSpec("duel", "1.0.0", "pygame", "/nowhere", "main.py"),
    "/nowhere",
    IceSpec(),
    EncoderSpec(),
    SandboxSpec(Profile.POD, ()),
)


class Bench:
    """A worker without a title or peers: what would reach the title lies in ``heard``."""

    def __init__(self) -> None:
        self.heard: list[Input] = []
        self.worker = SessionWorker(START, cast(AgentLink, SimpleNamespace(send=lambda _: True)))
        self.worker._inputs = InputPath(self._take)
        self.seqs: dict[int, int] = {}

    def _take(self, event: Input) -> bool:
        self.heard.append(event)
        return True

    def sit(self, number: int, role: Role, seats: tuple[int, ...]) -> InputReceiver:
        """Bring somebody to the table."""
        receiver = InputReceiver(number, seats, role)
        name = f"part_{number}"
        self.worker._table.participants[name] = Participant(name, number, role, receiver)
        return receiver

    def send(self, number: int, *payloads: Payload, claims: int | None = None, device: int = 0) -> None:
        """Let a participant's peer bring a batch, which may claim to be another's."""
        person = self.worker._table.participants[f"part_{number}"]
        first = self.seqs.get(number, 0) + 1
        self.seqs[number] = first + len(payloads) - 1
        events = tuple(InputEvent(payload, device) for payload in payloads)
        batch = InputBatch(number if claims is None else claims, first, 1_000_000, events, snapshot=False)
        self.worker._inputs.receive(person.index, person.receiver, encode_batch(batch), 1_000_000)

    def took(self) -> list[tuple[int, Payload]]:
        """Return seat and payload of what came since the last look."""
        new, self.heard = [(item.seat, item.event.payload) for item in self.heard], []
        return new


def on_a_loop(test: Callable[[Bench], None]) -> Callable[[], None]:
    """Run a test where a worker can be made."""

    async def body() -> None:
        bench = Bench()
        test(bench)
        await asyncio.gather(*bench.worker._tasks)

    def run() -> None:
        asyncio.run(body())

    run.__doc__ = test.__doc__
    return run


@on_a_loop
def test_a_batch_that_names_another_participant_is_refused_and_counted(bench: Bench) -> None:
    bench.sit(0, Role.PLAYER, (0,))
    guest = bench.sit(1, Role.PLAYER, (1,))
    bench.send(1, Key(A, True), claims=0)
    assert bench.took() == []
    assert (guest.refused, cast(Any, guest.last_refusal).reason) == (1, Reason.FORBIDDEN)
    bench.send(0, Key(A, True))
    bench.seqs[1] = 0
    bench.send(1, Key(A, True))
    assert bench.took() == [(0, Key(A, True)), (1, Key(A, True))]


@on_a_loop
def test_no_device_reaches_a_seat_of_another(bench: Bench) -> None:
    bench.sit(0, Role.PLAYER, (0,))
    bench.sit(1, Role.PLAYER, (1,))
    for device in range(FIRST_PAD_DEVICE + 4):
        bench.send(1, Key(A + device, True), device=device)
    assert {seat for seat, _ in bench.took()} == {1}


@on_a_loop
def test_a_spectators_input_is_refused_and_counted(bench: Bench) -> None:
    watcher = bench.sit(2, Role.SPECTATOR, ())
    bench.send(2, Key(A, True))
    assert bench.took() == []
    assert watcher.refused == 1


@on_a_loop
def test_what_is_held_on_a_lost_seat_is_released_and_the_rest_is_not(bench: Bench) -> None:
    bench.sit(0, Role.PLAYER, (0, 1))
    bench.send(0, Key(A, True))
    bench.send(0, PadPresence(1, True), Pad(1, 1, REST), device=FIRST_PAD_DEVICE + 1)
    bench.took()
    bench.worker.take(SetSeats("part_0", Role.PLAYER, (0,)))
    assert bench.took() == [(1, Pad(1, 0, REST)), (1, PadPresence(1, False))]
    bench.send(0, Pad(1, 1, REST), device=FIRST_PAD_DEVICE + 1)
    bench.send(0, Key(A, False))
    assert bench.took() == [(0, Pad(1, 1, REST)), (0, Key(A, False))]


@on_a_loop
def test_a_seat_that_moves_has_one_holder_in_whatever_order_the_news_come(bench: Bench) -> None:
    bench.sit(0, Role.PLAYER, (0, 1))
    bench.sit(1, Role.SPECTATOR, ())
    bench.send(0, PadPresence(1, True), Pad(1, 1, REST), device=FIRST_PAD_DEVICE + 1)
    bench.took()
    bench.worker.take(SetSeats("part_1", Role.PLAYER, (1,)))
    assert bench.took() == [(1, Pad(1, 0, REST)), (1, PadPresence(1, False))]
    bench.send(0, Key(A, True), device=FIRST_PAD_DEVICE + 1)
    bench.send(1, Key(B, True))
    assert bench.took() == [(0, Key(A, True)), (1, Key(B, True))]


@on_a_loop
def test_who_loses_every_seat_is_heard_no_more_until_there_is_one_again(bench: Bench) -> None:
    guest = bench.sit(1, Role.PLAYER, (1,))
    bench.send(1, Key(A, True), Key(B, True))
    bench.took()
    bench.worker.take(SetSeats("part_1", Role.SPECTATOR, ()))
    assert bench.took() == [(1, Key(A, False)), (1, Key(B, False))]
    bench.send(1, Key(A, True))
    assert bench.took() == []
    assert guest.refused == 1
    bench.worker.take(SetSeats("part_1", Role.PLAYER, (0,)))
    bench.seqs[1] -= 1
    bench.send(1, Key(A, True))
    assert bench.took() == [(0, Key(A, True))]


@on_a_loop
def test_a_dismissed_participant_lets_go_and_is_forgotten(bench: Bench) -> None:
    bench.sit(1, Role.PLAYER, (1,))
    bench.send(1, Key(A, True))
    bench.took()

    async def dismiss() -> None:
        await bench.worker._dismiss("part_1", Reason.KICKED)
        assert bench.took() == [(1, Key(A, False))]
        assert not bench.worker._table.participants

    bench.worker._tasks.add(asyncio.ensure_future(dismiss()))


@on_a_loop
def test_news_of_somebody_unknown_change_nothing(bench: Bench) -> None:
    bench.sit(0, Role.PLAYER, (0,))
    bench.send(0, Key(A, True))
    bench.took()
    bench.worker.take(SetSeats("part_9", Role.PLAYER, (0,)))
    bench.worker.take(DismissParticipant("part_9", Reason.LEFT))
    bench.send(0, Key(A, False))
    assert bench.took() == [(0, Key(A, False))]
