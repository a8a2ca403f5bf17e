import hashlib

import pytest

from render_node.session.core.ticket_gate import TicketGate
from wire.errors import Reason, WireError
from wire.limits import PEERS_MAX


def digest(ticket: str) -> str:
    return hashlib.sha256(ticket.encode()).hexdigest()


def test_a_ticket_admits_once() -> None:
    gate = TicketGate()
    gate.invite("peer", digest("t"), 30.0, now_s=0.0)
    gate.redeem("peer", "t", now_s=29.9)
    with pytest.raises(WireError) as caught:
        gate.redeem("peer", "t", now_s=29.9)
    assert caught.value.reason is Reason.BAD_TICKET


@pytest.mark.parametrize(("ticket", "now_s"), [("wrong", 1.0), ("t", 30.0), ("", 1.0)])
def test_wrong_or_late_tickets_are_refused_and_used_up(ticket: str, now_s: float) -> None:
    gate = TicketGate()
    gate.invite("peer", digest("t"), 30.0, now_s=0.0)
    with pytest.raises(WireError):
        gate.redeem("peer", ticket, now_s)
    with pytest.raises(WireError):
        gate.redeem("peer", "t", 1.0)


def test_a_withdrawn_ticket_is_unknown() -> None:
    gate = TicketGate()
    gate.invite("peer", digest("t"), 30.0, now_s=0.0)
    gate.withdraw("peer")
    with pytest.raises(WireError):
        gate.redeem("peer", "t", 1.0)


def test_unanswered_invitations_are_bounded_and_expire() -> None:
    gate = TicketGate()
    for number in range(2 * PEERS_MAX):
        gate.invite(f"peer{number}", digest("t"), 30.0, now_s=0.0)
    with pytest.raises(WireError) as caught:
        gate.invite("one too many", digest("t"), 30.0, now_s=1.0)
    assert caught.value.reason is Reason.TOO_MANY
    gate.invite("later", digest("t"), 30.0, now_s=31.0)
    gate.redeem("later", "t", now_s=32.0)
