"""What an edge remembers of a tab for its session's next owner, and which reports it carries."""

from __future__ import annotations

from session_broker.core.effects import TabKey
from session_broker.core.sign_in import Caller
from session_broker.io.edge_tab import HELD_MAX, REPORT_EVERY_S, WATCHED_S, EdgeTab
from session_broker.io.outbox import Outbox
from wire.ids import PlayerId, TenantId
from wire.session_control import Answer, Leave, MediaReport, OpenPeer, Role, SetQuality


def tab() -> EdgeTab:
    caller = Caller(PlayerId("plr_a"), TenantId("ten_a"), ("player",))
    return EdgeTab("ses_a", caller, Role.PLAYER, 2, Outbox(4, lambda: None))


def test_a_request_for_a_peer_goes_along_until_it_is_answered() -> None:
    seen = tab()
    seen.note(OpenPeer(("H264",)))
    seen.note(SetQuality(2_000_000))
    joined = seen.joined(TabKey(7))
    assert (joined.key, joined.wanted_codecs, joined.video_max_bps) == (7, ("H264",), 2_000_000)
    seen.note(Answer("peer_a", "ticket", "v=0"))
    assert seen.joined(TabKey(7)).wanted_codecs is None


def test_what_joining_says_is_not_kept_to_be_said_again() -> None:
    seen = tab()
    for message in (OpenPeer(("VP8",)), SetQuality(1_000_000), MediaReport("peer_a", 1, 0), Leave(end=True)):
        seen.keep(message)
    joined = seen.joined(TabKey(7))
    assert (joined.wanted_codecs, joined.video_max_bps) == (("VP8",), 1_000_000)
    assert seen.take_held() == [Leave(end=True)]
    seen.keep(Answer("peer_a", "ticket", "v=0"))
    assert seen.joined(TabKey(7)).wanted_codecs is None
    assert seen.take_held() == [Answer("peer_a", "ticket", "v=0")]


def test_reports_are_rare_until_the_node_is_silent_and_after_that_again() -> None:
    seen = tab()
    assert [seen.carries_report(float(now)) for now in range(3)] == [True, False, False]
    assert seen.carries_report(REPORT_EVERY_S)
    seen.watch(20.0)
    assert all(seen.carries_report(20.0 + second) for second in range(int(WATCHED_S)))
    assert not seen.carries_report(20.0 + WATCHED_S)


def test_what_is_kept_is_bounded_and_given_out_once() -> None:
    seen = tab()
    seen.held.extend(SetQuality(1_000_000 + n) for n in range(2 * HELD_MAX))
    assert len(seen.take_held()) == HELD_MAX
    assert seen.take_held() == []
