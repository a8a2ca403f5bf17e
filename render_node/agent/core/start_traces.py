"""A node's part of the traces of starting sessions: its own steps, and those that its workers tell.

Sans-IO. Workers hold no exporter; what they tell is bounded by what the agent saw itself, since they run untrusted
titles.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from wire.errors import Reason
from wire.node_control import PlacementNews, StartSession
from wire.schema import Message
from wire.tracing import (
    AttributeValue,
    Service,
    Span,
    SpanSink,
    TraceParent,
    new_span_id,
    parse_traceparent,
    span_under,
)
from wire.worker_control import PlacementState, StartStep, WorkerStep

TRACES_MAX = 512
"""Starts that are followed at once; of more, the oldest are no longer."""


class NodeStep(StrEnum):
    """A part of a session's start that the agent does."""

    FETCH_TITLE = "node.fetch_title"
    """A published title's files are looked up, and fetched if they are not there."""
    TAKE_WORKER = "node.take_worker"
    """A worker is taken, forked first if none is warm, once no other session holds the save folder."""


@dataclass(slots=True)
class _Start:
    parent: TraceParent
    own: TraceParent
    begun_s: float
    about: dict[str, AttributeValue]
    step_s: float
    """When the agent's step that is under way began: as the one before was done."""
    told: set[StartStep] = field(default_factory=set)
    over: bool = False
    """Whether the span of the start itself was recorded."""


class StartTraces:
    """Follows a session from the broker's command until its worker has sent a first frame, or it ends."""

    def __init__(self, on_span: SpanSink | None, node_name: str, entropy: Callable[[int], bytes]) -> None:
        self._on_span = on_span
        self._node_name = node_name
        self._entropy = entropy
        self._starts: OrderedDict[str, _Start] = OrderedDict()

    def take_command(self, ask: Message, now: float) -> None:
        """Follow the start of a session that the broker asks for, unless it is not traced or followed already."""
        if not isinstance(ask, StartSession):
            return
        parent = parse_traceparent(ask.traceparent)
        if self._on_span is None or parent is None or ask.session_id in self._starts:
            return
        about: dict[str, AttributeValue] = {
            "farplay.session.id": ask.session_id, "farplay.session.epoch": ask.epoch,
            "farplay.title.id": ask.title_id, "farplay.title.version": ask.title_version,
            "farplay.node.name": self._node_name,
        }  # fmt: skip
        own = TraceParent(parent.trace_id, new_span_id(self._entropy))
        self._starts[ask.session_id] = _Start(parent, own, now, about, now)
        while len(self._starts) > TRACES_MAX:
            self._starts.popitem(last=False)

    def follows(self, session_id: str) -> bool:
        """Tell whether a session's start is traced."""
        return session_id in self._starts

    def end_step(self, session_id: str, step: NodeStep, now: float) -> None:
        """A step of the agent's is done, and the next one begins."""
        if (start := self._starts.get(session_id)) is not None:
            self._emit(start, start.own, Service.NODE, step, start.step_s, now)
            start.step_s = now

    def take_step(self, session_id: str, said: WorkerStep, now: float) -> None:
        """A worker is done with a step; with its first frame the start is over."""
        start = self._starts.get(session_id)
        if start is None or said.step in start.told:
            return
        start.told.add(said.step)
        start_s, end_s = (min(max(us / 1e6, start.begun_s), now) for us in (said.start_us, said.end_us))
        first_frame = said.step is StartStep.ENCODE_FIRST_FRAME
        # Frames are encoded for a page, which comes when the start on the node is over.
        parent = start.parent if first_frame else start.own
        self._emit(start, parent, Service.WORKER, f"worker.{said.step}", start_s, end_s)
        if first_frame:
            del self._starts[session_id]

    def note_news(self, message: Message, now: float) -> None:
        """The broker is told of a session: it serves, so that only a first frame is still to come, or it is over."""
        start = self._starts.get(message.session_id) if isinstance(message, PlacementNews) else None
        if start is None or not isinstance(message, PlacementNews) or message.state is PlacementState.PREPARING:
            return
        if message.state is PlacementState.RELEASED:
            del self._starts[message.session_id]
        if not start.over:
            start.over = True
            self._finish(start, now, message.reason)

    def _finish(self, start: _Start, now: float, failure: Reason | None) -> None:
        name, parent_id = "node.start_session", start.parent.span_id
        self._record(Span(Service.NODE, name, start.own, parent_id, start.begun_s, now, start.about, failure))

    def _emit(
        self, start: _Start, parent: TraceParent, service: Service, name: str, start_s: float, end_s: float
    ) -> None:
        self._record(span_under(parent, self._entropy, service, name, start_s, end_s, start.about))

    def _record(self, span: Span) -> None:
        if self._on_span is not None:
            self._on_span(span)
