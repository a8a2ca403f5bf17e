"""``title.toml``: what an author may write, and all that is wrong with what they wrote."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.errors import Reason, WireError
from wire.ids import is_title_id
from wire.title_about import Control, TitleAbout
from wire.title_manifest import TitleManifest, bare_manifest, parse_manifest

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
artwork = "art/card.png"
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
gpu = true
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
        {"en": "Shoot them", "zh": "射击"},
        "art/card.png",
        ("keyboard", "touch", "pad"),
        (
            Control(
                {"en": "Move", "zh": "移动"}, {"keyboard": {"en": "← →"}, "pad": {"en": "Left stick", "zh": "左摇杆"}}
            ),
        ),
        "pad",
        ("dpad", "a"),
        60,
        120,
        64,
        True,
    )


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('summary = {en = "Shoot them", zh = "射击"}', 'summary = {zh = "射击"}', "summary must be text, or a table"),
        ('en = "Shoot them"', 'en = ""', "summary.en must be text"),
        ('zh = "射击"', 'Chinese = "射击"', "languages are written like"),
        ('"art/card.png"', '"../card.png"', "artwork must be a path inside"),
        ('"art/card.png"', '"card.svg"', "artwork must end in .png or"),
        ('["keyboard", "touch", "pad"]', '"pad"', "devices must be a list of keyboard"),
        ('["keyboard", "touch", "pad"]', '["pad", "pad"]', "devices must be a list of"),
        ('["keyboard", "touch", "pad"]', "[[]]", "devices must be a list of"),
        ('action = {en = "Move", zh = "移动"}', "", r"controls\[0\].action is missing"),
        ('keyboard = "← →"', 'keyboards = "← →"', r"unknown field controls\[0\].keyboards"),
        ('keyboard = "← →"', "keyboard = 1", r"controls\[0\].keyboard must be text"),
        ("[[controls]]", "[controls]", "controls must be at most 16 tables"),
        ('mode = "pad"', 'mode = "stick"', "touch.mode must be one of pointer, pad"),
        ('"dpad"', '"pedal"', "touch.controls must be a list of left_stick"),
        ("pause_s = 60", "pause_s = 1", "afk.pause_s must be a whole number from 10"),
        ("gpu = true", "gpu = 1", "needs.gpu must be true or false"),
        ("gpu = true", "gpus = true", "unknown field needs.gpus"),
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
        ('id = "aliens"', "", "id must be text"),
        ('id = "aliens"', "id = 5", "id must be text"),
        ('id = "aliens"', 'id = "Aliens"', "id may hold"),
        ('id = "aliens"', 'id = "../up"', "id may hold"),
        ("1.2.3", "1.2", "version must be like"),
        ("1.2.3", "01.2.3", "version must be like"),
        ('kind = "pygame"', 'kind = "abacus"', "kind must be one of pygame"),
        ("src/aliens.py", "/etc/passwd", "entry must be a path inside"),
        ("src/aliens.py", "a/../../b.py", "entry must be a path inside"),
        ("src/aliens.py", "a\\\\b.py", "entry must be a path inside"),
        ("src/aliens.py", "", "entry must be text"),
        ('["--hard", ""]', '"--hard"', "arguments must be a list"),
        ('["--hard", ""]', "[1]", "arguments must be a list"),
        ('["--hard", ""]', str(["x"] * 65), "arguments must be a list"),
        ('en = "Aliens"', "", "name.en must be text"),
        ('en = "Aliens"', 'en = ""', "name.en must be text"),
        ("width = 640", "width = 15", "picture.width must be a whole number from 16 to 1920"),
        ("width = 640", "width = 1921", "picture.width must be"),
        ("width = 640", "width = true", "picture.width must be"),
        ("fps = 30", "fps = 0", "picture.fps must be"),
        ("fps = 30", "fps = 30.0", "picture.fps must be"),
        ("follow_display = false", "follow_display = 0", "picture.follow_display must be true or false"),
        ("max = 2", "max = 9", "players.max must be"),
        ("max = 2", "max = 2\nmin = 3", "players.min must not be above"),
        ("[players]\nmax = 2", "", None),
        ("manifest = 1", "manifest = 1\ncolour = 1", "unknown field colour"),
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


def test_all_faults_are_named_at_once() -> None:
    with pytest.raises(WireError) as caught:
        parse_manifest("picture = 1\n[name]\nen = 1")
    lines = caught.value.detail.splitlines()
    for part in ("manifest", "id", "version", "kind", "entry", "name.en", "picture must be a table"):
        assert any(part in line for line in lines), part


def test_what_is_no_toml() -> None:
    with pytest.raises(WireError, match="not TOML"):
        parse_manifest("= 1")


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
