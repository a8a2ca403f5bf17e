"""What a developer reads while a node checks a title: waiting, running, a broker that is away, and why it failed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from farplay.broker_client import BrokerClient
from farplay.broker_connection import Unreachable
from farplay.failures import CommandFailure, ExitStatus
from farplay.titles.check import remote
from farplay.titles.check.remote import check_remotely
from farplay.titles.publisher_key import PublisherKey
from tests.support.broken_titles import write_title
from wire.schema import encode
from wire.title_check import CheckReport, Finding, Outcome

KEY = PublisherKey(Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32))
REPORT = CheckReport("planted", (Finding("start", Outcome.PASSED, "first picture"),), 12.5)
AWAY = Unreachable(ExitStatus.FAILED, "No broker answers at http://x (OSError).")


def stands(state: str, **more: object) -> dict[str, object]:
    return {"state": state, "place": None, "reason": None, "detail": "", "report": None, "screenshots": [],
            "title_id": "planted", **more}  # fmt: skip


class Broker:
    """Answers with one after the other of what a test gives it; the last one stays."""

    def __init__(self, *answers: Mapping[str, object] | BaseException) -> None:
        self.answers = list(answers)
        self.sent: list[tuple[str, str]] = []

    def upload(self, path: str, _file: BinaryIO, size_bytes: int) -> None:
        assert size_bytes > 0
        self.sent.append(("PUT", path.partition("archives")[0]))

    def send(self, method: str, path: str, _body: object = None) -> Any:
        self.sent.append((method, path))
        return {"check_id": "chk_a"}

    def get(self, _path: str) -> Any:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def fetch(self, path: str) -> bytes:
        return path.encode()


def check(tmp_path: Path, broker: Broker, screenshots: Path | None = None) -> tuple[CheckReport, list[str]]:
    words: list[str] = []
    folder = tmp_path / "planted"
    if not folder.exists():
        write_title(folder)
    client = cast("BrokerClient", broker)
    report = check_remotely(folder, client, KEY, screenshots, words.append, wait=lambda seconds: None)
    return report, words


def test_a_check_is_followed_to_its_report_over_an_outage(tmp_path: Path) -> None:
    done = stands("done", report=encode(REPORT), screenshots=["start", "../../x"])
    broker = Broker(
        stands("queued", place=2, reason="no_room"), stands("queued", place=1), AWAY, stands("running"), done
    )
    report, words = check(tmp_path, broker, tmp_path / "shots")
    assert report == REPORT
    assert broker.sent == [("PUT", "/api/v1/"), ("POST", "/api/v1/title-checks")]
    assert words[-4:] == [
        "Waiting at place 2: no slot is free that no player waits for",
        "Waiting at place 1",
        "The broker does not answer; the check goes on there",
        "A node runs the check; a minute or two",
    ]
    [shot] = (tmp_path / "shots").iterdir()
    assert (shot.name, shot.read_bytes()) == (
        "planted-start.png", b"/api/v1/title-checks/chk_a/screenshots/start",
    )  # fmt: skip
    assert not list(tmp_path.glob("*.farplay*")), "nothing of the packed title is left"


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (stands("failed", reason="node_lost", detail="the nodes that it was given to went away"), "went away"),
        (
            stands("failed", reason="no_gpu", detail="no node could take it"),
            "no node could take it: no node has a GPU.",
        ),
        (stands("failed", reason="bad_archive"), "bad archive"),
        (stands("cancelled"), "was cancelled"),
        (stands("done", report="{}"), "cannot be read"),
        (AWAY, "The check goes on there"),
    ],
)
def test_what_goes_wrong_is_said(tmp_path: Path, state: Mapping[str, object] | BaseException, words: str) -> None:
    with pytest.raises(CommandFailure) as failure:
        check(tmp_path, Broker(state))
    assert words in failure.value.words


def test_who_interrupts_the_command_cancels_the_check(tmp_path: Path) -> None:
    broker = Broker(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        check(tmp_path, broker)
    assert broker.sent[-1] == ("DELETE", "/api/v1/title-checks/chk_a")


def test_every_reason_to_wait_has_words_and_no_silence_is_short() -> None:
    assert all(words and not words.endswith(".") for words in remote.WAITS.values())
    assert remote.SILENCE_MAX_S >= 30.0
