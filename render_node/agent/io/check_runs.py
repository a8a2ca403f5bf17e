"""Runs checks of titles on this node: fetches the title, runs the suite as a process, uploads the report."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import structlog

from render_node.agent.core.effects import RunCheck
from render_node.agent.io.check_upload import put
from render_node.agent.io.credential import Credential
from render_node.agent.io.session_leftovers import ENTER_ONLY, SessionLeftovers
from render_node.agent.io.title_cache import TitleCache
from render_node.conformance.order import REPORT_FILE, CheckOrder
from title_archive.removal import remove_tree
from wire.errors import Reason, WireError
from wire.sandbox import SandboxSpec, Wall, session_name
from wire.schema import decode, encode
from wire.title_check import (
    REPORT_MAX_BYTES,
    RESULTS,
    SCREENSHOT_MAX_BYTES,
    SCREENSHOTS_MAX,
    CheckFailure,
)

CHECK_TIMEOUT_S = 600.0
"""Seconds that a check may take once its title is here; the longest, with four devices of which none is answered on a
picture that moves, takes half of them."""
WORDS_MAX_BYTES = 4096

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class CheckPlace:
    """What all checks of a node share."""

    broker_url: str
    """Without a slash at the end."""
    sandbox: SandboxSpec
    data_dir: Path
    leftovers: SessionLeftovers
    """In whose folder each check has one of its own."""
    cache: TitleCache
    credential: Callable[[], Credential | None]
    keep: Callable[[], Collection[str]]
    """Folders of titles that sessions run."""


class CheckRuns:
    """Owns the checks that run until ``close``.

    Args:
        place: What they share.
        on_over: Told when nothing of a check runs any more.
    """

    def __init__(self, place: CheckPlace, on_over: Callable[[str], None]) -> None:
        self._place = place
        self._on_over = on_over
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._folders: dict[str, set[str]] = {}

    def start(self, check: RunCheck) -> None:
        """Begin a check."""
        task = asyncio.create_task(self._run(check), name=f"check {check.check_id}")
        self._tasks[check.check_id] = task
        task.add_done_callback(lambda _task: self._over(check.check_id))

    def stop(self, check_id: str) -> None:
        """End a check; its process is killed."""
        if check_id in self._tasks:
            self._tasks[check_id].cancel()

    def folders_in_use(self) -> set[str]:
        """Return the folders of titles that are being checked, and of their runtimes."""
        return {folder for folders in self._folders.values() for folder in folders}

    async def close(self) -> None:
        """End all checks."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _over(self, check_id: str) -> None:
        del self._tasks[check_id]
        self._folders.pop(check_id, None)
        self._on_over(check_id)

    async def _run(self, check: RunCheck) -> None:
        check_id, known = check.check_id, self._place.credential()
        if known is None:
            return
        log.info("check_started", check_id=check_id, title_id=check.release.title_id)
        out = self._place.leftovers.run_dir / session_name(os.getpid(), check_id)
        try:
            result = await self._result(check, known, out)
            await self._upload(check_id, "result", known, result.encode(), "application/json")
        except WireError as error:
            log.warning("check_not_told", check_id=check_id, detail=error.detail)
        finally:
            await asyncio.to_thread(remove_tree, out)
            log.info("check_over", check_id=check_id)

    async def _result(self, check: RunCheck, known: Credential, out: Path) -> str:
        try:
            self._make_folder(out)
            await self._check(check, known, out)
            result = await asyncio.to_thread(_read_report, out)
            await self._upload_pictures(check.check_id, known, out)
            return result
        except WireError as error:
            return encode(CheckFailure(error.reason, error.detail[:WORDS_MAX_BYTES]))
        except Exception as error:
            log.exception("check_failed", check_id=check.check_id)
            return encode(CheckFailure(Reason.INTERNAL, f"the node failed: {type(error).__name__}"))

    def _make_folder(self, out: Path) -> None:
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
        if Wall.OWN_USER in self._place.sandbox.walls:
            for folder in (out, *out.parents):
                if folder.is_relative_to(self._place.data_dir):
                    folder.chmod(ENTER_ONLY)

    async def _check(self, check: RunCheck, known: Credential, out: Path) -> None:
        title = await self._place.cache.get(
            check.release, broker_url=self._place.broker_url, node_id=known.node_id, node_key=known.node_key,
            keep=lambda: {*self._place.keep(), *self.folders_in_use()},
        )  # fmt: skip
        self._folders[check.check_id] = {title.folder, title.runtime} - {""}
        order = CheckOrder(
            title.folder, title.runtime, check.trust, self._place.sandbox.profile, str(out), os.getpid()
        )
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "render_node.conformance",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
            start_new_session=True, env={**os.environ, "TMPDIR": str(out)},
        )  # fmt: skip
        try:
            async with asyncio.timeout(CHECK_TIMEOUT_S):
                _, words = await process.communicate(order.to_json())
        except TimeoutError as error:
            raise WireError(Reason.START_TIMEOUT, f"the check took over {CHECK_TIMEOUT_S:.0f} seconds") from error
        finally:
            if process.returncode is None:
                # Titles die with the process that watches them.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
                await asyncio.to_thread(self._place.leftovers.remove_of_the_dead)
        if process.returncode != 0:
            told = words[-WORDS_MAX_BYTES:].decode("utf-8", "replace").strip()
            raise WireError(Reason.SANDBOX_UNAVAILABLE, f"the check could not be run: {told}")

    async def _upload_pictures(self, check_id: str, known: Credential, out: Path) -> None:
        for step, content in await asyncio.to_thread(_read_pictures, out):
            await self._upload(check_id, f"screenshots/{step}", known, content, "image/png")

    async def _upload(self, check_id: str, what: str, known: Credential, content: bytes, content_type: str) -> None:
        url = f"{self._place.broker_url}/api/v1/title-checks/{check_id}/{what}"
        await asyncio.to_thread(put, url, f"{known.node_id}:{known.node_key}", content, content_type)


def _read_pictures(out: Path) -> list[tuple[str, bytes]]:
    """Return the step of each picture, and the picture as PNG."""
    found = [path for path in sorted(out.glob("*.png")) if path.stat().st_size <= SCREENSHOT_MAX_BYTES]
    return [(path.stem.rpartition("-")[2], path.read_bytes()) for path in found[:SCREENSHOTS_MAX]]


def _read_report(out: Path) -> str:
    try:
        text = (out / REPORT_FILE).read_text("utf-8")
    except OSError as error:
        raise WireError(Reason.INTERNAL, "the check left no report") from error
    decode(text, RESULTS, max_bytes=REPORT_MAX_BYTES)
    return text
