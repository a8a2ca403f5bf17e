"""``title.lock``, and what pip says in words that a developer can act on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farplay.failures import CommandFailure, ExitStatus
from farplay.titles.wheels.given import given_by
from farplay.titles.wheels.pip_run import failure_of, platforms
from wire.package_lock import BadLock, LockedWheel, PackageLock, read_lock, write_lock

DIGEST = "a0" * 32
RAYS = LockedWheel("rays", "1.4.0", "rays-1.4.0-py3-none-any.whl", DIGEST)
LOCK = PackageLock(("rays>=1", 'six; python_version < "3"'), "x86_64", (RAYS,), DIGEST)

names = st.from_regex(r"[a-z0-9]{1,9}(-[a-z0-9]{1,9})?", fullmatch=True)
wheels = st.builds(
    LockedWheel, names, st.just("1.0"), st.from_regex(r"[a-z_]{1,9}-1\.0-py3-none-any\.whl", fullmatch=True),
    st.binary(min_size=32, max_size=32).map(bytes.hex),
)  # fmt: skip
rows = st.lists(wheels, max_size=5, unique_by=lambda each: each.name).map(
    lambda found: tuple(sorted(found, key=lambda each: each.name))
)


printable = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)


@given(st.builds(PackageLock, st.lists(printable).map(tuple), printable, rows, printable))
def test_a_lock_is_read_as_it_was_written(lock: PackageLock) -> None:
    assert read_lock(write_lock(lock)) == lock


@given(st.text())
def test_any_other_text_is_no_lock(text: str) -> None:
    with pytest.raises(BadLock):
        read_lock(text)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("lock = 1", "lock = 2"),
        ('machine = "x86_64"', ""),
        ('requires = ["', 'requires = [1, "'),
        (DIGEST, DIGEST.upper()),
        ('name = "rays"', 'name = "rays --index-url http://evil"'),
        ('version = "1.4.0"', 'version = "1.4.0\\nother"'),
        ("py3-none-any", "../../py3-none-any"),
        ("[[wheel]]", "[wheel]"),
        ("[[wheel]]", "[[wheel]]\nurl = 'http://evil'"),
        ("[[wheel]]", "other = 1\n[[wheel]]"),
    ],
)
def test_a_lock_that_was_changed_to_something_else_is_refused(old: str, new: str) -> None:
    text = write_lock(LOCK)
    assert old in text
    with pytest.raises(BadLock):
        read_lock(text.replace(old, new))


def test_a_wheel_stands_in_a_lock_once() -> None:
    with pytest.raises(BadLock, match="twice"):
        read_lock(write_lock(PackageLock((), "x86_64", (RAYS, RAYS))))


@pytest.mark.parametrize(
    ("tags", "compiled", "bound"),
    [
        ("py3-none-any", False, False),
        ("py2.py3-none-any", False, False),
        ("cp311-cp311-manylinux_2_17_x86_64", True, True),
        ("py3-none-manylinux_2_17_x86_64", True, False),
        ("py310-none-any", False, False),
        ("py313-none-any", False, True),
        ("cp312-none-any", False, True),
        ("cp311-none-manylinux_2_17_x86_64", True, True),
        ("cp38-abi3-manylinux_2_17_x86_64", True, False),
        ("cp39.cp312-abi3-manylinux2014_x86_64", True, False),
        ("cp312-abi3-manylinux_2_17_x86_64", True, True),
    ],
)
def test_where_a_wheel_runs_is_told_by_its_tags(tags: str, compiled: bool, bound: bool) -> None:
    wheel = LockedWheel("x", "1", f"x-1-{tags}.whl", DIGEST)
    assert (wheel.compiled, wheel.bound_to_python) == (compiled, bound)


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
