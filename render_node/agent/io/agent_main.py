"""One node's agent: measures the machine, dials the broker, runs a worker per session, leaves nothing behind.

Owns the worker pool (and by it the fork server), the broker link and the workers of all sessions. Sessions go on
while no broker answers; they end with the agent.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import structlog

from render_node.agent.core.capacity import choose
from render_node.agent.core.effects import (
    Effect,
    EndWorker,
    FetchTitle,
    KillWorker,
    Launch,
    RunCheck,
    StopCheck,
    ToBroker,
    ToWorker,
)
from render_node.agent.core.node_offer import NodeOffer
from render_node.agent.core.node_sessions import NodeSessions
from render_node.agent.core.session_figures import FiguresBook
from render_node.agent.core.start_traces import NodeStep, StartTraces
from render_node.agent.io.broker_link import BrokerLink, LinkCallbacks
from render_node.agent.io.capacity_probe import measure_capacity
from render_node.agent.io.check_responder import CheckResponder
from render_node.agent.io.check_runs import CheckPlace, CheckRuns
from render_node.agent.io.credential import Credential, load_credential, save_credential
from render_node.agent.io.gpus import find_gpus
from render_node.agent.io.ice_probe import tell_ice_reach
from render_node.agent.io.machine import CpuLoad, raise_descriptor_limit, used_memory_bytes
from render_node.agent.io.node_findings import NodeFindings
from render_node.agent.io.sandbox_probe import probe_sandbox
from render_node.agent.io.session_leftovers import SessionLeftovers
from render_node.agent.io.session_workers import SessionWorkers, WorkerNews
from render_node.agent.io.title_cache import TitleCache
from render_node.agent.io.title_watch import WATCH_EVERY_S, TitleWatch
from render_node.agent.io.worker_pool import WorkerPool
from render_node.config import NodeConfig
from wire.errors import Reason, WireError
from wire.node_control import CachedTitle, Heartbeat, NodeHello, NodeRefusal, NodeWelcome, StartSuccessor
from wire.schema import Message
from wire.tracing import SpanSink
from wire.version import ProtocolRange
from wire.worker_control import EncoderSpec, WorkerState, WorkerStats, WorkerStep

FLUSH_S = 1.0
"""How long the last news may take to reach the broker at shutdown."""

DETAIL_MAX_CHARS = 4096
"""Of what the broker is told of a session's end, on the wire."""

log = structlog.get_logger()

TitleEnded = Callable[[Reason, str], None]
"""Told why a title ended, with its last words."""

SuccessorWanted = Callable[[str], None]
"""Told that another node shall be started beside this one, with the token by which it enrols."""


