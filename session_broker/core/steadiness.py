"""When a replica may judge the leases of others: after a lease's time in which nothing kept anybody from renewing.

What silences everybody at once, an outage of the database or a machine that stood still, lets every lease lapse and
says nothing about who lives. Whoever is first to go on would bury the rest, which is about to renew.
"""

from __future__ import annotations

from enum import StrEnum


class Renewal(StrEnum):
    """What a replica found of its own lease when it renewed it."""

    HELD = "held"
    LAPSED = "lapsed"
    """It had run out, and nobody has taken the replica for dead yet."""
    BURIED = "buried"
    """It is not there any more: the others have this replica's work."""


class Steadiness:
    """For how long the replica's own lease has been renewed in time, look after look.

    Args:
        lease_s: Seconds that a lease holds.
    """

    def __init__(self, lease_s: float) -> None:
        self._lease_s = lease_s
        self._since: float | None = None

    def renewed(self, renewal: Renewal, now: float) -> None:
        """Take what a look found; ``now`` in monotonic seconds, from before it."""
        if self._since is None or renewal is not Renewal.HELD:
            self._since = now

    def interrupted(self) -> None:
        """A look failed: the database does not answer."""
        self._since = None

    def may_bury(self, now: float) -> bool:
        """Tell whether everybody who lives has had as long as a lease to renew theirs."""
        return self._since is not None and now - self._since >= self._lease_s
