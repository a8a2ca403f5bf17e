"""Nodes as processes of this machine: berths, ends of their own, callers that give up."""

from __future__ import annotations

import asyncio

import pytest

from session_broker.core.pools.records import Machine, NodeName, Phase, Trouble
from session_broker.io.fleet.adapter import MachineRefused
from session_broker.io.fleet.local import LocalFleet, LocalProcess, LocalWish

A, B, C = NodeName("own-a"), NodeName("own-b"), NodeName("own-c")


class ModelProcess:
    def __init__(self) -> None:
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.words = ""

    async def wait(self) -> int:
        return await asyncio.shield(self.ended)

    async def stop(self, grace_s: float) -> None:
        if not self.ended.done():
            self.ended.set_result(0)

    def last_words(self) -> str:
        return self.words


class Machines:
    """Starts model processes, when it is let to."""

    def __init__(self) -> None:
        self.wishes: list[LocalWish] = []
        self.processes: dict[NodeName, ModelProcess] = {}
        self.go = asyncio.Event()
        self.go.set()
        self.fault: OSError | None = None

    async def start(self, wish: LocalWish) -> LocalProcess:
        self.wishes.append(wish)
        await self.go.wait()
        if self.fault is not None:
            raise self.fault
        self.processes[wish.name] = ModelProcess()
        return self.processes[wish.name]


def fleet_of(machines: Machines) -> LocalFleet:
    return LocalFleet("own", 2, "http://localhost:1", machines.start)


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_each_node_has_the_lowest_berth_that_no_other_has() -> None:
    machines = Machines()
    fleet = fleet_of(machines)
    await fleet.create(A, "token")
    await fleet.create(B, "token")
    await fleet.create(A, "token")
    await fleet.delete(A)
    await fleet.delete(NodeName("never"))
    await settle()
    assert fleet.machines() == {B: Machine(B, Phase.RUNNING)}
    await fleet.create(C, "secret")
    assert [(wish.name, wish.berth) for wish in machines.wishes] == [(A, 0), (B, 1), (C, 0)]
    assert machines.wishes[2] == LocalWish(C, 0, "own", 2, "http://localhost:1", "secret")
    await fleet.close()
    assert fleet.machines() == {}
    assert all(process.ended.done() for process in machines.processes.values())


async def test_one_that_ends_by_itself_is_listed_with_its_last_words_until_it_is_deleted() -> None:
    machines = Machines()
    fleet = fleet_of(machines)
    for name in (A, B):
        await fleet.create(name, "token")
    machines.processes[A].words = "starting\nno encoder opens\n"
    machines.processes[A].ended.set_result(1)
    machines.processes[B].ended.set_result(0)
    await settle()
    assert fleet.machines() == {
        A: Machine(A, Phase.GONE, Trouble.CRASHED, "exit status 1: no encoder opens"),
        B: Machine(B, Phase.GONE, Trouble.ENDED, "exit status 0"),
    }
    await fleet.delete(A)
    await settle()
    assert list(fleet.machines()) == [B]
    await fleet.close()


async def test_a_process_that_comes_after_its_caller_gave_up_is_known_and_can_be_deleted() -> None:
    machines = Machines()
    machines.go.clear()
    fleet = fleet_of(machines)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await fleet.create(A, "token")
    assert fleet.machines() == {A: Machine(A, Phase.PENDING)}
    await fleet.delete(A)
    machines.go.set()
    await settle()
    assert fleet.machines() == {}
    assert machines.processes[A].ended.done()


async def test_one_that_cannot_be_started_is_refused_and_nothing_of_it_stays() -> None:
    machines = Machines()
    machines.fault, machines.go = OSError(12, "Cannot allocate memory"), asyncio.Event()
    fleet = fleet_of(machines)
    creating = asyncio.create_task(fleet.create(A, "token"))
    await settle()
    await fleet.delete(A)
    machines.go.set()
    with pytest.raises(MachineRefused, match="no process can be started: Cannot allocate memory"):
        await creating
    await fleet.close()
    assert fleet.machines() == {}
