"""Whose display a title's frames keep step with, and how often they may be moved."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import cast

from render_node.session.core.input_receiver import InputReceiver
from render_node.session.io.agent_link import AgentLink
from render_node.session.io.participants import Participant
from render_node.session.io.session_worker import SessionWorker
from render_node.session.io.title_process import TitleProcess
from wire.sandbox import Profile, SandboxSpec
from wire.session_control import Role
from wire.worker_control import EncoderSpec, IceSpec, StartWorker, TitleSpec

TITLE = TitleSpec("duel", "1.0.0", "pygame", "/nowhere", "main.py")


def person(seats: tuple[int, ...]) -> Participant:
    role = Role.PLAYER if seats else Role.SPECTATOR
    return Participant("part_x", 0, role, InputReceiver(0, seats, role))


async def shifts(title: TitleSpec, *wishes: tuple[tuple[int, ...], int]) -> list[int]:
    """Return what reaches the title of such wishes: the seats of whose they are, and microseconds."""
    start = StartWorker("ses_a", 1, title, "/nowhere", IceSpec(), EncoderSpec(), SandboxSpec(Profile.POD, ()))
    worker = SessionWorker(start, cast(AgentLink, SimpleNamespace(send=lambda _: True)))
    heard: list[int] = []
    worker._title = cast(TitleProcess, SimpleNamespace(shift=heard.append))
    for seats, later_us in wishes:
        worker._follow_display(person(seats), later_us)
    return heard


async def test_frames_follow_the_first_seat_alone() -> None:
    assert await shifts(TITLE, ((1,), 1000), ((), 2000), ((1, 0), -3000)) == [-3000]


async def test_a_page_that_asks_without_end_is_heard_now_and_then() -> None:
    assert len(await shifts(TITLE, *[((0,), 4000)] * 50)) == 1


async def test_a_title_may_keep_its_own_time() -> None:
    assert await shifts(replace(TITLE, follow_display=False), ((0,), 1000)) == []
