"""The session socket of a browser tab: hello, then control messages. Media and input never pass here."""

from __future__ import annotations

import contextlib

from starlette.websockets import WebSocket

from session_broker.core.bus_messages import DeviceSignedOut
from session_broker.core.effects import CLOSE_TRY_AGAIN, TabKey
from session_broker.core.rate_limit import TokenBucket
from session_broker.core.sign_in import Caller
from session_broker.io.broker import Broker
from session_broker.io.clock import monotonic_s
from session_broker.io.conversation import Conversation
from session_broker.io.edge_tab import EdgeTab
from session_broker.io.outbox import TAB_WAITING_MAX, Outbox
from session_broker.io.rights import caller_of
from session_broker.io.runner import MovedOn, StoreUnavailable
from wire.errors import Reason, WireError
from wire.limits import CONTROL_RATE_PER_S
from wire.schema import Message
from wire.session_control import FROM_TAB, Leave, Refusal, Role, TabHello
from wire.version import negotiate


async def serve_tab(broker: Broker, websocket: WebSocket, session_id: str, caller: Caller, role: Role) -> None:
    """Serve a tab whose right to the session was checked, until it or the session goes."""
    await websocket.accept()
    key = TabKey(broker.runner.new_key())
    outbox = Outbox(TAB_WAITING_MAX, broker.metrics.slow_consumers.labels("tab").inc)
    talk = Conversation(websocket, outbox, Refusal, "tab", broker.metrics)
    broker.runner.tabs[key] = outbox
    device_id = caller_of(websocket).device_id
    broker.tabs_by_device.setdefault(device_id, set()).add(key)
    try:
        await talk.hold(lambda: _converse(broker, talk, key, session_id, caller, role))
    finally:
        broker.runner.tabs.pop(key, None)
        _forget(broker, device_id, key)
        with contextlib.suppress(StoreUnavailable, MovedOn):  # The writes follow when the database answers.
            await broker.edge.gone(key)


async def put_out(broker: Broker, device_id: str) -> None:
    """Close the tabs of a device that was signed out, and their peers, so that it neither sees nor plays any more."""
    await put_out_here(broker, device_id)
    await broker.replicas.tell_others(DeviceSignedOut(device_id))


async def put_out_here(broker: Broker, device_id: str) -> None:
    """Close those of them whose sockets are here."""
    for key in tuple(broker.tabs_by_device.get(device_id, ())):
        outbox = broker.runner.tabs.get(key)
        if outbox is not None:
            outbox.send(Refusal(Reason.NOT_SIGNED_IN, "this device was signed out"))
        await broker.edge.said(key, Leave())


def _forget(broker: Broker, device_id: str, key: TabKey) -> None:
    tabs = broker.tabs_by_device.get(device_id, set())
    tabs.discard(key)
    if not tabs:
        broker.tabs_by_device.pop(device_id, None)


async def _converse(
    broker: Broker, talk: Conversation, key: TabKey, session_id: str, caller: Caller, role: Role
) -> None:
    try:
        hello = await talk.first(FROM_TAB, broker.config.hello_timeout_s)
        if not isinstance(hello, TabHello):
            raise WireError(Reason.BAD_STATE, "the first message must be hello")
        protocol = negotiate(hello.protocol)
        await broker.edge.join(key, EdgeTab(session_id, caller, role, protocol, talk.outbox))
    except StoreUnavailable:
        # Done, and told once the database answers; this socket cannot wait for it.
        talk.outbox.close(CLOSE_TRY_AGAIN)
        return
    except WireError as error:
        talk.refuse(error, close=True)
        return
    bucket = TokenBucket(CONTROL_RATE_PER_S, 2 * CONTROL_RATE_PER_S, monotonic_s())

    async def admit() -> None:
        if not bucket.take(monotonic_s()):
            raise WireError(Reason.TOO_MANY, f"at most {CONTROL_RATE_PER_S} control messages a second")

    async def handle(message: Message) -> None:
        await broker.edge.said(key, message)

    await talk.listen(FROM_TAB, admit, handle)
