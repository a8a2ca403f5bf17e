"""The one place that reaches into aiortc: every name is checked at start, every replacement is made here.

aiortc keeps SDP, DTLS, SRTP and SCTP. Replaced are its RTP sender, its ICE connection, and what happens with RTCP and
data after decryption. Connections that others make in this process keep aiortc's own parts: a context variable tells
our factories whose connection is being built.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import aiortc.rtcdtlstransport as dtls_module
import aiortc.rtcicetransport as ice_module
import aiortc.rtcpeerconnection as peer_module
import aiortc.rtcsctptransport as sctp_module
from aiortc import RTCConfiguration, RTCPeerConnection
from aiortc.rtcconfiguration import RTCBundlePolicy
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcsctptransport import RTCSctpTransport

from render_node.session.io.ice_transport import IceConnection
from wire.errors import Reason, WireError

SCTP_RTO_MIN_S = 0.1
"""aiortc waits at least 1 s before it repeats a lost last message."""

SCTP_RTO_INITIAL_S = 0.5


class HookMismatch(WireError):
    """The installed aiortc is not the one that the hooks were written for."""

    def __init__(self, detail: str) -> None:
        super().__init__(Reason.INTERNAL, f"aiortc does not fit: {detail}")


@dataclass(frozen=True, slots=True)
class Parts:
    """What a connection under construction uses in place of aiortc's parts."""

    make_sender: Callable[[Any, RTCDtlsTransport], Any]
    """Called with track or kind, and transport."""
    make_connection: Callable[[str | None, str | None], IceConnection]
    """Called with local user name and password, None for new ones."""


_parts: ContextVar[Parts | None] = ContextVar("aiortc_parts", default=None)
_stock_sender: Any = vars(peer_module)["RTCRtpSender"]
_stock_connection: Any = vars(ice_module)["Connection"]


def _sender(track_or_kind: Any, transport: RTCDtlsTransport) -> Any:
    parts = _parts.get()
    return parts.make_sender(track_or_kind, transport) if parts else _stock_sender(track_or_kind, transport)


def _connection(**options: Any) -> Any:
    parts = _parts.get()
    if parts is None:
        return _stock_connection(**options)
    return parts.make_connection(options.get("local_username"), options.get("local_password"))


_CALLABLES: tuple[tuple[Any, str, tuple[str, ...]], ...] = (
    (peer_module, "RTCRtpSender", ("trackOrKind", "transport")),
    (_stock_sender, "send", ("self", "parameters")),
    (_stock_sender, "stop", ("self",)),
    (_stock_sender, "_handle_rtcp_packet", ("self", "packet")),
    (ice_module.RTCIceGatherer, "gather", ("self",)),
    (dtls_module.RTCDtlsTransport, "_handle_rtcp_data", ("self", "data")),
    (dtls_module.RTCDtlsTransport, "_handle_rtp_data", ("self", "data", "arrival_time_ms")),
    (sctp_module.RTCSctpTransport, "_handle_data", ("self", "data")),
)
"""Owner, name and parameters of what is called or overridden."""

_VALUES: tuple[tuple[Any, str], ...] = (
    (sctp_module, "SCTP_RTO_MIN"),
    (sctp_module, "SCTP_RTO_INITIAL"),
    (dtls_module.State, "CONNECTED"),
    (dtls_module.State, "FAILED"),
)

_CONNECTION_OPTIONS = {"ice_controlling", "local_username", "local_password", "transport_policy"}


def check() -> None:
    """Check that every hooked name exists with the parameters that it had.

    Raises:
        HookMismatch: names what differs.
    """
    for owner, name, expected in _CALLABLES:
        target = getattr(owner, name, None)
        if target is _sender:
            continue
        if target is None:
            raise HookMismatch(f"{owner.__name__}.{name} is gone")
        found = tuple(inspect.signature(target).parameters)
        if found != expected:
            raise HookMismatch(f"{owner.__name__}.{name} takes {found}, not {expected}")
    for owner, name in _VALUES:
        if not hasattr(owner, name):
            raise HookMismatch(f"{owner.__name__}.{name} is gone")
    missing = _CONNECTION_OPTIONS - set(inspect.signature(_stock_connection).parameters)
    if missing:
        raise HookMismatch(f"aioice.Connection does not take {sorted(missing)}")


def install() -> None:
    """Check and put the hooks in place; may be called again.

    Raises:
        HookMismatch: nothing was changed.
    """
    check()
    vars(peer_module)["RTCRtpSender"] = _sender
    vars(ice_module)["Connection"] = _connection
    vars(sctp_module)["SCTP_RTO_MIN"] = SCTP_RTO_MIN_S
    vars(sctp_module)["SCTP_RTO_INITIAL"] = SCTP_RTO_INITIAL_S


@contextmanager
def our_parts(parts: Parts) -> Iterator[None]:
    """Let connections built inside the block use our parts."""
    token = _parts.set(parts)
    try:
        yield
    finally:
        _parts.reset(token)


def new_connection() -> RTCPeerConnection:
    """Return a connection with a single transport and no STUN servers."""
    return RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))


def mark_bundled(pc: RTCPeerConnection) -> None:
    """Say that all parts share one transport already.

    aiortc counts the first part as not bundled; a remote offer that lists another one first would make it stop the
    transport that they share.
    """
    for transceiver in pc.getTransceivers():
        transceiver._bundled = True
    if pc.sctp is not None:
        pc.sctp._bundled = True


def take_over_rtcp(transport: RTCDtlsTransport, on_rtcp: Callable[[bytes], None]) -> None:
    """Send decrypted RTCP to ``on_rtcp``, which must not raise, and drop RTP: nobody sends us media."""

    async def handle_rtcp(data: bytes) -> None:
        on_rtcp(data)

    async def drop_rtp(data: bytes, arrival_time_ms: int) -> None:
        return

    vars(transport)["_handle_rtcp_data"] = handle_rtcp
    vars(transport)["_handle_rtp_data"] = drop_rtp


def guard_data(transport: RTCSctpTransport, on_data: Callable[[], None], on_fault: Callable[[], None]) -> None:
    """Call ``on_data`` at each decrypted data packet, and ``on_fault`` where aiortc's SCTP would end the session.

    aiortc checks some peer-controlled fields with assertions, whose failure closes the whole connection.
    """
    handle = transport._handle_data

    async def guarded(data: bytes) -> None:
        on_data()
        try:
            await handle(data)
        except ConnectionError:
            raise
        except Exception:
            on_fault()

    vars(transport)["_handle_data"] = guarded


def is_secured(transport: RTCDtlsTransport) -> bool:
    """Tell whether DTLS is up and its peer's fingerprint was right."""
    return transport._state is dtls_module.State.CONNECTED


def is_fingerprint_refused(transport: RTCDtlsTransport) -> bool:
    """Tell whether DTLS ended because the certificate was not the one in the answer."""
    return transport._state is dtls_module.State.FAILED and transport.encrypted


def srtp_protect(transport: RTCDtlsTransport) -> tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]:
    """Return the functions that protect RTP and RTCP packets of a secured transport.

    Raises:
        HookMismatch: aiortc keeps its SRTP session elsewhere.
    """
    session = getattr(transport, "_tx_srtp", None)
    if session is None:
        raise HookMismatch("RTCDtlsTransport._tx_srtp is gone")
    return session.protect, session.protect_rtcp


def ice_connection(transport: RTCDtlsTransport) -> IceConnection:
    """Return our ICE connection under a DTLS transport."""
    connection = transport.transport._connection
    if not isinstance(connection, IceConnection):
        raise HookMismatch("the ICE connection is not ours")
    return connection
