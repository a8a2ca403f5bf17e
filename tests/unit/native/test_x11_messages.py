from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from render_node.title.native import x11_messages as x11
from render_node.title.native.x11_messages import BadX11, Event, Extension, Fake, Incoming, Refusal, Reply, Splitter

U16 = st.integers(0, 65535)
EXTENSION = Extension(140, 90)


def event(code: int, sequence: int) -> bytes:
    return struct.pack("<BxH28x", code, sequence)


def reply(sequence: int, extra: bytes) -> bytes:
    return struct.pack("<BxHI24x", 1, sequence, len(extra) // 4) + extra


MESSAGES = st.one_of(
    st.builds(event, st.integers(2, 127), U16),
    st.builds(reply, U16, st.binary(max_size=40).map(lambda raw: raw[: len(raw) // 4 * 4])),
    st.builds(lambda code, sequence: struct.pack("<BBH28x", 0, code, sequence), st.integers(0, 255), U16),
)


@given(st.lists(MESSAGES, max_size=8), st.lists(st.integers(1, 50), min_size=1))
def test_the_stream_is_cut_alike_however_it_arrives(messages: list[bytes], pieces: list[int]) -> None:
    stream, whole, found = b"".join(messages), Splitter(), Splitter()
    expected = whole.feed(stream)
    assert len(expected) == len(messages)
    got: list[Incoming] = []
    for index in range(len(stream)):
        size = pieces[index % len(pieces)]
        got, stream = got + found.feed(stream[:size]), stream[size:]
    assert got == expected


def test_messages_are_told_apart() -> None:
    stream = event(19, 3) + event(19 | 0x80, 4) + reply(5, b"abcd") + struct.pack("<BBH28x", 0, 8, 6)
    first, second, third, fourth = Splitter().feed(stream)
    assert isinstance(first, Event)
    assert isinstance(second, Event)
    assert first.code == second.code == 19
    assert isinstance(third, Reply)
    assert (third.sequence, third.data[32:]) == (5, b"abcd")
    assert fourth == Refusal(8, 6)


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(0, 40), st.integers(0, 7))
def test_the_setup_is_read_whatever_the_vendors_name(id_base: int, root: int, vendor: int, formats: int) -> None:
    head = struct.pack("<4xI8xH3xB10x", id_base, vendor, formats)
    body = head + b"v" * (-(-vendor // 4) * 4) + bytes(8 * formats) + struct.pack("<I", root)
    assert x11.read_setup(body) == x11.Setup(id_base, root)
    with pytest.raises(BadX11):
        x11.read_setup(body[:-1])


def test_a_server_that_refuses_is_an_error() -> None:
    assert x11.setup_bytes(struct.pack("<BxHHH", 1, 11, 0, 3)) == 12
    with pytest.raises(BadX11, match="refuses"):
        x11.setup_bytes(struct.pack("<BxHHH", 0, 11, 0, 3))


@pytest.mark.parametrize(
    "request_bytes",
    [
        x11.query_extension("DAMAGE"),
        x11.get_input_focus(),
        x11.grab_server(),
        x11.ungrab_server(),
        x11.select_events(1, 2),
        x11.set_input_focus(7),
        x11.extension_version(EXTENSION, 1, 1),
        x11.create_damage(EXTENSION, 1, 2),
        x11.subtract_damage(EXTENSION, 1),
        x11.fake_input(EXTENSION, Fake.MOTION, 1, -5, 9),
        x11.select_cursor(EXTENSION, 1),
        x11.get_cursor_image(EXTENSION),
    ],
    ids=len,
)
def test_every_request_says_its_own_length(request_bytes: bytes) -> None:
    assert struct.unpack_from("<2xH", request_bytes)[0] * 4 == len(request_bytes)


def test_a_missing_extension_and_a_short_cursor_are_errors() -> None:
    with pytest.raises(BadX11, match="XTEST"):
        x11.read_extension(Reply(1, bytes(32)), "XTEST")
    with pytest.raises(BadX11, match="cut short"):
        x11.read_cursor_image(Reply(1, struct.pack("<12xHHHH12x", 4, 4, 0, 0)))