class Agent:
    """The running agent; ``run`` returns by cancellation, or when nothing runs once it was told to retire."""

    def __init__(
        self,
        config: NodeConfig,
        findings: NodeFindings,
        pool: WorkerPool,
        check: CheckResponder | None,
        on_title_ended: TitleEnded | None,
        leftovers: SessionLeftovers,
        on_successor: SuccessorWanted | None,
        retire: asyncio.Event,
        on_span: SpanSink | None = None,
    ) -> None:
        self._config = config
        self._on_successor = on_successor
        self._retire = retire
        self._moved = asyncio.Event()
        """Set whenever something has happened to a session."""
        self._traces = StartTraces(on_span, config.name, secrets.token_bytes)
        self._on_title_ended = on_title_ended
        self._findings = findings
        self._pool = pool
        self._check = check
        self._figures = FiguresBook()
        self._saves = config.data_dir / "saves"
        self._sessions = NodeSessions(
            NodeOffer(
                slots=findings.chosen.slots,
                titles=config.titles,
                saves=self._saves,
                ice=config.ice,
                encoder=EncoderSpec(
                    h264_encoder=findings.chosen.h264_encoder,
                    x264_preset=findings.chosen.x264_preset,
                    x264_slices_max=findings.chosen.x264_slices_max,
                    target_bps=config.target_bps,
                ),
                sandbox=replace(findings.sandbox, run_dir=str(leftovers.run_dir)),
                owner_pid=os.getpid(),
                abandon_s=config.abandon_s,
                afk_pause_max_s=config.afk_pause_max_s,
                afk_end_max_s=config.afk_end_max_s,
                python_minor=findings.python_minor,
                start_timeout_s=config.start_timeout_s,
            )
        )
        self._credential = None if config.successor else load_credential(config.data_dir)
        self._token = config.enrolment_token
        self._load = CpuLoad()
        self._workers = SessionWorkers(
            config, pool, leftovers, self._traces,
            WorkerNews(self._on_worker_message, self._on_worker_violation, self._on_worker_gone),
        )  # fmt: skip
        self._cache = TitleCache(config.data_dir / "titles", config.title_cache_max_bytes, alone=not config.successor)
        self._fetches: set[asyncio.Task[None]] = set()
        self._check_runs = CheckRuns(
            CheckPlace(
                config.broker_url.rstrip("/"), findings.sandbox, config.data_dir, leftovers, self._cache,
                credential=lambda: self._credential, keep=self._sessions.folders_in_use,
            ),
            self._sessions.checks.handle_over,
        )  # fmt: skip
        self._timer: asyncio.TimerHandle | None = None
        self._on_ready: Callable[[str], None] | None = None
        self._link = BrokerLink(
            config.broker_url,
            LinkCallbacks(
                hello=self._hello,
                on_welcome=self._on_welcome,
                on_refused=self._on_refused,
                on_message=self._on_broker_message,
                on_lost=self._sessions.handle_disconnected,
                heartbeat=self._heartbeat,
            ),
        )

    async def run(self, on_ready: Callable[[str], None] | None) -> None:
        """Serve until cancelled or retired, then end every session and tell the broker."""
        self._on_ready = on_ready
        link = asyncio.create_task(self._link.run())
        pool = asyncio.create_task(self._pool.run())
        parts = [link, pool, asyncio.create_task(self._retired())]
        if self._config.watch_titles:
            parts.append(asyncio.create_task(self._watch_titles()))
        try:
            done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            pool.cancel()
            await self._shut_down()
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)

    async def _retired(self) -> None:
        """Wait until the agent shall retire and nothing runs any more."""
        await self._retire.wait()
        log.info("node_retires", sessions=len(self._sessions.running()))
        while self._sessions.running():
            self._moved.clear()
            await self._moved.wait()

    async def _shut_down(self) -> None:
        self._apply(self._sessions.handle_shutdown())
        await self._workers.close()
        await self._check_runs.close()
        for fetch in self._fetches:
            fetch.cancel()
        self._cache.close()
        if self._timer is not None:
            self._timer.cancel()
        await self._link.flushed(FLUSH_S)

    async def _watch_titles(self) -> None:
        watch = await asyncio.to_thread(TitleWatch, self._config.titles)
        while True:
            await asyncio.sleep(WATCH_EVERY_S)
            for title_id in await asyncio.to_thread(watch.changed):
                log.info("title_changed", title_id=title_id)
                self._apply(self._sessions.handle_title_changed(title_id))

    # --- the broker ---

    def _hello(self) -> NodeHello:
        known = self._credential
        self._archives = self._cache.held()
        return NodeHello(
            protocol=ProtocolRange(),
            name=self._config.name,
            capacity=self._findings.capacity(),
            titles=tuple(CachedTitle(t.manifest.id, t.manifest.version) for t in self._config.titles),
            sessions=self._sessions.for_hello(),
            enrolment_token=self._token if known is None else None,
            node_id=None if known is None else known.node_id,
            node_key=None if known is None else known.node_key,
            check_port=None if self._check is None else self._check.described,
            archives=self._archives,
            region=self._config.region,
            successors=self._config.kept,
            checks=self._sessions.checks.running(),
        )

    def _on_welcome(self, welcome: NodeWelcome) -> None:
        if welcome.node_key is not None:
            self._credential = Credential(welcome.node_id, welcome.node_key)
            save_credential(self._config.data_dir, self._credential)
        log.info("broker_welcome", node_id=welcome.node_id, protocol=welcome.protocol)
        self._apply(self._sessions.handle_connected())
        if self._on_ready is not None:
            self._on_ready(welcome.node_id)
            self._on_ready = None

    def _on_refused(self, refusal: NodeRefusal) -> None:
        """A broker that does not know our key (its data is new) may still take our token."""
        if refusal.reason is Reason.BAD_ENROLMENT and self._credential is not None and self._token is not None:
            self._credential = None

    def _on_broker_message(self, message: Message) -> None:
        if isinstance(message, StartSuccessor):
            if self._on_successor is not None:
                self._on_successor(message.token)
            return
        now = time.monotonic()
        self._traces.take_command(message, now)
        try:
            self._apply(self._sessions.handle_broker(message, now))
        except Exception:
            log.exception("broker_message_failed", type=message.TYPE)

    def _heartbeat(self) -> Heartbeat:
        running = self._sessions.running()
        figures = self._figures.report([each.session_id for each in running])
        told, self._archives = self._archives, self._cache.held()
        changed = None if self._archives == told else self._archives
        checks = self._sessions.checks.running()
        return Heartbeat(running, self._load.percent(), used_memory_bytes(), figures, changed, checks)

    # --- effects ---

    def _apply(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case ToBroker(message):
                    self._traces.note_news(message, time.monotonic())
                    self._link.send(message)
                case ToWorker(session_id, message):
                    self._workers.send(session_id, message)
                case Launch(start):
                    self._workers.launch(start)
                case FetchTitle():
                    fetch = asyncio.create_task(self._fetch(effect))
                    self._fetches.add(fetch)
                    fetch.add_done_callback(self._fetches.discard)
                case RunCheck():
                    self._check_runs.start(effect)
                case StopCheck(check_id):
                    self._check_runs.stop(check_id)
                case EndWorker(session_id, message):
                    self._workers.stop(session_id, message)
                case KillWorker(session_id, detail):
                    log.warning("session_killed", session_id=session_id, detail=detail)
                    self._workers.kill(session_id)
        self._arm()

    def _arm(self) -> None:
        self._moved.set()
        if self._timer is not None:
            self._timer.cancel()
        due = self._sessions.next_timeout()
        loop = asyncio.get_running_loop()
        self._timer = None if due is None else loop.call_later(max(0.0, due - time.monotonic()), self._timed_out)

    def _timed_out(self) -> None:
        self._apply(self._sessions.handle_timeout(time.monotonic()))

    # --- published titles ---

    async def _fetch(self, effect: FetchTitle) -> None:
        session_id, epoch, known = effect.session_id, effect.epoch, self._credential
        try:
            if known is None:
                raise WireError(Reason.BAD_ENROLMENT, "this node has no key")
            title = await self._cache.get(
                effect.release, broker_url=self._config.broker_url.rstrip("/"), node_id=known.node_id,
                node_key=known.node_key, keep=self._folders_in_use,
            )  # fmt: skip
        except WireError as error:
            log.warning("title_not_fetched", session_id=session_id, reason=error.reason, detail=error.detail)
            self._apply(self._sessions.handle_title_not_fetched(session_id, epoch, error.reason, error.detail))
        except Exception as error:
            log.exception("title_not_fetched", session_id=session_id)
            detail = f"{type(error).__name__}: {error}"[:DETAIL_MAX_CHARS]
            self._apply(self._sessions.handle_title_not_fetched(session_id, epoch, Reason.INTERNAL, detail))
        else:
            self._traces.end_step(session_id, NodeStep.FETCH_TITLE, time.monotonic())
            self._apply(self._sessions.handle_title_fetched(session_id, epoch, title, time.monotonic()))

    def _folders_in_use(self) -> set[str]:
        return self._sessions.folders_in_use() | self._check_runs.folders_in_use()

    # --- what workers say ---

    def _on_worker_message(self, session_id: str, message: Message) -> None:
        if isinstance(message, WorkerStats):
            self._figures.take(session_id, message, time.monotonic())
            return
        if isinstance(message, WorkerStep):
            self._traces.take_step(session_id, message, time.monotonic())
            return
        self._apply(self._sessions.handle_worker(session_id, message))
        if isinstance(message, WorkerState) and message.reason is not None and self._on_title_ended is not None:
            self._on_title_ended(message.reason, message.detail)

    def _on_worker_violation(self, session_id: str, detail: str) -> None:
        self._apply(self._sessions.handle_violation(session_id, detail))

    def _on_worker_gone(self, session_id: str, detail: str) -> None:
        self._apply(self._sessions.handle_worker_gone(session_id, detail))


async def run_agent(
    config: NodeConfig,
    on_ready: Callable[[str], None] | None = None,
    on_title_ended: TitleEnded | None = None,
    on_successor: SuccessorWanted | None = None,
    retire: asyncio.Event | None = None,
    on_span: SpanSink | None = None,
) -> None:
    """Run one node until cancelled or retired; then nothing of it is left.

    Args:
        config: What the node is.
        on_ready: Called once with the node's id when a broker has accepted it.
        on_title_ended: Called for each session that ends, whatever the reason.
        on_successor: Called when the broker wants another node started beside this one.
        retire: Set from outside when another node has come in the place of this one: it ends when nothing runs.
        on_span: Takes spans of the starts of sessions that the broker has traced; None traces nothing.

    Raises:
        WireError: ``internal`` if no worker can be made here.
    """
    os.umask(0o077)
    raise_descriptor_limit()
    config.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    pool = WorkerPool(config)
    leftovers = SessionLeftovers(config.data_dir / "run")
    check: CheckResponder | None = None
    try:
        await asyncio.to_thread(leftovers.remove_of_the_dead)
        measured, sandbox, *_ = await asyncio.gather(
            measure_capacity(config.data_dir), asyncio.to_thread(probe_sandbox, config.sandbox), pool.warm_up(),
            tell_ice_reach(config.ice),
        )  # fmt: skip
        chosen = choose(measured, preset=config.x264_preset, slots=config.slots)
        log.info("node_measured", encoders=measured.h264_encoders, encode_ms=dict(measured.encode_ms),
                 slots=chosen.slots, preset=chosen.x264_preset, sandbox=sandbox.spec.profile)  # fmt: skip
        sandbox.warn()
        check = CheckResponder.open(config.ice, chosen.slots)
        findings = NodeFindings(measured, chosen, sandbox.spec, find_gpus(), sys.version_info.minor)
        agent = Agent(
            config,
            findings,
            pool,
            check,
            on_title_ended,
            leftovers,
            on_successor,
            retire or asyncio.Event(),
            on_span,
        )
        await agent.run(on_ready)
    finally:
        if check is not None:
            check.close()
        pool.close()
