"""Who may run behind which walls."""

from __future__ import annotations

import pytest

from render_node.agent.core.trust_levels import EXPECTED, NEEDED, lacks, missing
from wire.sandbox import Profile, Trust, Wall


@pytest.mark.parametrize("profile", Profile)
def test_the_table_is_whole_and_rises_with_distrust(profile: Profile) -> None:
    needed = NEEDED[profile]
    assert set(needed) == set(Trust)
    assert needed[Trust.BUNDLED] <= needed[Trust.APPROVED] <= needed[Trust.UNTRUSTED] <= EXPECTED[profile]
    assert needed[Trust.BUNDLED] == frozenset()


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("trust", Trust)
@pytest.mark.parametrize("wall", Wall)
def test_a_missing_wall_refuses_whom_it_is_needed_for(profile: Profile, trust: Trust, wall: Wall) -> None:
    held = EXPECTED[profile] - {wall}
    assert missing(profile, held) == ((wall,) if wall in EXPECTED[profile] else ())
    assert lacks(trust, profile, held) == ((wall,) if wall in NEEDED[profile][trust] else ())


def test_with_all_walls_everything_runs_and_with_none_only_what_is_bundled() -> None:
    for profile in Profile:
        assert not any(lacks(trust, profile, EXPECTED[profile]) for trust in Trust)
        assert [trust for trust in Trust if not lacks(trust, profile, ())] == [Trust.BUNDLED]


def test_what_keeps_an_attacker_in_is_needed_for_the_untrusted() -> None:
    """Files, network, other processes and memory each have at least one wall in either profile."""
    for files, network, others in (
        (Wall.MOUNTS, Wall.NETWORK, Wall.PIDS),
        (Wall.LANDLOCK, Wall.SECCOMP, Wall.SCOPES),
    ):
        profile = Profile.USERNS if files is Wall.MOUNTS else Profile.POD
        assert {files, network, others, Wall.GROUP, Wall.CAPABILITIES} <= NEEDED[profile][Trust.UNTRUSTED]
