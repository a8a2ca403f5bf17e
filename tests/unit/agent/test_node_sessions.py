"""The node's bookkeeping: slots, commands, lying workers, a broker that is away."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from render_node.agent.core.effects import Effect, EndWorker, FetchTitle, KillWorker, Launch, ToBroker, ToWorker
from render_node.agent.core.kept_ends import ENDS_KEPT
from render_node.agent.core.node_offer import NodeOffer
from render_node.agent.core.node_sessions import PEERS_REMEMBERED, NodeSessions
from wire.errors import Reason
from wire.limits import SESSIONS_PER_NODE_MAX
from wire.node_control import (
    ChosenOption,
    CloseNodePeer,
    DismissNodeParticipant,
    EndSession,
    NodePeerAnswer,
    NodePeerOffer,
    NodePeerState,
    OpenNodePeer,
    PlacementNews,
    RunningSession,
    SetNodeQuality,
    SetNodeSeats,
    StartSession,
)
from wire.sandbox import Profile, SandboxSpec, Trust, Wall
from wire.session_control import PeerState, Role
from wire.title_manifest import InstalledTitle, bare_manifest
from wire.title_options import SessionOption
from wire.title_release import Release
from wire.worker_control import (
    ClosePeer,
    DismissParticipant,
    EncoderSpec,
    IceSpec,
    OpenWorkerPeer,
    PeerAnswer,
    PeerOffer,
    PlacementState,
    SetSeats,
    SetWorkerQuality,
    StopWorker,
    WorkerPause,
    WorkerPeerState,
    WorkerState,
)

PREPARING, SERVING, RELEASED = PlacementState.PREPARING, PlacementState.SERVING, PlacementState.RELEASED
OFFER = NodeOffer(
    slots=2,
    titles=(InstalledTitle(bare_manifest("chess.py"), "/titles/chess"),),
    saves=PurePosixPath("/data/saves"),
    ice=IceSpec(),
    encoder=EncoderSpec(),
    sandbox=SandboxSpec(Profile.USERNS, tuple(Wall)),
    owner_pid=7,
    abandon_s=600.0,
    start_timeout_s=30.0,
)


def start(session_id: str = "ses_a", epoch: int = 1, **changed: object) -> StartSession:
    player_key = "plr_1" if session_id == "ses_a" else f"plr_{session_id}"
    return replace(StartSession(session_id, epoch, "chess", "0.0.0", player_key), **changed)  # type: ignore[arg-type]


def open_peer(peer_id: str = "peer_1", session_id: str = "ses_a") -> OpenNodePeer:
    return OpenNodePeer(session_id, peer_id, "part_1", 3, Role.PLAYER, (0,), "ab" * 32, 30.0, ("H264", "VP8"))


def news(state: PlacementState, reason: Reason | None = None, detail: str = "", *, epoch: int = 1) -> Effect:
    return ToBroker(PlacementNews("ses_a", epoch, state, reason, detail))


def connected(*, serving: bool = False) -> NodeSessions:
    sessions = NodeSessions(OFFER)
    assert sessions.handle_connected() == []
    if serving:
        sessions.handle_broker(start(), 0.0)
        assert sessions.handle_worker("ses_a", WorkerState(SERVING)) == [news(SERVING)]
    return sessions


def test_start_launches_a_worker_with_its_own_save_folder() -> None:
    told, launch = connected().handle_broker(start(), 5.0)
    assert told == news(PREPARING)
    assert isinstance(launch, Launch)
    assert launch.start.save_dir == "/data/saves/plr_1/chess"
    assert (launch.start.title.folder, launch.start.title.entry) == ("/titles/chess", "chess.py")


def test_the_operators_limit_on_absence_holds_where_the_title_asks_for_more() -> None:
    sessions = NodeSessions(replace(OFFER, afk_pause_max_s=300))
    _, launch = [*sessions.handle_connected(), *sessions.handle_broker(start(), 5.0)]
    assert isinstance(launch, Launch)
    assert (launch.start.title.afk_pause_s, launch.start.title.afk_end_s) == (300, 1800)


def test_a_bound_on_the_picture_goes_to_the_sessions_worker_only() -> None:
    sessions = connected(serving=True)
    told = sessions.handle_broker(SetNodeQuality("ses_a", "part_1", 2_500_000), 1.0)
    assert told == [ToWorker("ses_a", SetWorkerQuality("part_1", 2_500_000))]
    assert sessions.handle_broker(SetNodeQuality("ses_b", "part_1", None), 1.0) == []


@pytest.mark.parametrize(
    ("ask", "reason"),
    [
        (start(title_id="go"), Reason.TITLE_MISSING),
        (start(title_version="9.9.9"), Reason.TITLE_MISSING),
        (start(player_key="../../etc"), Reason.MALFORMED),
        (start(player_key=""), Reason.MALFORMED),
        (start(player_key="a/b"), Reason.MALFORMED),
    ],
)
def test_what_cannot_be_started_is_released_with_a_reason(ask: StartSession, reason: Reason) -> None:
    sessions = connected()
    assert sessions.handle_broker(ask, 0.0) == [news(RELEASED, reason)]
    assert sessions.running() == ()


def test_no_more_sessions_than_slots_and_a_release_frees_one() -> None:
    sessions = connected(serving=True)
    sessions.handle_broker(start("ses_b"), 0.0)
    refused = sessions.handle_broker(start("ses_c"), 0.0)
    assert refused == [ToBroker(PlacementNews("ses_c", 1, RELEASED, Reason.NO_ROOM))]
    sessions.handle_worker("ses_b", WorkerState(RELEASED, Reason.TITLE_QUIT))
    assert any(isinstance(effect, Launch) for effect in sessions.handle_broker(start("ses_c"), 0.0))


def test_a_session_waits_until_the_one_before_it_has_let_go_of_the_save_folder() -> None:
    sessions = connected(serving=True)
    sessions.handle_broker(EndSession("ses_a", 1, Reason.ENDED_BY_PLAYER), 0.0)
    again = start("ses_b", player_key="plr_1")
    assert sessions.handle_broker(again, 0.0) == [ToBroker(PlacementNews("ses_b", 1, PREPARING))]
    *_, launch = sessions.handle_worker("ses_a", WorkerState(RELEASED, Reason.ENDED_BY_PLAYER))
    assert isinstance(launch, Launch)
    assert launch.start.session_id == "ses_b"


def test_a_session_that_waits_can_be_ended_and_its_deadline_holds() -> None:
    sessions = connected(serving=True)
    sessions.handle_broker(start("ses_b", player_key="plr_1"), 0.0)
    released = ToBroker(PlacementNews("ses_b", 1, RELEASED, Reason.LEFT))
    assert sessions.handle_broker(EndSession("ses_b", 1, Reason.LEFT), 0.0) == [released]
    sessions.handle_broker(start("ses_b", epoch=2, player_key="plr_1"), 0.0)
    late = sessions.handle_timeout(OFFER.start_timeout_s)
    assert ToBroker(PlacementNews("ses_b", 2, RELEASED, Reason.START_TIMEOUT, "no picture in time")) in late
    assert [session.session_id for session in sessions.running()] == ["ses_a"]


def test_the_end_of_one_that_waits_starts_no_other_beside_the_one_that_runs() -> None:
    sessions = NodeSessions(replace(OFFER, slots=3))
    sessions.handle_connected()
    for session_id in ("ses_a", "ses_b", "ses_c"):
        sessions.handle_broker(start(session_id, player_key="plr_1"), 0.0)
    sessions.handle_worker("ses_a", WorkerState(SERVING))
    ended = sessions.handle_broker(EndSession("ses_b", 1, Reason.LEFT), 0.0)
    assert ended == [ToBroker(PlacementNews("ses_b", 1, RELEASED, Reason.LEFT))]
    *_, launch = sessions.handle_worker_gone("ses_a", "")
    assert isinstance(launch, Launch)
    assert launch.start.session_id == "ses_c"


def test_a_repeated_start_is_answered_and_launches_nothing() -> None:
    sessions = connected(serving=True)
    assert sessions.handle_broker(start(), 1.0) == [news(SERVING)]
    assert sessions.handle_broker(start(epoch=2), 1.0) == [news(RELEASED, Reason.BAD_STATE, epoch=2)]
    assert sessions.running() == (RunningSession("ses_a", 1, SERVING),)


def test_a_pause_and_its_end_are_told_at_once_and_with_every_heartbeat() -> None:
    sessions = connected(serving=True)
    assert sessions.running() == (RunningSession("ses_a", 1, SERVING),)
    for paused in (True, False, True):
        told = PlacementNews("ses_a", 1, SERVING, paused=paused)
        assert sessions.handle_worker("ses_a", WorkerPause(paused)) == [ToBroker(told)]
        assert sessions.running() == (RunningSession("ses_a", 1, SERVING, paused),)
    assert sessions.handle_broker(start(), 1.0) == [ToBroker(told)], "a repeated start hears of it as well"
    sessions.handle_disconnected()
    assert sessions.handle_worker("ses_a", WorkerPause(False)) == []
    assert sessions.handle_connected() == [], "hello says how it stands by now"
    assert sessions.running() == (RunningSession("ses_a", 1, SERVING),)


def test_a_worker_that_pauses_what_it_does_not_serve_costs_its_session() -> None:
    sessions = connected()
    sessions.handle_broker(start(), 0.0)
    kill, told = sessions.handle_worker("ses_a", WorkerPause(True))
    assert isinstance(kill, KillWorker)
    assert told == news(RELEASED, Reason.WORKER_LOST, kill.detail)
    assert sessions.handle_worker("ses_a", WorkerPause(True)) == []


def test_end_stops_the_worker_once_and_its_release_is_told() -> None:
    sessions = connected(serving=True)
    ask = EndSession("ses_a", 1, Reason.ENDED_BY_PLAYER)
    assert sessions.handle_broker(ask, 0.0) == [EndWorker("ses_a", StopWorker(Reason.ENDED_BY_PLAYER))]
    assert sessions.handle_broker(ask, 0.0) == []
    released = sessions.handle_worker("ses_a", WorkerState(RELEASED, Reason.ENDED_BY_PLAYER))
    assert released == [news(RELEASED, Reason.ENDED_BY_PLAYER)]
    assert sessions.handle_worker_gone("ses_a", "exited") == []


def test_a_worker_killed_for_not_stopping_gives_the_reason_of_the_stop() -> None:
    sessions = connected(serving=True)
    sessions.handle_broker(EndSession("ses_a", 1, Reason.ABANDONED), 0.0)
    assert sessions.handle_worker_gone("ses_a", "died") == [news(RELEASED, Reason.ABANDONED, "died")]


@pytest.mark.parametrize("ask", [EndSession("ses_x", 1, Reason.LEFT), EndSession("ses_a", 7, Reason.LEFT)])
def test_ending_what_is_not_here_is_confirmed(ask: EndSession) -> None:
    sessions = connected(serving=True)
    expected = ToBroker(PlacementNews(ask.session_id, ask.epoch, RELEASED, Reason.LEFT))
    assert sessions.handle_broker(ask, 0.0) == [expected]
    assert len(sessions.running()) == 1


def test_a_worker_that_ends_by_itself_is_watched_until_it_is_gone() -> None:
    told, end = connected(serving=True).handle_worker("ses_a", WorkerState(RELEASED, Reason.TITLE_CRASHED, "boom"))
    assert told == news(RELEASED, Reason.TITLE_CRASHED, "boom")
    assert end == EndWorker("ses_a", StopWorker(Reason.TITLE_CRASHED))


def test_a_lost_worker_is_told_at_once_and_frees_the_slot() -> None:
    sessions = connected(serving=True)
    assert sessions.handle_worker_gone("ses_a", "died") == [news(RELEASED, Reason.WORKER_LOST, "died")]
    assert sessions.running() == ()
    assert sessions.handle_worker("ses_a", WorkerState(SERVING)) == []


def test_no_picture_in_time_ends_the_session() -> None:
    sessions = connected()
    sessions.handle_broker(start(), 100.0)
    assert sessions.next_timeout() == 130.0
    assert sessions.handle_timeout(129.9) == []
    kill, told = sessions.handle_timeout(130.0)
    assert isinstance(kill, KillWorker)
    assert told == news(RELEASED, Reason.START_TIMEOUT, "no picture in time")
    assert sessions.next_timeout() is None


def test_a_title_may_bound_how_long_its_sessions_last() -> None:
    manifest = replace(OFFER.titles[0].manifest, session_max_s=3600, environment={"LEVEL": "a=b"})
    sessions = NodeSessions(replace(OFFER, titles=(InstalledTitle(manifest, "/titles/chess"),)))
    sessions.handle_connected()
    (launch,) = (effect for effect in sessions.handle_broker(start(), 0.0) if isinstance(effect, Launch))
    assert launch.start.title.environment == ("LEVEL=a=b",)
    assert sessions.next_timeout() == 30.0
    sessions.handle_worker("ses_a", WorkerState(SERVING))
    assert sessions.next_timeout() == 3600.0
    assert sessions.handle_timeout(3599.0) == []
    assert sessions.handle_timeout(3600.0) == [EndWorker("ses_a", StopWorker(Reason.SESSION_LIMIT))]
    assert sessions.next_timeout() is None
    assert sessions.handle_timeout(3601.0) == []


RELEASE = Release("go", "1.0.0", "a" * 64, 10, "key", "signature")
GO = InstalledTitle(
    replace(bare_manifest("go.py"), id="go", version="1.0.0", session_max_s=600), "/cache/go", Trust.APPROVED
)


def published(session_id: str = "ses_a", epoch: int = 1) -> StartSession:
    return replace(start(session_id, epoch), title_id="go", title_version="1.0.0", release=RELEASE)


@pytest.mark.parametrize(
    ("asked", "signed"), [("../../../etc", "../../../etc"), ("go", "chess"), ("..", "go"), ("", "")]
)
def test_a_published_title_whose_name_is_no_folder_or_not_the_signed_one_is_refused(asked: str, signed: str) -> None:
    ask = replace(published(), title_id=asked, release=replace(RELEASE, title_id=signed))
    sessions = connected()
    assert sessions.handle_broker(ask, 0.0) == [news(RELEASED, Reason.MALFORMED)]
    assert sessions.running() == ()


def test_a_published_title_is_fetched_then_launched() -> None:
    sessions = connected()
    assert sessions.handle_broker(published(), 0.0) == [news(PREPARING), FetchTitle("ses_a", 1, RELEASE)]
    assert sessions.folders_in_use() == set()
    (launch,) = sessions.handle_title_fetched("ses_a", 1, GO, 20.0)
    assert isinstance(launch, Launch)
    assert (launch.start.title.title_id, launch.start.title.folder) == ("go", "/cache/go")
    assert sessions.folders_in_use() == {"/cache/go"}
    assert sessions.next_timeout() == 20.0 + OFFER.start_timeout_s
    assert sessions.handle_title_fetched("ses_a", 1, GO, 21.0) == []


def test_a_fetched_title_needs_its_walls_too() -> None:
    sessions = NodeSessions(replace(OFFER, sandbox=SandboxSpec(Profile.USERNS, (Wall.SECCOMP,))))
    sessions.handle_connected()
    sessions.handle_broker(published(), 0.0)
    (told,) = sessions.handle_title_fetched("ses_a", 1, GO, 1.0)
    assert isinstance(told, ToBroker)
    assert isinstance(told.message, PlacementNews)
    assert told.message.reason is Reason.TITLE_UNTRUSTED
    assert sessions.running() == ()


def test_a_title_that_does_not_come_ends_its_session() -> None:
    sessions = connected()
    sessions.handle_broker(published(), 0.0)
    assert sessions.handle_title_not_fetched("ses_a", 2, Reason.BAD_SIGNATURE, "") == []
    told = sessions.handle_title_not_fetched("ses_a", 1, Reason.BAD_SIGNATURE, "not good")
    assert told == [news(RELEASED, Reason.BAD_SIGNATURE, "not good")]
    assert sessions.running() == ()


def test_a_session_that_ends_while_its_title_is_fetched_launches_nothing() -> None:
    sessions = connected()
    sessions.handle_broker(published(), 0.0)
    assert sessions.handle_broker(EndSession("ses_a", 1, Reason.LEFT), 1.0) == [news(RELEASED, Reason.LEFT)]
    assert sessions.handle_title_fetched("ses_a", 1, GO, 2.0) == []
    sessions.handle_broker(published(epoch=2), 3.0)
    assert sessions.handle_title_fetched("ses_a", 1, GO, 4.0) == [], "the answer to an older request"


def test_sessions_of_a_changed_title_end_for_that_reason() -> None:
    sessions = connected(serving=True)
    assert sessions.handle_title_changed("other") == []
    assert sessions.handle_title_changed("chess") == [EndWorker("ses_a", StopWorker(Reason.TITLE_CHANGED))]
    assert sessions.handle_title_changed("chess") == []


def test_a_picture_ends_the_wait() -> None:
    sessions = connected(serving=True)
    assert sessions.next_timeout() is None
    assert sessions.handle_timeout(1e9) == []


def test_seats_and_dismissals_pass_to_the_worker_of_a_running_session_alone() -> None:
    sessions = connected(serving=True)
    seats = SetNodeSeats("ses_a", "part_1", Role.PLAYER, (1,))
    gone = DismissNodeParticipant("ses_a", "part_1", Reason.KICKED)
    assert sessions.handle_broker(seats, 0.0) == [ToWorker("ses_a", SetSeats("part_1", Role.PLAYER, (1,)))]
    assert sessions.handle_broker(gone, 0.0) == [ToWorker("ses_a", DismissParticipant("part_1", Reason.KICKED))]
    assert sessions.handle_broker(SetNodeSeats("ses_b", "part_1", Role.PLAYER, (1,)), 0.0) == []
    sessions.handle_broker(EndSession("ses_a", 1, Reason.ENDED_BY_PLAYER), 0.0)
    assert sessions.handle_broker(seats, 0.0) == sessions.handle_broker(gone, 0.0) == []


def test_signalling_passes_both_ways() -> None:
    sessions = connected(serving=True)
    (to_worker,) = sessions.handle_broker(open_peer(), 0.0)
    who = ("peer_1", "part_1", 3, Role.PLAYER, (0,), "ab" * 32, 30.0, ("H264", "VP8"))
    assert to_worker == ToWorker("ses_a", OpenWorkerPeer(*who))
    asked = replace(open_peer(), video_max_bps=4_000_000, tab_protocol=3)
    (to_worker,) = sessions.handle_broker(asked, 0.0)
    assert to_worker == ToWorker("ses_a", OpenWorkerPeer(*who, 4_000_000, 3))
    assert sessions.handle_worker("ses_a", PeerOffer("peer_1", "v=0")) == [
        ToBroker(NodePeerOffer("ses_a", "peer_1", "v=0"))
    ]
    assert sessions.handle_broker(NodePeerAnswer("ses_a", "peer_1", "ticket", "v=1"), 0.0) == [
        ToWorker("ses_a", PeerAnswer("peer_1", "ticket", "v=1"))
    ]
    assert sessions.handle_worker("ses_a", WorkerPeerState("peer_1", PeerState.CONNECTED)) == [
        ToBroker(NodePeerState("ses_a", "peer_1", PeerState.CONNECTED))
    ]
    assert sessions.handle_broker(CloseNodePeer("ses_a", "peer_1", Reason.TAKEN_OVER), 0.0) == [
        ToWorker("ses_a", ClosePeer("peer_1", Reason.TAKEN_OVER))
    ]


@pytest.mark.parametrize(
    "ask",
    [
        open_peer(session_id="ses_x"),
        NodePeerAnswer("ses_a", "peer_x", "t", "v"),
        CloseNodePeer("ses_x", "p", Reason.LEFT),
    ],
)
def test_a_peer_that_is_not_here_has_left(ask: OpenNodePeer | NodePeerAnswer | CloseNodePeer) -> None:
    told = connected(serving=True).handle_broker(ask, 0.0)
    assert told == [ToBroker(NodePeerState(ask.session_id, ask.peer_id, PeerState.LEFT, Reason.UNKNOWN_SESSION))]


def test_no_peer_is_opened_on_a_session_that_ends() -> None:
    sessions = connected(serving=True)
    sessions.handle_broker(EndSession("ses_a", 1, Reason.LEFT), 0.0)
    (told,) = sessions.handle_broker(open_peer(), 0.0)
    assert isinstance(told, ToBroker)


def test_remembered_peers_are_bounded() -> None:
    sessions = connected(serving=True)
    for index in range(PEERS_REMEMBERED + 1):
        sessions.handle_broker(open_peer(f"peer_{index}"), 0.0)
    (told,) = sessions.handle_broker(NodePeerAnswer("ses_a", "peer_0", "t", "v"), 0.0)
    assert isinstance(told, ToBroker)
    assert isinstance(sessions.handle_broker(NodePeerAnswer("ses_a", "peer_1", "t", "v"), 0.0)[0], ToWorker)


@pytest.mark.parametrize(
    "lie",
    [
        PeerOffer("peer_of_another", "v=0"),
        WorkerPeerState("peer_of_another", PeerState.CONNECTED),
        WorkerState(SERVING),
        WorkerState(PREPARING),
        WorkerState(PlacementState.SUPERSEDED),
    ],
)
def test_a_lying_worker_loses_its_own_session_and_no_other(lie: PeerOffer | WorkerPeerState | WorkerState) -> None:
    sessions = connected(serving=True)
    sessions.handle_broker(start("ses_b"), 0.0)
    sessions.handle_broker(open_peer("peer_of_another", "ses_b"), 0.0)
    kill, told = sessions.handle_worker("ses_a", lie)
    assert isinstance(kill, KillWorker)
    assert kill.session_id == "ses_a"
    assert isinstance(told, ToBroker)
    assert isinstance(told.message, PlacementNews)
    assert (told.message.state, told.message.reason) == (RELEASED, Reason.WORKER_LOST)
    assert [session.session_id for session in sessions.running()] == ["ses_b"]


def test_unreadable_messages_end_the_session() -> None:
    sessions = connected(serving=True)
    kill, told = sessions.handle_violation("ses_a", "nonsense")
    assert kill == KillWorker("ses_a", "nonsense")
    assert told == news(RELEASED, Reason.WORKER_LOST, "nonsense")
    assert sessions.handle_violation("ses_a", "nonsense") == []


def test_without_a_broker_sessions_go_on_and_their_ends_are_told_later() -> None:
    sessions = connected(serving=True)
    sessions.handle_disconnected()
    (end,) = sessions.handle_worker("ses_a", WorkerState(RELEASED, Reason.TITLE_QUIT))
    assert isinstance(end, EndWorker)
    assert sessions.for_hello() == (RunningSession("ses_a", 1, RELEASED),)
    assert sessions.running() == ()
    assert sessions.handle_connected() == [news(RELEASED, Reason.TITLE_QUIT)]
    sessions.handle_disconnected()
    assert sessions.for_hello() == ()
    assert sessions.handle_connected() == []


def test_an_end_that_did_not_reach_the_broker_is_told_again() -> None:
    sessions = connected()
    end, peer = PlacementNews("ses_a", 1, RELEASED, Reason.LEFT), NodePeerState("ses_a", "p", PeerState.LEFT)
    sessions.handle_disconnected([PlacementNews("ses_b", 1, SERVING), end, peer])
    assert sessions.handle_connected() == [ToBroker(end)]


def test_an_end_that_may_have_arrived_does_not_hide_what_runs_of_the_session_by_now() -> None:
    sessions = connected(serving=True)
    sessions.handle_disconnected([PlacementNews("ses_a", 0, RELEASED, Reason.NODE_LOST)])
    assert sessions.for_hello() == (RunningSession("ses_a", 1, SERVING),)


def test_hello_lists_no_more_than_a_broker_takes_what_runs_first() -> None:
    sessions = NodeSessions(replace(OFFER, slots=SESSIONS_PER_NODE_MAX))
    for index in range(SESSIONS_PER_NODE_MAX - 10):
        sessions.handle_broker(start(f"ses_{index}"), 0.0)
    sessions.handle_disconnected([PlacementNews(f"ses_old_{n}", 1, RELEASED) for n in range(20)])
    listed = sessions.for_hello()
    assert [each.state for each in listed] == [PREPARING] * (SESSIONS_PER_NODE_MAX - 10) + [RELEASED] * 10


def test_what_is_kept_for_an_absent_broker_is_bounded() -> None:
    sessions = NodeSessions(OFFER)
    for index in range(ENDS_KEPT + 10):
        sessions.handle_broker(start(f"ses_{index}", title_id="none"), 0.0)
    assert len(sessions.for_hello()) == len(sessions.handle_connected()) == ENDS_KEPT


def test_shutdown_stops_everything_and_takes_nothing_new() -> None:
    sessions = connected(serving=True)
    assert sessions.handle_shutdown() == [EndWorker("ses_a", StopWorker(Reason.NODE_SHUTDOWN))]
    (told,) = sessions.handle_broker(start("ses_b"), 0.0)
    assert told == ToBroker(PlacementNews("ses_b", 1, RELEASED, Reason.NODE_SHUTDOWN))


SESSIONS = st.sampled_from(["ses_1", "ses_2", "ses_3", "ses_4"])
STATES = st.sampled_from(list(PlacementState))


class AnyOrder(RuleBasedStateMachine):
    """Commands, reports, deaths and outages in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.sessions = NodeSessions(OFFER)
        self.workers: dict[str, str] = {}
        """Save folder by session."""
        self.now = 0.0

    def apply(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Launch(start=launched):
                    assert launched.save_dir not in self.workers.values()
                    self.workers[launched.session_id] = launched.save_dir
                case KillWorker(session_id=session_id):
                    self.workers.pop(session_id, None)

    @rule(session_id=SESSIONS, epoch=st.integers(1, 2), player_key=st.sampled_from(["plr_1", "plr_2", "plr_3"]))
    def start(self, session_id: str, epoch: int, player_key: str) -> None:
        self.apply(self.sessions.handle_broker(start(session_id, epoch, player_key=player_key), self.now))

    @rule(session_id=SESSIONS, epoch=st.integers(1, 2))
    def end(self, session_id: str, epoch: int) -> None:
        self.apply(self.sessions.handle_broker(EndSession(session_id, epoch, Reason.LEFT), self.now))

    @rule(session_id=SESSIONS, state=STATES)
    def report(self, session_id: str, state: PlacementState) -> None:
        if state is RELEASED:
            self.workers.pop(session_id, None)
        self.apply(self.sessions.handle_worker(session_id, WorkerState(state)))

    @rule(session_id=SESSIONS, paused=st.booleans())
    def pause(self, session_id: str, *, paused: bool) -> None:
        self.apply(self.sessions.handle_worker(session_id, WorkerPause(paused)))

    @rule(session_id=SESSIONS)
    def die(self, session_id: str) -> None:
        self.workers.pop(session_id, None)
        self.apply(self.sessions.handle_worker_gone(session_id, "died"))

    @rule(session_id=SESSIONS, peer_id=st.sampled_from(["peer_1", "peer_2"]))
    def peer(self, session_id: str, peer_id: str) -> None:
        self.apply(self.sessions.handle_broker(open_peer(peer_id, session_id), self.now))
        self.apply(self.sessions.handle_worker(session_id, PeerOffer("peer_1", "v=0")))

    @rule(up=st.booleans())
    def broker(self, up: bool) -> None:
        if up:
            self.apply(self.sessions.handle_connected())
        else:
            self.sessions.handle_disconnected()

    @rule(seconds=st.floats(0, 40))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.apply(self.sessions.handle_timeout(self.now))

    @invariant()
    def slots_hold_and_each_session_has_its_worker(self) -> None:
        running = {session.session_id for session in self.sessions.running()}
        assert len(running) <= OFFER.slots
        assert self.workers.keys() <= running
        for session_id in running - self.workers.keys():
            assert self.sessions._placed[session_id].save_dir in self.workers.values()

    @invariant()
    def only_what_serves_stands_still(self) -> None:
        assert all(session.state is SERVING for session in self.sessions.running() if session.paused)

    @invariant()
    def no_deadline_is_left_behind(self) -> None:
        due = self.sessions.next_timeout()
        assert due is None or due > self.now


AnyOrder.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestAnyOrder = AnyOrder.TestCase


def test_a_title_that_nobody_vouches_for_needs_all_its_walls() -> None:
    walls = tuple(wall for wall in Wall if wall is not Wall.GROUP)
    title = OFFER.titles[0]
    for trust, runs in ((Trust.UNTRUSTED, False), (Trust.APPROVED, True), (Trust.BUNDLED, True)):
        offer = replace(OFFER, titles=(replace(title, trust=trust),), sandbox=SandboxSpec(Profile.USERNS, walls))
        sessions = NodeSessions(offer)
        sessions.handle_connected()
        effects = sessions.handle_broker(start(), now=0.0)
        launched = [effect.start for effect in effects if isinstance(effect, Launch)]
        assert bool(launched) is runs
        if runs:
            assert launched[0].sandbox == SandboxSpec(Profile.USERNS, walls, name="farplay-7-ses_a")
        else:
            detail = "a title that is untrusted needs walls that this machine lacks: group"
            assert effects == [news(RELEASED, Reason.TITLE_UNTRUSTED, detail)]


@pytest.mark.parametrize(("version", "runs"), [("", True), ("3.12", True), ("3.13", False)])
def test_a_title_that_was_packed_for_another_python_is_refused(version: str, runs: bool) -> None:
    manifest = replace(bare_manifest("chess.py"), python_requires=("x",), python_version=version)
    title = InstalledTitle(manifest, "/titles/chess", Trust.BUNDLED)
    sessions = NodeSessions(replace(OFFER, titles=(title,), python_minor=12))
    sessions.handle_connected()
    effects = sessions.handle_broker(start(), now=0.0)
    launched = [effect.start for effect in effects if isinstance(effect, Launch)]
    assert [each.title.site_packages for each in launched] == (["site-packages"] if runs else [])
    detail = "it needs Python 3.13, and this node has 3.12"
    assert runs or effects == [news(RELEASED, Reason.NO_CAPABILITY, detail)]


def test_what_is_set_for_a_session_is_given_to_its_title_and_nothing_else() -> None:
    options = (SessionOption("level", argument="--level"), SessionOption("seed", variable="SEED"))
    manifest = replace(bare_manifest("chess.py"), arguments=("-q",), environment={"SEED": "0"}, options=options)
    sessions = NodeSessions(replace(OFFER, titles=(InstalledTitle(manifest, "/titles/chess", Trust.BUNDLED),)))
    sessions.handle_connected()
    asked = (ChosenOption("seed", "7"), ChosenOption("level", "hard"))
    (launch,) = (e for e in sessions.handle_broker(start(options=asked), 0.0) if isinstance(e, Launch))
    assert (launch.start.title.arguments, launch.start.title.environment) == (("-q", "--level", "hard"), ("SEED=7",))
    refused = sessions.handle_broker(start("ses_b", options=(ChosenOption("PATH", "/"),)), 0.0)
    words = "this title has no option 'PATH'; it has: level, seed"
    assert refused == [ToBroker(PlacementNews("ses_b", 1, RELEASED, Reason.MALFORMED, words))]


def test_a_session_id_that_is_no_name_is_refused() -> None:
    sessions = connected()
    (told,) = sessions.handle_broker(start("../ses_a"), now=0.0)
    assert isinstance(told, ToBroker)
    assert isinstance(told.message, PlacementNews)
    assert told.message.reason is Reason.MALFORMED


def test_violations_are_told_at_the_end() -> None:
    sessions = connected(serving=True)
    effects = sessions.handle_worker("ses_a", WorkerState(RELEASED, Reason.TITLE_VIOLATION, "words", 3))
    assert ToBroker(PlacementNews("ses_a", 1, RELEASED, Reason.TITLE_VIOLATION, "words", violations=3)) in effects
