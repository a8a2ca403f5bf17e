"""What may be set for each session of a title: declared, chosen, and turned into arguments and variables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.errors import Reason, WireError
from wire.title_manifest import parse_manifest
from wire.title_options import OPTIONS_MAX, VALUE_MAX_LEN, SessionOption, settle

GOOD = 'manifest = 1\nid = "chess"\nversion = "1.0.0"\nkind = "pygame"\nentry = "main.py"\nname = "Chess"\n'
LEVEL = '[[options]]\nname = "level"\nargument = "--level"\nvalues = ["easy", "hard"]\n'
SEED = '[[options]]\nname = "seed"\nvariable = "GAME_SEED"\n'
OPTIONS = (
    SessionOption("level", argument="--level", values=("easy", "hard")),
    SessionOption("seed", variable="SEED"),
)


def test_options_are_read_in_their_order() -> None:
    assert parse_manifest(GOOD + LEVEL + SEED).options == (
        SessionOption("level", "--level", "", ("easy", "hard")),
        SessionOption("seed", "", "GAME_SEED", ()),
    )
    assert parse_manifest(GOOD).options == ()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (SEED.replace("GAME_SEED", "LD_PRELOAD"), r"options\[0\].variable does not fit"),
        (SEED.replace("GAME_SEED", "PATH"), r"options\[0\].variable does not fit"),
        (LEVEL.replace("--level", "level; rm"), r"options\[0\].argument does not fit"),
        (LEVEL.replace('name = "level"', ""), r"options\[0\].name is missing"),
        (LEVEL + 'variable = "LEVEL"\n', r"options\[0\].argument must be there, or variable"),
        (LEVEL.replace('argument = "--level"', ""), r"options\[0\].argument must be there, or variable"),
        (LEVEL.replace('"easy", "hard"', ""), r"options\[0\].values must be a list of 1 to"),
        (LEVEL.replace('"easy"', '"--other"'), r"options\[0\].values must be a list of 1 to"),
        (LEVEL.replace('"easy"', '"+other"'), r"options\[0\].values must be a list of 1 to"),
        (LEVEL.replace('["easy", "hard"]', "5"), r"options\[0\].values must be a list of 1 to"),
        (LEVEL + "pattern = 1\n", r"options\[0\].pattern is no field"),
        (LEVEL + LEVEL, r"options\[1\].name is there twice"),
        ("options = 1\n", "options must be at most"),
        (SEED * (OPTIONS_MAX + 1), "options must be at most"),
    ],
)
def test_a_fault_is_named(text: str, fault: str) -> None:
    with pytest.raises(WireError, match=fault):
        parse_manifest(GOOD + text)


def test_choices_come_to_arguments_and_variables() -> None:
    assert settle(OPTIONS, {}) == ((), {})
    assert settle(OPTIONS, {"seed": "7 = seven", "level": "hard"}) == (("--level", "hard"), {"SEED": "7 = seven"})


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"level": "other"}, "must be one of easy, hard"),
        ({"level": ""}, "must be one of easy, hard"),
        ({"speed": "1"}, "has no option 'speed'; it has: level, seed"),
        ({"seed": "-x"}, "does not begin with - or +"),
        ({"seed": "+quit"}, "does not begin with - or +"),
        ({"seed": "a\nb"}, "must be text of at most"),
        ({"seed": "a" * (VALUE_MAX_LEN + 1)}, "must be text of at most"),
    ],
)
def test_what_cannot_be_set_is_refused(chosen: dict[str, str], words: str) -> None:
    with pytest.raises(WireError, match=words) as refused:
        settle(OPTIONS, chosen)
    assert refused.value.reason is Reason.MALFORMED
    with pytest.raises(WireError, match="it has none"):
        settle((), chosen)


@given(st.text())
def test_no_value_is_more_than_one_argument_or_variable(value: str) -> None:
    try:
        arguments, variables = settle(OPTIONS, {"seed": value})
    except WireError:
        return
    assert (arguments, variables) == ((), {"SEED": value})
    assert "\0" not in value
    assert "\n" not in value
