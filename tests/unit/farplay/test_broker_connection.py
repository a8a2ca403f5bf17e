"""A command's way to a broker: every way in which it breaks is told in words."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from farplay.broker_connection import BrokerConnection, Refused
from farplay.failures import CommandFailure
from tests.support.deadlines import patient


@contextmanager
def answering(said: bytes) -> Iterator[BrokerConnection]:
    """Take one connection, read the head of what comes, and say this, whatever it is."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            taken, _ = listening.accept()
            with taken:
                head = b""
                while b"\r\n\r\n" not in head and (piece := taken.recv(65536)):
                    head += piece
                taken.sendall(said)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield BrokerConnection(f"http://127.0.0.1:{listening.getsockname()[1]}")
        thread.join(patient(5.0))


def reply(status: str, body: bytes, head: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{head}\r\n".encode() + body


def test_an_answer_comes_with_its_cookie() -> None:
    with answering(reply("200 OK", b'{"a": 1}', "Set-Cookie: farplay_x=y; Path=/\r\n")) as connection:
        answer = connection.ask("GET", "/api/v1/me")
    assert (answer.body, answer.cookie) == ({"a": 1}, "farplay_x=y")


@pytest.mark.parametrize(
    "said",
    [b"", b"SSH-2.0-nothing\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"],
    ids=["nothing", "SSH", "half"],
)
@pytest.mark.parametrize("body", [None, b"content"], ids=["all read", "perhaps reset"])
def test_who_breaks_off_is_no_broker(said: bytes, body: bytes | None) -> None:
    with answering(said) as connection, pytest.raises(CommandFailure, match="No broker answers at http://127"):
        connection.ask("PUT", "/api/v1/releases", body)


def test_a_refusal_has_the_brokers_words_and_reason() -> None:
    problem = b'{"reason": "too_many", "detail": "one at a time", "title": "Too many"}'
    with answering(reply("429 Too Many Requests", problem)) as connection, pytest.raises(Refused) as refused:
        connection.ask("GET", "/")
    assert (refused.value.reason, refused.value.words) == ("too_many", "The broker refuses: one at a time.")


def test_a_proxys_page_is_no_answer() -> None:
    with (
        answering(reply("502 Bad Gateway", b"<html>")) as connection,
        pytest.raises(Refused, match="it answered 502"),
    ):
        connection.ask("GET", "/")


def test_an_address_must_be_one() -> None:
    with pytest.raises(CommandFailure, match="no broker's address"):
        BrokerConnection("play.example.org")
