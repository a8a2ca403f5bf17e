"""The socket that a node's agent dials out: credential in the hello, then commands down and states up."""

from __future__ import annotations

import asyncio
import contextlib

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.websockets import WebSocket

from session_broker.core.effects import LinkKey
from session_broker.core.nodes import clean_text
from session_broker.core.rate_limit import TokenBucket
from session_broker.io.accounts import Enrolled
from session_broker.io.broker import Broker
from session_broker.io.clock import monotonic_s
from session_broker.io.conversation import Conversation
from session_broker.io.outbox import NODE_WAITING_MAX, Outbox
from session_broker.io.runner import MovedOn, StoreUnavailable
from wire.errors import Reason, WireError
from wire.ids import NodeId
from wire.limits import NODE_MESSAGE_MAX_BYTES
from wire.node_control import FROM_NODE, NodeHello, NodeRefusal
from wire.schema import Message
from wire.version import negotiate

GREETING_NODES_MAX = 64
"""Node sockets that may be open without having proved themselves."""

_RATE_PER_S = 200.0
_BURST = 1000.0
_log = structlog.get_logger()


async def serve_node(broker: Broker, websocket: WebSocket) -> None:
    """Serve a node until it goes."""
    await websocket.accept()
    link = LinkKey(broker.runner.new_key())
    outbox = Outbox(NODE_WAITING_MAX, broker.metrics.slow_consumers.labels("node").inc)
    talk = Conversation(websocket, outbox, NodeRefusal, "node", broker.metrics, max_bytes=NODE_MESSAGE_MAX_BYTES)
    try:
        await talk.hold(lambda: _converse(broker, talk, link))
    finally:
        broker.runner.links.pop(link, None)
        node_id = broker.runner.coordinator.node_of_link(link)
        with contextlib.suppress(StoreUnavailable, MovedOn):  # The writes follow when the database answers.
            await broker.runner.run(lambda now: broker.runner.coordinator.node_gone(link, now))
        if node_id is not None:
            await _retire_succeeded(broker, node_id)


async def _retire_succeeded(broker: Broker, node_id: NodeId) -> None:
    """Forget a node for good if it has gone because another has come in its place."""
    coordinator = broker.runner.coordinator
    try:
        if await broker.upgrades.retire(node_id):
            await broker.runner.run(lambda _now: coordinator.let_go_node(node_id))
            _log.info("node_retired", node_id=node_id)
    except (SQLAlchemyError, OSError, StoreUnavailable, MovedOn) as error:
        _log.warning("node_not_retired", node_id=node_id, error=type(error).__name__)


async def _converse(broker: Broker, talk: Conversation, link: LinkKey) -> None:
    coordinator = broker.runner.coordinator
    try:
        hello, protocol, enrolled = await _greet(broker, talk)
        beside = await broker.upgrades.beside(enrolled.node_id)
        if beside is not None and beside == enrolled.succeeds:
            # First, lest it end with a session that was just placed there. One of a pool is drained already.
            await broker.replicas.drain(beside, enrolled.drain_ms)
        await broker.replicas.bring_home(enrolled.node_id)
        broker.runner.links[link] = talk.outbox
        await broker.runner.run(
            lambda now: coordinator.node_joined(
                link, enrolled.node_id, hello, protocol=protocol, key=enrolled.new_key, now=now, beside=beside
            )
        )
    except WireError as error:
        talk.refuse(error, close=True)
        return
    _log.info("node_joined", node_id=enrolled.node_id, slots=hello.capacity.slots)
    bucket = TokenBucket(_RATE_PER_S, _BURST, monotonic_s())

    async def admit() -> None:
        # A node's states must not be dropped: a flood is slowed down until TCP holds it back.
        delay_s = bucket.borrow(monotonic_s())
        if delay_s:
            await asyncio.sleep(delay_s)

    async def handle(message: Message) -> None:
        await broker.runner.run(lambda now: coordinator.node_said(link, message, now))

    await talk.listen(FROM_NODE, admit, handle)


async def _greet(broker: Broker, talk: Conversation) -> tuple[NodeHello, int, Enrolled]:
    if broker.greeting_nodes >= GREETING_NODES_MAX:
        raise WireError(Reason.TOO_MANY, "too many nodes are saying hello at once")
    broker.greeting_nodes += 1
    try:
        hello = await talk.first(FROM_NODE, broker.config.hello_timeout_s)
    finally:
        broker.greeting_nodes -= 1
    if not isinstance(hello, NodeHello):
        raise WireError(Reason.BAD_STATE, "the first message must be hello")
    protocol = negotiate(hello.protocol)
    return hello, protocol, await _prove(broker, hello)


async def _prove(broker: Broker, hello: NodeHello) -> Enrolled:
    token = hello.enrolment_token
    if hello.node_id is not None and hello.node_key is not None:
        try:
            return await broker.accounts.check_node(clean_text(hello.node_id), hello.node_key)
        except WireError:
            # A node that outlived its broker's database enrols anew, if it may.
            if token is None:
                raise
    if token is None:
        raise WireError(Reason.BAD_ENROLMENT, "a node needs an enrolment token or its own key")
    return await broker.accounts.enrol_node(token, clean_text(hello.name))
