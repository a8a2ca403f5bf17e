"""What may run where: the walls that each level of trust needs, a pure table.

A title that ships with Farplay runs with what there is, and what is missing is said; one that the operator named or
approved needs the walls that keep an honest mistake in; an untrusted one needs those that keep an attacker in.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from wire.sandbox import Profile, Trust, Wall

_NAMESPACES = frozenset({Wall.MOUNTS, Wall.NETWORK, Wall.PIDS, Wall.IPC, Wall.CAPABILITIES})

EXPECTED: Mapping[Profile, frozenset[Wall]] = {
    Profile.USERNS: frozenset(Wall) - {Wall.OWN_USER},
    Profile.POD: frozenset(Wall) - _NAMESPACES | {Wall.CAPABILITIES},
}
"""All walls that a profile can have; Bubblewrap's user namespace stands for a user of its own."""

NEEDED: Mapping[Profile, Mapping[Trust, frozenset[Wall]]] = {
    Profile.USERNS: {
        Trust.BUNDLED: frozenset(),
        Trust.APPROVED: _NAMESPACES | {Wall.LIMITS, Wall.DESCRIPTORS},
        Trust.UNTRUSTED: _NAMESPACES | {Wall.LIMITS, Wall.DESCRIPTORS, Wall.SECCOMP, Wall.GROUP},
    },
    Profile.POD: {
        Trust.BUNDLED: frozenset(),
        Trust.APPROVED: frozenset(
            {Wall.CAPABILITIES, Wall.SECCOMP, Wall.LANDLOCK, Wall.LIMITS, Wall.DESCRIPTORS},
        ),
        Trust.UNTRUSTED: frozenset(
            {Wall.CAPABILITIES, Wall.SECCOMP, Wall.LANDLOCK, Wall.SCOPES, Wall.LIMITS, Wall.DESCRIPTORS, Wall.GROUP},
        ),
    },
}


def missing(profile: Profile, held: Collection[Wall]) -> tuple[Wall, ...]:
    """Return the walls that a profile can have and this machine has not."""
    return _in_order(EXPECTED[profile] - frozenset(held))


def lacks(trust: Trust, profile: Profile, held: Collection[Wall]) -> tuple[Wall, ...]:
    """Return the walls for want of which a title of this trust must not run; none if it may."""
    return _in_order(NEEDED[profile][trust] - frozenset(held))


def _in_order(walls: frozenset[Wall]) -> tuple[Wall, ...]:
    return tuple(wall for wall in Wall if wall in walls)
