"""``title.toml``: what an author may write, and all that is wrong with what they wrote."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.errors import Reason, WireError
from wire.ids import is_title_id
from wire.manifest_reader import FAULTS_MAX, ManifestError, toml_fields
from wire.runtime_manifest import NO_RUNTIME
from wire.title_about import DEVICES, Control, TitleAbout
from wire.title_manifest import FORMAT, TitleManifest, bare_manifest, parse_manifest

GOOD = """
manifest = 1
id = "aliens"
version = "1.2.3"
kind = "pygame"
entry = "src/aliens.py"
arguments = ["--hard", ""]
[name]
en = "Aliens"
zh = "外星人"
[picture]
width = 640
height = 480
fps = 30
follow_display = false
[players]
max = 2
"""

ABOUT = """
summary = {en = "Shoot them", zh = "射击"}
description = "All of it."
artwork = "art/card.png"
licence = "CC0-1.0"
sound = true
devices = ["keyboard", "touch", "pad"]
[[controls]]
action = {en = "Move", zh = "移动"}
keyboard = "← →"
pad = {en = "Left stick", zh = "左摇杆"}
[touch]
mode = "pad"
controls = ["dpad", "a"]
[afk]
pause_s = 60
end_s = 120
[needs]
memory_mib = 64
cpu_percent = 50
gpu = true
gpu_memory_mib = 128
[rating]
age = 7
contains = ["violence"]
"""


def test_a_whole_manifest() -> None:
    assert parse_manifest(GOOD) == TitleManifest(
        "aliens",
        "1.2.3",
        "pygame",
        "src/aliens.py",
        {"en": "Aliens", "zh": "外星人"},
        ("--hard", ""),
        640,
        480,
        30,
        follow_display=False,
        players_max=2,
    )


def test_what_players_are_told() -> None:
    assert parse_manifest(GOOD.replace("[name]", f"{ABOUT}[name]")).about == TitleAbout(
        summary={"en": "Shoot them", "zh": "射击"},
        description={"en": "All of it."},
        artwork="art/card.png",
        licence="CC0-1.0",
        rating_age=7,
        rating_contains=("violence",),
        devices=("keyboard", "touch", "pad"),
        sound=True,
        controls=(
            Control(
                {"en": "Move", "zh": "移动"}, {"keyboard": {"en": "← →"}, "pad": {"en": "Left stick", "zh": "左摇杆"}}
            ),
        ),
        touch_mode="pad",
        touch_controls=("dpad", "a"),
        afk_pause_s=60,
        afk_end_s=120,
        memory_mib=64,
        cpu_percent=50,
        gpu=True,
        gpu_memory_mib=128,
    )


@pytest.mark.parametrize("start", ["DBUS", "SYSTEMD", "GLIBC", "GCONV", "OPENSSL"])
def test_no_variable_that_the_system_reads_is_the_titles(start: str) -> None:
    with pytest.raises(ManifestError, match=f"environment.{start}_X is no name that a title may set"):
        parse_manifest(f"{GOOD}[environment]\n{start}_X = '1'\n")
    assert parse_manifest(f"{GOOD}[environment]\n{start}X = '1'\n").environment == {f"{start}X": "1"}


def test_what_the_program_is_given() -> None:
    manifest = parse_manifest(
        f"{GOOD}[environment]\nLEVEL = '3'\n[python]\nrequires = ['numpy>=2']\n[session]\nmax_s = 3600"
    )
    assert manifest.environment == {"LEVEL": "3"}
    assert (manifest.runtime, manifest.python_requires) == (NO_RUNTIME, ("numpy>=2",))
    assert manifest.session_max_s == 3600


@pytest.mark.parametrize(
    "text", ["shapely", "Shape.ly[extra, other] >= 2, < 3", "x==1.*", "x~=1.4; python_version < '3.13'", "a1", "x!=1"]
)
def test_requirements_are_written_as_pip_takes_them(text: str) -> None:
    manifest = parse_manifest(f"{GOOD}[python]\nrequires = [{json.dumps(text)}]\nversion = '3.13'\n")
    assert (manifest.python_requires, manifest.python_minor) == ((text,), 13)
    assert parse_manifest(GOOD).python_minor == 0


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('summary = {en = "Shoot them", zh = "射击"}', 'summary = {zh = "射击"}', "summary must be text, or a table"),
        ('en = "Shoot them"', 'en = ""', "summary.en must be text"),
        ('zh = "射击"', 'Chinese = "射击"', "summary.Chinese is no language"),
        ('"art/card.png"', '"../card.png"', "artwork must be a path inside"),
        ('"art/card.png"', '"card.svg"', "artwork must end in .png or"),
        ('["keyboard", "touch", "pad"]', '"pad"', "devices must be a list of keyboard"),
        ('["keyboard", "touch", "pad"]', '["pad", "pad"]', "devices must be a list of"),
        ('["keyboard", "touch", "pad"]', "[[]]", "devices must be a list of"),
        ('action = {en = "Move", zh = "移动"}', "", r"controls\[0\].action is missing"),
        ('keyboard = "← →"', 'keyboards = "← →"', r"controls\[0\].keyboards is no field"),
        ('keyboard = "← →"', "keyboard = 1", r"controls\[0\].keyboard must be text"),
        ("[[controls]]", "[controls]", "controls must be at most 16 tables"),
        ('mode = "pad"', 'mode = "stick"', "touch.mode must be one of pointer, pad"),
        ('"dpad"', '"pedal"', "touch.controls must be a list of left_stick"),
        ("pause_s = 60", "pause_s = 1", "afk.pause_s must be a whole number from 10"),
        ("age = 7", "age = 8", "rating.age must be one of 0, 3"),
        ("age = 7", "age = true", "rating.age must be one of 0, 3"),
        ('["violence"]', '["fun"]', "rating.contains must be a list of violence"),
        ('licence = "CC0-1.0"', "licence = 0", "licence must be text"),
        ('mode = "pad"', 'mode = "pointer"', 'touch.controls means something only with touch.mode = "pad"'),
        ("gpu = true", "", "needs.gpu_memory_mib means something only with needs.gpu"),
        ('keyboard = "← →"', 'mouse = "Left"', r"controls\[0\].mouse is of a device that devices does not name"),
        ("gpu = true", "gpu = 1", "needs.gpu must be true or false"),
        ("gpu = true", "gpus = true", r"needs.gpus is no field of title.toml; did you mean needs.gpu\?"),
    ],
)
def test_a_fault_in_what_players_are_told_is_named(old: str, new: str, fault: str) -> None:
    assert old in ABOUT
    with pytest.raises(WireError, match=fault) as caught:
        parse_manifest(GOOD.replace("[name]", f"{ABOUT.replace(old, new)}[name]"))
    assert caught.value.reason is Reason.MALFORMED


def test_the_least_manifest() -> None:
    manifest = parse_manifest(
        'manifest = 1\nid = "a"\nversion = "0.0.1-rc.1"\nkind = "pygame"\nentry = "a.py"\nname = {en = "A"}'
    )
    assert (manifest.width_px, manifest.height_px, manifest.fps, manifest.players_max) == (1280, 720, 60, 1)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("manifest = 1", "manifest = 2", "manifest must be 1"),
        ('id = "aliens"', "", "id is missing: write a-z"),
        ('id = "aliens"', "id = 5", "id must be text"),
        ('id = "aliens"', 'id = "Aliens"', "id must be a-z"),
        ('id = "aliens"', 'id = "../up"', "id must be a-z"),
        ("1.2.3", "1.2", "version must be a semantic version like"),
        ("1.2.3", "01.2.3", "version must be a semantic version like"),
        ('kind = "pygame"', 'kind = "cobol"', "kind must be one of pygame, sdk"),
        ("src/aliens.py", "/etc/passwd", "entry must be a path inside"),
        ("src/aliens.py", "a/../../b.py", "entry must be a path inside"),
        ("src/aliens.py", "a\\\\b.py", "entry must be a path inside"),
        ("src/aliens.py", "", "entry must be text"),
        ('["--hard", ""]', '"--hard"', "arguments must be a list"),
        ('["--hard", ""]', "[1]", r"arguments\[0\] does not fit"),
        ('["--hard", ""]', str(["x"] * 65), "arguments must be a list"),
        ('en = "Aliens"', "", "name must be text, or a table with a text for en"),
        ('en = "Aliens"', 'en = ""', "name.en must be text"),
        ('en = "Aliens"', 'en = "A\\u0000"', "name.en must be text of 1 to 80 characters without NUL"),
        ("width = 640", "width = 15", "picture.width must be a whole number from 16 to 1920"),
        ("width = 640", "width = 1921", "picture.width must be"),
        ("width = 640", "width = true", "picture.width must be"),
        ("fps = 30", "fps = 0", "picture.fps must be"),
        ("fps = 30", "fps = 30.0", "picture.fps must be"),
        ("follow_display = false", "follow_display = 0", "picture.follow_display must be true or false"),
        ("max = 2", "max = 9", "players.max must be"),
        ("max = 2", "max = 2\nmin = 3", "players.min contradicts itself: players.min must not be above players.max"),
        ("width = 640", "width = 640\nmax_width = 320", "picture.width contradicts itself"),
        ("height = 480", "max_height = 320", "picture.max_height contradicts itself"),
        ("fps = 30", "fps = 30\nmin_fps = 31", "picture.min_fps contradicts itself"),
        ("[players]", "[environment]\nHOME = '/'\n[players]", "environment.HOME is no name that a title may set"),
        ("[players]", "[environment]\nLD_PRELOAD = '/'\n[players]", "environment.LD_PRELOAD is no name"),
        ("[players]", "[environment]\nLEVEL = 3\n[players]", "environment.LEVEL must be text"),
        ("[players]", "[python]\nrequires = ['-e .']\n[players]", r"python.requires\[0\] does not fit"),
        ("[players]", "[python]\nrequires = ['x @ file:///x.zip']\n[players]", r"python.requires\[0\] does not fit"),
        ("[players]", "[python]\nrequires = ['git+https://e.org/x']\n[players]", r"python.requires\[0\] does not"),
        ("[players]", "[python]\nrequires = ['folder/x']\n[players]", r"python.requires\[0\] does not fit"),
        ("[players]", "[python]\nversion = '3.12'\n[players]", "python.version means something only with"),
        (
            "[players]",
            "[python]\nrequires = ['x']\nversion = '3'\n[players]",
            "python.version must be a version such",
        ),
        (
            'kind = "pygame"',
            'kind = "native"\n[python]\nrequires = ["x"]',
            "python.requires means something only with kind = pygame or sdk",
        ),
        ("[players]", "[runtime]\npackages = ['sdl2']\n[players]", r"runtime.packages is no field"),
        ("[players]", "[runtime]\nname = 'x'\n[players]", "runtime.sha256 is missing: `farplay runtime list`"),
        ("[players]", "[runtime]\nsha256 = 'A'\n[players]", "runtime.sha256 must be a SHA-256"),
        ('id = "aliens"', 'id = "aliens"\nsaves = ["../up"]', r"saves\[0\] does not fit"),
        ('id = "aliens"', 'id = "aliens\\n"', "id must be a-z"),
        ("[players]\nmax = 2", "", None),
        ("manifest = 1", "manifest = 1\ncolour = 1", "colour is no field"),
    ],
)
def test_a_fault_is_named(old: str, new: str, fault: str | None) -> None:
    assert old in GOOD
    text = GOOD.replace(old, new)
    if fault is None:
        assert parse_manifest(text).players_max == 1
        return
    with pytest.raises(WireError, match=fault) as caught:
        parse_manifest(text)
    assert caught.value.reason is Reason.MALFORMED


def test_all_faults_are_named_at_once_with_their_lines() -> None:
    with pytest.raises(ManifestError) as caught:
        parse_manifest("manifest = 1\npicture = 1\n\n[name]\nen = 1\n\n[players]\nmin = 2 # more than max\nmux = 2")
    assert [(fault.line, fault.words.split()[0]) for fault in caught.value.faults] == [
        (1, "id"),
        (1, "version"),
        (1, "kind"),
        (1, "entry"),
        (2, "picture"),
        (5, "name.en"),
        (8, "players.min"),
        (9, "players.mux"),
    ]
    assert "\n  line 5: name.en must be text of 1 to 80 characters" in caught.value.detail


def test_of_very_many_faults_some_are_named() -> None:
    for unknown, more in ((FAULTS_MAX, False), (FAULTS_MAX + 1, True), (5000, True)):
        with pytest.raises(ManifestError) as caught:
            parse_manifest("\n".join(f"x{n} = 1" for n in range(unknown)) + "\n" + GOOD)
        assert len(caught.value.faults) == FAULTS_MAX
        assert (f"more than {FAULTS_MAX} faults" in caught.value.detail.splitlines()[-1]) == more


def test_what_is_no_toml_is_told_with_its_line() -> None:
    for text, line in (("= 1", 1), ("a = 1\na = 2\nb = 3", 2), ("manifest = 1\n[", 2), ("a = [" * 2000, 1)):
        with pytest.raises(ManifestError, match="not TOML") as caught:
            parse_manifest(text)
        assert [fault.line for fault in caught.value.faults] == [line], text[:20]


_FIELDS = [field.path for field in toml_fields(FORMAT)]
_SCALARS = st.one_of(
    st.booleans(), st.integers(-5, 2000), st.floats(allow_nan=False), st.text(max_size=9), st.sampled_from(DEVICES)
)
_BODIES = st.dictionaries(
    st.sampled_from([*_FIELDS, "picture", "needs.x", "x"]),
    st.recursive(_SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner)),
    max_size=6,
)


@given(_BODIES)
def test_no_fields_crash_the_reader(body: dict[str, object]) -> None:
    """Values of any type at any field are read or named; nothing else comes of them."""
    text = "".join(
        f"{path} = {_written(value)}\n" for path, value in sorted(body.items()) if f"{path}." not in str(body)
    )
    with pytest.raises(ManifestError) as caught:
        parse_manifest(text)
    lines = text.count("\n") + 1
    assert all(1 <= fault.line <= lines for fault in caught.value.faults)


def _written(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_written(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_written, value)) + "]"
    return json.dumps(value)


@given(st.text(max_size=200))
def test_no_text_crashes_the_reader(text: str) -> None:
    with pytest.raises(WireError):
        parse_manifest(text)


@pytest.mark.parametrize(
    ("file_name", "title_id"),
    [
        ("chimp.py", "chimp"),
        ("My Game (2).py", "my-game-2"),
        ("外星人.py", "title"),
        ("__main__.py", "main"),
        ("a" * 90 + ".py", "a" * 64),
    ],
)
def test_a_bare_program_gets_a_manifest(file_name: str, title_id: str) -> None:
    manifest = bare_manifest(file_name)
    assert manifest.id == title_id
    assert manifest.entry == file_name
    assert manifest.names["en"]


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=80))
def test_every_bare_program_gets_a_valid_id(stem: str) -> None:
    assert is_title_id(bare_manifest(f"{stem}.py").id)
