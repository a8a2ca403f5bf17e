"""``title.lock`` and ``runtime.lock``: what is read is what was written, and wheels tell where they run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.package_lock import BadLock, LockedDebian, LockedWheel, PackageLock, read_lock, write_lock

DIGEST = "a0" * 32
RAYS = LockedWheel("rays", "1.4.0", "rays-1.4.0-py3-none-any.whl", DIGEST)
LAMPS = LockedDebian("lamps", "1:1.0+b1", "amd64", DIGEST)
LOCK = PackageLock(
    ("rays>=1", 'six; python_version < "3"'), "x86_64", (RAYS,), DIGEST, DIGEST, ("lamps",), (LAMPS,)
)  # fmt: skip

names = st.from_regex(r"[a-z0-9]{1,9}(-[a-z0-9]{1,9})?", fullmatch=True)
wheels = st.builds(
    LockedWheel, names, st.just("1.0"), st.from_regex(r"[a-z_]{1,9}-1\.0-py3-none-any\.whl", fullmatch=True),
    st.binary(min_size=32, max_size=32).map(bytes.hex),
)  # fmt: skip
rows = st.lists(wheels, max_size=5, unique_by=lambda each: each.name).map(
    lambda found: tuple(sorted(found, key=lambda each: each.name))
)


printable = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)


debian = st.lists(
    st.builds(
        LockedDebian,
        st.from_regex(r"[a-z0-9][a-z0-9.+-]{1,9}", fullmatch=True),
        st.from_regex(r"[0-9][A-Za-z0-9.+~:-]{0,9}", fullmatch=True),
        st.sampled_from(["amd64", "all"]),
        st.just(DIGEST),
    ),
    max_size=5,
    unique_by=lambda each: each.name,
).map(lambda found: tuple(sorted(found, key=lambda each: each.name)))
texts = st.lists(printable).map(tuple)


@given(st.builds(PackageLock, texts, printable, rows, printable, st.sampled_from(["", DIGEST]), texts, debian))
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
        ('version = "1:1.0+b1"', 'version = "1 --allow"'),
        ('architecture = "amd64"', 'architecture = "../x"'),
        ('name = "lamps"', 'name = "-o"'),
        ('wanted = ["lamps"]', "wanted = 1"),
        (f'runtime = "{DIGEST}"', 'runtime = "../x"'),
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


@pytest.mark.parametrize(
    ("tags", "runs_on"),
    [
        ("py3-none-any", (11, 12, 13)),
        ("py312-none-any", (12, 13)),
        ("cp312-none-any", (12,)),
        ("cp312-cp312-manylinux_2_17_x86_64", (12,)),
        ("cp311.cp312-cp311.cp312-manylinux_2_17_x86_64", (11, 12)),
        ("cp312-abi3-manylinux_2_17_x86_64", (12, 13)),
        ("cp37.cp313-abi3.none-manylinux_2_17_x86_64", (11, 12, 13)),
        ("cp313-cp313t-manylinux_2_17_x86_64", ()),
        ("py2-none-any", ()),
    ],
)
def test_on_which_python_a_wheel_runs_is_told_by_its_tags(tags: str, runs_on: tuple[int, ...]) -> None:
    wheel = LockedWheel("x", "1", f"x-1-{tags}.whl", DIGEST)
    assert tuple(minor for minor in (11, 12, 13) if wheel.runs_on(minor)) == runs_on


def test_a_lock_tells_what_does_not_run_where() -> None:
    bound = LockedWheel("fast", "1", "fast-1-cp312-cp312-manylinux_2_17_x86_64.whl", DIGEST)
    plain, compiled = PackageLock((), "x86_64", (RAYS,)), PackageLock((), "x86_64", (bound, RAYS))
    assert [plain.python_fault(minor) for minor in (0, 11, 12)] == [None, None, None]
    assert compiled.python_fault(12) is None
    assert "runs on one version of Python only" in str(compiled.python_fault(0))
    assert compiled.python_fault(11) == "fast-1-cp312-cp312-manylinux_2_17_x86_64.whl does not run on Python 3.11"
    assert (plain.machine_fault("aarch64"), compiled.machine_fault("x86_64")) == (None, None)
    assert compiled.machine_fault("aarch64") == "it is compiled for x86_64, and this machine is aarch64"
    assert PackageLock((), "x86_64", (), debian=(LAMPS,)).machine_fault("aarch64")
