"""Sign-in links and browser sessions: who may redeem a link, and for how long a browser stays signed in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from wire.errors import Reason, WireError
from wire.ids import PlayerId, SessionId, TenantId

LINK_TTL_MS = 15 * 60 * 1000
"""A sign-in link holds for 15 minutes."""

DEVICE_LINK_TTL_MS = 5 * 60 * 1000
"""A link that a signed-in player makes for another device holds for 5 minutes."""

DEVICE_LINKS_MAX = 20
"""Links for other devices that a player may have open at once."""

SEEN_EVERY_MS = 60 * 1000
"""How exactly it is known when a device was last seen."""

BROWSER_SESSION_TTL_MS = 30 * 24 * 3600 * 1000
"""A browser stays signed in for 30 days."""


GUEST_SESSION_TTL_MS = 2 * 24 * 3600 * 1000
"""A guest's browser stays signed in for two days, longer than the invitation holds."""


class PlayerRole(StrEnum):
    """What a player may do beside playing."""

    GUEST = "guest"
    """Came by an invitation link and takes part in that one session; no more."""
    PLAYER = "player"
    DEVELOPER = "developer"
    OPERATOR = "operator"
    OWNER = "owner"


OPERATORS = frozenset({PlayerRole.OPERATOR, PlayerRole.OWNER})
"""Roles that may do what an operator may."""

DEVELOPERS = OPERATORS | {PlayerRole.DEVELOPER}
"""Roles that may publish titles."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request."""

    player_id: PlayerId
    tenant_id: TenantId
    roles: tuple[str, ...]
    name: str | None = None
    """Display name, if the account has one."""
    guest_of: SessionId | None = None
    """The only session of a guest."""
    device_id: str = ""
    """The signed-in browser that asked; empty for one that is not asking by a browser."""

    @property
    def is_operator(self) -> bool:
        """Whether the caller may operate the place."""
        return not OPERATORS.isdisjoint(self.roles)

    @property
    def is_developer(self) -> bool:
        """Whether the caller may publish titles."""
        return not DEVELOPERS.isdisjoint(self.roles)

    @property
    def is_guest(self) -> bool:
        """Whether the caller has no account but takes part in one session."""
        return PlayerRole.GUEST in self.roles


@dataclass(frozen=True, slots=True)
class SignInLink:
    """A link as it lies in the store; times in milliseconds since 1970."""

    player_id: PlayerId
    tenant_id: TenantId
    expires_at_ms: int
    used_at_ms: int | None


def check_link(link: SignInLink | None, now_ms: int) -> SignInLink:
    """Return the link if it may be redeemed now.

    Raises:
        WireError: ``link_used``, or ``link_expired`` (also for one that nobody minted, which looks the same).
    """
    if link is None:
        raise WireError(Reason.LINK_EXPIRED, "this sign-in link is not known; ask for a new one")
    if link.used_at_ms is not None:
        raise WireError(Reason.LINK_USED, "this sign-in link was used already; ask for a new one")
    if now_ms >= link.expires_at_ms:
        raise WireError(Reason.LINK_EXPIRED, "this sign-in link has expired; ask for a new one")
    return link
