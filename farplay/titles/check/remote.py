"""A check that a node of a broker runs: the title is packed, signed and sent there, and the report comes back."""

from __future__ import annotations

import contextlib
import re
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from farplay.broker_client import BrokerClient
from farplay.broker_connection import Unreachable
from farplay.failures import CommandFailure, ExitStatus
from farplay.titles.packages import SignedPackage, load_package, pack_title, send_archives, sign_package
from farplay.titles.publisher_key import PublisherKey
from wire.errors import Reason, WireError
from wire.schema import decode, encode
from wire.title_check import REPORT_MAX_BYTES, REPORTS, CheckReport
from wire.title_release import ROTATIONS_MAX

LOOK_S = 1.0
SILENCE_MAX_S = 60.0
"""Seconds without an answer of the broker after which the command gives up; the check goes on."""

WAITS: Mapping[str, str] = {
    Reason.NO_ROOM: "no slot is free that no player waits for",
    Reason.NO_NODE: "no node is ready",
    Reason.NO_GPU: "no node has a GPU",
    Reason.NO_MEMORY: "no node has the memory that it needs",
    Reason.NO_CAPABILITY: "no node runs titles of this kind, or with this Python",
    Reason.TITLE_MISSING: "no node fetches titles",
    Reason.TITLE_UNTRUSTED: "no node has the walls that a title without an operator's approval needs",
    Reason.TOO_MANY: "as many checks run as the broker's operator allows",
    Reason.NODE_LOST: "the node that ran it went away; it is tried once more",
}
_STEP = re.compile(r"[a-z0-9]{1,32}")


def check_remotely(
    path: Path, client: BrokerClient, key: PublisherKey, screenshots: Path | None, on_progress: Callable[[str], None],
    wait: Callable[[float], None] = time.sleep,
) -> CheckReport:  # fmt: skip
    """Have a title checked by a node, and return the report.

    Args:
        path: A title's folder, or a signed archive.
        client: The broker.
        key: The publisher's.
        screenshots: Folder for a picture of each step; None fetches none.
        on_progress: Told in words what is being done.
        wait: Waits some seconds.

    Raises:
        CommandFailure: it cannot be packed, the broker refuses or does not answer, or no node could run the check.
        OSError: a picture cannot be written.
    """
    with tempfile.TemporaryDirectory(prefix="farplay-check-") as scratch:
        package = _package(path, Path(scratch), key, on_progress)
        send_archives(package, client, on_progress)
    proofs = [encode(each) for each in key.rotations[-ROTATIONS_MAX:]]
    asked = client.send("POST", "/api/v1/title-checks", {"release": encode(package.release), "rotations": proofs})
    where = f"/api/v1/title-checks/{asked['check_id']}"
    try:
        ended = _follow(client, where, on_progress, wait)
    except KeyboardInterrupt:
        with contextlib.suppress(CommandFailure):
            client.send("DELETE", where)
        raise
    if ended["state"] != "done":
        raise CommandFailure(
            ExitStatus.FAILED, _why(ended), "Run the command again, or check it here without --remote."
        )
    if screenshots is not None:
        _fetch_pictures(client, where, ended, screenshots)
    try:
        return decode(ended["report"], REPORTS, max_bytes=REPORT_MAX_BYTES)
    except WireError as error:
        raise CommandFailure(ExitStatus.FAILED, f"The broker's report cannot be read: {error.detail}.") from error


def _package(path: Path, scratch: Path, key: PublisherKey, on_progress: Callable[[str], None]) -> SignedPackage:
    if path.is_file():
        return load_package(path)
    archive = scratch / "title.farplay"
    pack_title(path, archive, on_progress)
    return sign_package(archive, key)


def _follow(
    client: BrokerClient, where: str, on_progress: Callable[[str], None], wait: Callable[[float], None]
) -> Mapping[str, Any]:
    """Ask how the check stands until it is over."""
    silent_s = 0.0
    while True:
        try:
            check: Mapping[str, Any] = client.get(where)
            silent_s = 0.0
        except Unreachable as unreachable:
            silent_s += LOOK_S
            if silent_s >= SILENCE_MAX_S:
                words = f"{unreachable.words} The check goes on there."
                raise CommandFailure(ExitStatus.FAILED, words, "Run the same command again to follow it.") from None
            on_progress("The broker does not answer; the check goes on there")
        else:
            if check["state"] not in ("queued", "running"):
                return check
            on_progress(_progress(check))
        wait(LOOK_S)


def _progress(check: Mapping[str, Any]) -> str:
    if check["state"] == "running":
        return "A node runs the check; a minute or two"
    why = WAITS.get(check["reason"] or "", "")
    return f"Waiting at place {check['place'] or 1}{f': {why}' if why else ''}"


def _why(check: Mapping[str, Any]) -> str:
    if check["state"] == "cancelled":
        return "The check was cancelled."
    reason, detail = check["reason"] or "", check["detail"]
    if reason in WAITS and reason != Reason.NODE_LOST:
        detail = f"{detail}: {WAITS[reason]}"
    return f"The check could not be run: {detail or reason.replace('_', ' ')}."


def _fetch_pictures(client: BrokerClient, where: str, check: Mapping[str, Any], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for step in check["screenshots"]:
        if _STEP.fullmatch(step) is not None:
            (folder / f"{check['title_id']}-{step}.png").write_bytes(client.fetch(f"{where}/screenshots/{step}"))
