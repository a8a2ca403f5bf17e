"""The installed aiortc fits, another one is refused, and other connections keep aiortc's own parts."""

from __future__ import annotations

import aiortc.rtcdtlstransport as dtls_module
import aiortc.rtcpeerconnection as peer_module
import aiortc.rtcsctptransport as sctp_module
import pytest
from aiortc import RTCPeerConnection, RTCRtpSender

from render_node.session.io import aiortc_hooks
from render_node.session.io.aiortc_hooks import HookMismatch
from wire.errors import Reason


def test_this_aiortc_fits_and_installing_twice_is_harmless() -> None:
    aiortc_hooks.install()
    aiortc_hooks.install()
    assert sctp_module.SCTP_RTO_MIN == aiortc_hooks.SCTP_RTO_MIN_S


def test_a_renamed_method_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(dtls_module.RTCDtlsTransport, "_handle_rtcp_data")
    with pytest.raises(HookMismatch, match="_handle_rtcp_data") as refused:
        aiortc_hooks.check()
    assert refused.value.reason is Reason.INTERNAL


def test_another_signature_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RTCRtpSender, "send", lambda self, parameters, more: None)
    with pytest.raises(HookMismatch, match="send takes"):
        aiortc_hooks.check()


def test_a_missing_constant_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(sctp_module, "SCTP_RTO_MIN")
    with pytest.raises(HookMismatch, match="SCTP_RTO_MIN"):
        aiortc_hooks.check()


async def test_other_connections_keep_the_stock_parts() -> None:
    aiortc_hooks.install()
    pc = RTCPeerConnection()
    sender = pc.addTransceiver("video").sender
    assert type(sender) is RTCRtpSender
    assert peer_module.__dict__["RTCRtpSender"] is not RTCRtpSender
    await pc.close()
