"""Versions that two sides agree on, and names that explain themselves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.errors import Reason, WireError
from wire.ids import ID_RANDOM_BYTES, is_id, is_title_id, make_id
from wire.version import PROTOCOL_MAX, PROTOCOL_MIN, ProtocolRange, negotiate


@pytest.mark.parametrize(
    ("theirs", "ours", "agreed"),
    [((1, 1), (1, 1), 1), ((1, 2), (2, 3), 2), ((1, 5), (2, 3), 3), ((3, 3), (1, 9), 3), ((2, 2), (2, 2), 2)],
)
def test_the_highest_common_version_is_spoken(theirs: tuple[int, int], ours: tuple[int, int], agreed: int) -> None:
    assert negotiate(ProtocolRange(*theirs), ProtocolRange(*ours)) == agreed
    assert negotiate(ProtocolRange(*ours), ProtocolRange(*theirs)) == agreed


@pytest.mark.parametrize("theirs", [(2, 2), (0, 0), (5, 9), (3, 1)])
def test_no_common_version(theirs: tuple[int, int]) -> None:
    with pytest.raises(WireError, match="update the older") as caught:
        negotiate(ProtocolRange(*theirs), ProtocolRange(1, 1))
    assert caught.value.reason is Reason.PROTOCOL_VERSION


def test_this_build_speaks_with_itself() -> None:
    assert negotiate(ProtocolRange()) == PROTOCOL_MAX >= PROTOCOL_MIN


@given(
    st.binary(min_size=ID_RANDOM_BYTES, max_size=ID_RANDOM_BYTES),
    st.sampled_from(["ses", "node", "plr", "part", "peer"]),
)
def test_an_id_names_its_kind(random_bytes: bytes, prefix: str) -> None:
    made = make_id(prefix, random_bytes)
    assert is_id(made)
    assert is_id(made, prefix)
    assert not is_id(made, "other")


def test_different_bytes_make_different_ids() -> None:
    assert len({make_id("ses", n.to_bytes(ID_RANDOM_BYTES, "big")) for n in range(100)}) == 100


@pytest.mark.parametrize("length", [0, ID_RANDOM_BYTES - 1, ID_RANDOM_BYTES + 1])
def test_an_id_needs_its_random_bytes(length: int) -> None:
    with pytest.raises(ValueError, match="random bytes"):
        make_id("ses", bytes(length))


@pytest.mark.parametrize("prefix", ["", "s", "SES", "se_s", "toolong", "s1"])
def test_an_id_needs_a_proper_prefix(prefix: str) -> None:
    with pytest.raises(ValueError, match="prefix"):
        make_id(prefix, bytes(ID_RANDOM_BYTES))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ses_",
        "ses_" + "a" * 23,
        "ses_" + "a" * 25,
        "ses_" + "A" * 24,
        "ses_" + "1" * 24,
        " ses_" + "a" * 24,
        "ses_" + "a" * 24 + "\n",
        "../ses_" + "a" * 24,
    ],
)
def test_what_is_no_id(text: str) -> None:
    assert not is_id(text)


@pytest.mark.parametrize("text", ["a", "0", "aliens", "my-game.v2_x", "a" * 64])
def test_title_ids(text: str) -> None:
    assert is_title_id(text)


@pytest.mark.parametrize("text", ["", "-a", "a-", ".", "..", "a/b", "A", "ü", "a" * 65, "a\n", "a b"])
def test_what_is_no_title_id(text: str) -> None:
    assert not is_title_id(text)
