"""Single-use tickets for peers: the broker gives the worker a digest, the tab must bring what it was made from."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from wire.errors import Reason, WireError
from wire.limits import PEERS_MAX


@dataclass(frozen=True, slots=True)
class _Invitation:
    digest_hex: str
    expires_s: float


class TicketGate:
    """Holds the tickets of peers that were offered and not answered yet; at most one per peer."""

    def __init__(self) -> None:
        self._invitations: dict[str, _Invitation] = {}

    def invite(self, peer_id: str, digest_hex: str, ttl_s: float, now_s: float) -> None:
        """Remember the SHA-256 digest of a peer's ticket until ``now_s + ttl_s``.

        Raises:
            WireError: ``too_many`` if more peers wait than a session can have.
        """
        self._invitations = {peer: held for peer, held in self._invitations.items() if held.expires_s > now_s}
        if len(self._invitations) >= 2 * PEERS_MAX:
            raise WireError(Reason.TOO_MANY, "too many unanswered invitations")
        self._invitations[peer_id] = _Invitation(digest_hex, now_s + ttl_s)

    def redeem(self, peer_id: str, ticket: str, now_s: float) -> None:
        """Use up a peer's ticket; a wrong one uses it up as well.

        Raises:
            WireError: ``bad_ticket`` if it is unknown, used, expired or wrong.
        """
        invitation = self._invitations.pop(peer_id, None)
        if invitation is None or invitation.expires_s <= now_s:
            raise WireError(Reason.BAD_TICKET, "the ticket is unknown, used or expired")
        digest = hashlib.sha256(ticket.encode()).hexdigest()
        if not hmac.compare_digest(digest, invitation.digest_hex):
            raise WireError(Reason.BAD_TICKET, "the ticket is wrong")

    def withdraw(self, peer_id: str) -> None:
        """Forget a peer's ticket."""
        self._invitations.pop(peer_id, None)
