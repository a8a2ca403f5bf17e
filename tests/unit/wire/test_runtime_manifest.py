"""``runtime.toml``, and what goes with a title that names a runtime."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.manifest_reader import ManifestError
from wire.runtime_manifest import RuntimeManifest, RuntimePin, parse_runtime, pin_fault
from wire.title_manifest import parse_manifest

GOOD = """runtime = 1
name = "lamps"
version = "1.2.0"
[debian]
packages = ["libsdl2-2.0-0", "freedoom"]
[python]
requires = ["shapely>=2"]
version = "3.12"
"""
PIN = RuntimePin("lamps", "1.2.0", "ab" * 32, 9)


def test_a_runtime_is_read_from_its_text() -> None:
    manifest = parse_runtime(GOOD)
    assert manifest == RuntimeManifest(
        "lamps", "1.2.0", ("libsdl2-2.0-0", "freedoom"), True, ("shapely>=2",), "3.12"
    )  # fmt: skip
    assert (manifest.python_minor, replace(manifest, python_version="").python_minor) == (12, 0)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("runtime = 1", "", "runtime is missing"),
        ("runtime = 1", "runtime = 2", "runtime must be 1"),
        ('"lamps"', '"../lamps"', "line 2: name must be a-z, 0-9"),
        ("1.2.0", "1.2", "version must be a semantic version"),
        ('"freedoom"', '"-o=Dir::Etc=x"', r"debian.packages\[1\] does not fit"),
        ("shapely>=2", "x @ file:///x.zip", r"python.requires\[0\] does not fit"),
        ('"3.12"', '"3.9"', "python.version must be a version such as 3.13"),
        ("[debian]", "[system]", "line 4: system is no field of runtime.toml"),
        ('packages = ["libsdl2-2.0-0", "freedoom"]', "dependencies = false", "means something only with debian.pack"),
        ('requires = ["shapely>=2"]', "", "python.version means something only with python.requires"),
        (GOOD[GOOD.index("[debian]") :], "", "name is of nothing"),
        ("[python]", "[python", "runtime.toml:\n  line 6: this is not TOML"),
    ],
)
def test_a_fault_is_named(old: str, new: str, fault: str) -> None:
    assert old in GOOD
    with pytest.raises(ManifestError, match=fault):
        parse_runtime(GOOD.replace(old, new))


@given(st.text())
def test_any_text_is_a_runtime_or_a_fault(text: str) -> None:
    with pytest.raises(ManifestError):
        parse_runtime(text)


def test_a_title_names_a_whole_runtime() -> None:
    title = 'manifest = 1\nid = "a"\nversion = "1.0.0"\nkind = "pygame"\nentry = "m.py"\nname = "A"\n'
    table = f'[runtime]\nname = "lamps"\nversion = "1.2.0"\nsha256 = "{"ab" * 32}"\nbytes = 9\n'
    assert parse_manifest(title + table).runtime == PIN
    assert parse_manifest(title).runtime == RuntimePin()
    assert parse_manifest(f'{title}{table}[python]\nversion = "3.12"\n').python_minor == 12
    for line in table.splitlines()[1:]:
        with pytest.raises(ManifestError, match=f"runtime.{line.split()[0]} is missing: `farplay runtime list`"):
            parse_manifest(title + table.replace(line, ""))


@pytest.mark.parametrize(
    ("pin", "python", "fault"),
    [
        (PIN, 12, None),
        (
            replace(PIN, version="1.3.0"),
            12,
            "runtime.sha256 is that of lamps 1.2.0, and title.toml names lamps 1.3.0",
        ),
        (replace(PIN, name="lights"), 12, "title.toml names lights 1.2.0"),
        (PIN, 13, 'the runtime lamps 1.2.0 is for Python 3.12: say so in title.toml, [python] version = "3.12"'),
        (PIN, 0, "is for Python 3.12"),
    ],
)
def test_a_title_goes_with_the_runtime_that_it_names(pin: RuntimePin, python: int, fault: str | None) -> None:
    found = pin_fault(pin, python, parse_runtime(GOOD))
    assert found is None if fault is None else fault in str(found)


def test_a_runtime_for_any_python_goes_with_titles_for_any() -> None:
    runtime = parse_runtime(GOOD.replace('version = "3.12"', ""))
    assert [pin_fault(PIN, python, runtime) for python in (0, 11, 13)] == [None, None, None]
