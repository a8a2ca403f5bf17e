"""Checks on a node: they share its slots with sessions, and run behind the walls that they need or not at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath

from render_node.agent.core.effects import RunCheck, StopCheck
from render_node.agent.core.node_offer import NodeOffer
from render_node.agent.core.node_sessions import NodeSessions
from wire.errors import Reason
from wire.node_control import EndTitleCheck, PlacementNews, StartSession, StartTitleCheck
from wire.sandbox import Profile, SandboxSpec, Trust, Wall
from wire.title_manifest import InstalledTitle, bare_manifest
from wire.title_release import Release
from wire.worker_control import EncoderSpec, IceSpec, PlacementState

OFFER = NodeOffer(
    slots=1, titles=(InstalledTitle(bare_manifest("chess.py"), "/titles/chess"),), saves=PurePosixPath("/saves"),
    ice=IceSpec(), encoder=EncoderSpec(), sandbox=SandboxSpec(Profile.USERNS, tuple(Wall)), owner_pid=7,
    abandon_s=600.0, start_timeout_s=30.0,
)  # fmt: skip
ONE, TWO = "chk_" + "a" * 24, "chk_" + "b" * 24
RELEASE = Release("chess", "1.0.0", "a" * 64, 10, "key", "signature")


def ask(check_id: str = ONE) -> StartTitleCheck:
    return StartTitleCheck(check_id, RELEASE, Trust.UNTRUSTED)


def test_a_check_and_a_session_share_the_slots() -> None:
    node = NodeSessions(OFFER)
    node.handle_connected()
    assert node.handle_broker(ask(), 0.0) == [RunCheck(ONE, RELEASE, Trust.UNTRUSTED)]
    assert node.handle_broker(ask(), 0.0) == node.handle_broker(ask(TWO), 0.0) == []
    title = OFFER.titles[0].manifest
    [refused] = node.handle_broker(StartSession("ses_a", 1, title.id, title.version, "plr_1"), 0.0)
    news = PlacementNews("ses_a", 1, PlacementState.RELEASED, Reason.NO_ROOM)
    assert getattr(refused, "message", None) == news
    assert node.handle_broker(EndTitleCheck(TWO), 0.0) == []
    assert node.handle_broker(EndTitleCheck(ONE), 0.0) == [StopCheck(ONE)]
    assert node.checks.running() == (ONE,), "until nothing of it runs"
    node.checks.handle_over(ONE)
    assert node.checks.running() == ()
    assert len(node.handle_broker(StartSession("ses_a", 1, title.id, title.version, "plr_1"), 0.0)) == 2
    assert node.handle_broker(ask(), 0.0) == [], "the session has the slot"


def test_no_check_runs_without_its_walls_or_while_the_node_ends() -> None:
    bare = NodeSessions(replace(OFFER, sandbox=SandboxSpec(Profile.USERNS, ())))
    assert bare.handle_broker(ask(), 0.0) == []
    node = NodeSessions(OFFER)
    assert node.handle_broker(ask("../x"), 0.0) == []
    node.handle_broker(ask(), 0.0)
    assert node.handle_shutdown() == [StopCheck(ONE)]
    node.checks.handle_over(ONE)
    assert node.handle_broker(ask(TWO), 0.0) == []
