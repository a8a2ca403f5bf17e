"""``title.lock``, and what pip says in words that a developer can act on."""

from __future__ import annotations

import pytest

from farplay.failures import CommandFailure, ExitStatus
from farplay.titles.wheels.given import given_by
from farplay.titles.wheels.pip_run import failure_of, platforms
from wire.package_lock import LockedWheel, PackageLock

DIGEST = "a0" * 32
RAYS = LockedWheel("rays", "1.4.0", "rays-1.4.0-py3-none-any.whl", DIGEST)
LOCK = PackageLock(("rays>=1", 'six; python_version < "3"'), "x86_64", (RAYS,), DIGEST)


def test_the_platforms_are_those_of_every_node_of_this_processor() -> None:
    tags = platforms("aarch64")
    assert tags[0] == "manylinux_2_28_aarch64"
    assert {"manylinux_2_17_aarch64", "manylinux2014_aarch64"} <= set(tags)
    assert all(tag.endswith("_aarch64") and "musl" not in tag for tag in tags)


MISSING = "ERROR: Could not find a version that satisfies the requirement zz (from versions: none)\n"
CAUSES = (
    "\nThe conflict is caused by:\n    The user requested numpy<2\n    The user requested (constraint) numpy==2.4\n\n"
    "Additional packages in these conflicts:\n    numpy 2.4\n\nTo fix this you could try to:\n1. loosen\n\n"
)


@pytest.mark.parametrize(
    ("said", "faults", "status", "words"),
    [
        ("", f"{MISSING}ERROR: No matching distribution found for zz\n", ExitStatus.BAD_TITLE, "no wheel of zz for"),
        (CAUSES, "ERROR: ResolutionImpossible: see\n", ExitStatus.BAD_TITLE, "(constraint) numpy==2.4"),
        (
            "",
            "WARNING: Retrying after connection broken by 'NewConnectionError(refused)'\n"
            f"{MISSING}ERROR: No matching distribution found for zz\n",
            ExitStatus.FAILED,
            "index does not answer",
        ),
        ("", "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM\n", ExitStatus.BAD_TITLE, "not the one"),
        ("", "WARNING: x\nERROR: No space left on device\n", ExitStatus.FAILED, "pip failed: No space left"),
        ("", "/usr/bin/python: No module named pip\n", ExitStatus.FAILED, "No module named pip"),
    ],
)
def test_what_pip_says_is_told_in_words(said: str, faults: str, status: ExitStatus, words: str) -> None:
    failure = failure_of(said, faults, 11)
    assert isinstance(failure, CommandFailure)
    assert (failure.status, words in failure.words) == (status, True), failure.words
    assert "loosen" not in failure.words


def test_what_a_kind_offers_is_known_by_the_names_of_its_distributions() -> None:
    pygame, sdk = given_by(["pygame"]), given_by(["sdk"])
    assert {"pygame-ce", "numpy"} <= pygame.versions.keys()
    assert "pygame-ce" not in sdk.versions
    assert given_by(["pygame", "sdk"]).versions == {**pygame.versions, **sdk.versions}
    held = [("pygame-2.6", "pygame"), ("pygame-2.6", "pygame.libs"), ("rays-1", "rays"), ("w-1", "wire.py")]
    assert pygame.clashes(held) == [("pygame-2.6", "pygame"), ("w-1", "wire")]
    assert sdk.clashes(held) == [("w-1", "wire")]
