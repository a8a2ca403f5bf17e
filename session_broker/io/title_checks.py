"""Has publishers' titles checked on nodes: takes the wish, gives it to a node with a slot to spare, keeps the report.

The rows are the truth; which checks run on this replica's nodes is the coordinator's knowledge. A look compares the
two every second: what a node lost is tried once more, what nobody wants any more is ended, and what has a slot that a
player waits for is put back into the line.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence

import structlog
from sqlalchemy.exc import SQLAlchemyError

from session_broker.core.effects import ReplicaId
from session_broker.core.fleet import Needs
from session_broker.core.sign_in import Caller
from session_broker.core.title_checks import TitleCheck
from session_broker.io.check_rows import CheckRow, CheckRows, CheckState
from session_broker.io.clock import wall_ms
from session_broker.io.objects import Objects
from session_broker.io.publishing import Publishing
from session_broker.io.runner import Runner
from session_broker.io.unavailable import Unavailable
from title_archive.artwork import image_type
from wire.errors import Reason, WireError
from wire.ids import ID_RANDOM_BYTES, NodeId, make_id
from wire.schema import decode
from wire.title_check import REPORT_MAX_BYTES, RESULTS, SCREENSHOT_MAX_BYTES, SCREENSHOTS_MAX, CheckFailure
from wire.title_release import KeyRotation, Release

LOOK_S = 1.0
ATTEMPTS_MAX = 2
"""Nodes that a check may lose: a title that takes its nodes down must not go through a fleet."""
WAIT_MAX_MS = 1_800_000
"""Milliseconds that a check waits for a slot."""
MISSING_LOOKS, ORPHANED_LOOKS = 4, 15
"""Looks in a row at which no node here has a check that was given out, after which it counts as lost: its node may be
on its way to another replica, and has longer for that where the replica that it was with is gone."""
OVER_MS = 5_000
"""Milliseconds after a check's end in which its node clears up and says so by itself."""
KEPT_MS = 7 * 24 * 3600 * 1000
"""Milliseconds for which a report is kept."""
LOOKS_PER_CLEARING = 60

_STEP = re.compile(r"[a-z0-9]{1,32}")
log = structlog.get_logger()


class TitleChecks:
    """All checks of one broker's tenant.

    Args:
        me: This replica.
        rows: The checks.
        objects: Where pictures are kept.
        publishing: Whose archives and titles they are.
        runner: Through which the coordinator is asked.
        members: Returns the replicas that live.
        most: Checks that may run at once; 0 refuses all.
    """

    def __init__(
        self, me: ReplicaId, rows: CheckRows, objects: Objects, publishing: Publishing, runner: Runner,
        members: Callable[[], Collection[ReplicaId]], *, most: int,
    ) -> None:  # fmt: skip
        self._me = me
        self._rows = rows
        self._objects = objects
        self._publishing = publishing
        self._runner = runner
        self._members = members
        self._most = most
        self._looks = 0
        self._missing: dict[str, int] = {}
        """Looks in a row, by check that was given out, at which no node here had it."""

    async def ask(self, caller: Caller, release: Release, rotations: Sequence[KeyRotation]) -> CheckRow:
        """Ask for a check of an archive that was taken before; asking again while it waits or runs returns the same.

        Raises:
            WireError: ``forbidden`` where no checks are run or the title is another publisher's, ``bad_signature``,
                ``not_found`` if its archive was not taken, ``title_blocked``, or ``too_many``.
        """
        if self._most == 0:
            raise WireError(Reason.FORBIDDEN, "no checks are run here; its operator may allow them (--title-checks)")
        trust = await self._publishing.check_may_publish(caller, release, rotations)
        check_id = make_id("chk", secrets.token_bytes(ID_RANDOM_BYTES))
        return await self._rows.ask(check_id, caller.player_id, release, trust)

    async def of(self, caller: Caller, check_id: str) -> tuple[CheckRow, int | None]:
        """Return a check of one's own, and its place among those that wait.

        Raises:
            WireError: ``not_found``.
        """
        row = await self._rows.find(check_id)
        if row is None or (row.player_id != caller.player_id and not caller.is_operator):
            raise WireError(Reason.NOT_FOUND, "you have no such check")
        queue = [each.check_id for each in await self._rows.open() if each.state is CheckState.QUEUED]
        return row, queue.index(check_id) + 1 if check_id in queue else None

    async def cancel(self, caller: Caller, check_id: str) -> None:
        """End a check of one's own; one that is over stays as it is.

        Raises:
            WireError: ``not_found``.
        """
        row, _ = await self.of(caller, check_id)
        for state in (CheckState.QUEUED, CheckState.RUNNING):
            await self._rows.end(row.check_id, state, CheckState.CANCELLED)

    async def screenshot(self, caller: Caller, check_id: str, step: str) -> bytes:
        """Return the picture of a step as PNG.

        Raises:
            WireError: ``not_found``.
        """
        row, _ = await self.of(caller, check_id)
        if step not in row.screenshots:
            raise WireError(Reason.NOT_FOUND, "there is no picture of this step")
        return await self._objects.read(_picture_key(check_id, row.screenshots[step]))

    # --- nodes ---

    async def take_screenshot(self, node_id: NodeId, check_id: str, step: str, pieces: AsyncIterator[bytes]) -> None:
        """Keep a picture of a check that this node runs.

        Raises:
            WireError: ``forbidden``, ``malformed``, ``too_large`` or ``too_many``.
        """
        row = await self._running_on(node_id, check_id)
        if _STEP.fullmatch(step) is None:
            raise WireError(Reason.MALFORMED, "a step is named by letters and digits")
        if len(row.screenshots) >= SCREENSHOTS_MAX:
            raise WireError(Reason.TOO_MANY, f"a check has {SCREENSHOTS_MAX} pictures at most")
        content = await _receive(pieces, SCREENSHOT_MAX_BYTES)
        if image_type(content) != "image/png":
            raise WireError(Reason.MALFORMED, "a picture of a check is a PNG")
        digest = hashlib.sha256(content).hexdigest()
        await self._objects.create(_picture_key(check_id, digest), content)
        await self._rows.add_screenshot(check_id, step, digest)

    async def take_result(self, node_id: NodeId, check_id: str, pieces: AsyncIterator[bytes]) -> None:
        """Take the report of a check that this node has run, or why it could not.

        Raises:
            WireError: ``forbidden``, ``malformed`` or ``too_large``.
        """
        await self._running_on(node_id, check_id)
        text = (await _receive(pieces, REPORT_MAX_BYTES)).decode("utf-8", "replace")
        result = decode(text, RESULTS, max_bytes=REPORT_MAX_BYTES)
        if isinstance(result, CheckFailure):
            detail = result.detail.replace("\x00", "\N{REPLACEMENT CHARACTER}")
            await self._rows.end(check_id, CheckState.RUNNING, CheckState.FAILED, reason=result.reason, detail=detail)
        else:
            await self._rows.end(check_id, CheckState.RUNNING, CheckState.DONE, report=text)

    async def _running_on(self, node_id: NodeId, check_id: str) -> CheckRow:
        row = await self._rows.find(check_id)
        if row is None or row.node_id != node_id or row.state is not CheckState.RUNNING:
            raise WireError(Reason.FORBIDDEN, "this node does not run this check")
        return row

    # --- looks ---

    async def follow(self) -> None:
        """Look every second until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                await self.look()
            except (SQLAlchemyError, OSError, Unavailable) as error:
                log.error("checks_not_seen", error=type(error).__name__)
            except Exception:
                # One check's fault must not keep all others waiting.
                log.exception("checks_not_seen")

    async def look(self) -> None:
        """Compare rows and nodes once, and give what waits to nodes with a slot to spare."""
        rows, running, now_ms = await self._rows.open(), self._runner.coordinator.running_checks(), wall_ms()
        self._missing = {row.check_id: n for row in rows if (n := self._missing.get(row.check_id, 0))}
        for row in rows:
            if row.state is CheckState.RUNNING:
                await self._look_at_running(row, running, now_ms)
        for check_id, node_id in running.items():
            await self._look_at_node(check_id, node_id, now_ms)
        for row in rows:
            if row.state is CheckState.QUEUED:
                await self._look_at_waiting(row, now_ms)
        self._looks += 1
        if self._looks % LOOKS_PER_CLEARING == 0:
            await self._clear(now_ms)

    async def _look_at_running(self, row: CheckRow, running: Mapping[str, NodeId], now_ms: int) -> None:
        here = running.get(row.check_id) == row.node_id
        late = row.due_at_ms is not None and now_ms >= row.due_at_ms
        if here and row.owner != self._me:
            await self._rows.take(row.check_id, self._me)
        if here and await self._runner.run(lambda now: self._runner.coordinator.check_gives_way(row.check_id, now)):
            log.info("check_gave_way", check_id=row.check_id, node_id=row.node_id)
            await self._rows.put_back(row.check_id, Reason.NO_ROOM, tried=False)
            await self._runner.run(lambda now: self._runner.coordinator.end_check(row.check_id, now))
            return
        mine = row.owner == self._me
        if not here and (mine or row.owner not in self._members()):
            missing = self._missing[row.check_id] = self._missing.get(row.check_id, 0) + 1
            late = late or missing >= (MISSING_LOOKS if mine else ORPHANED_LOOKS)
        else:
            self._missing.pop(row.check_id, None)
        if late:
            self._missing.pop(row.check_id, None)
            await self._lost(row)

    async def _lost(self, row: CheckRow) -> None:
        log.warning("check_lost", check_id=row.check_id, node_id=row.node_id, attempts=row.attempts)
        if row.attempts < ATTEMPTS_MAX:
            await self._rows.put_back(row.check_id, Reason.NODE_LOST, tried=True)
            return
        words = "the nodes that it was given to went away, or did not finish it within a quarter of an hour"
        await self._rows.end(
            row.check_id, CheckState.RUNNING, CheckState.FAILED, reason=Reason.NODE_LOST, detail=words
        )

    async def _look_at_node(self, check_id: str, node_id: NodeId, now_ms: int) -> None:
        row = await self._rows.find(check_id)
        if row is not None and row.node_id == node_id:
            if row.state is CheckState.RUNNING:
                return
            if row.state is not CheckState.CANCELLED and now_ms - (row.ended_at_ms or 0) < OVER_MS:
                return
        await self._runner.run(lambda now: self._runner.coordinator.end_check(check_id, now))

    async def _look_at_waiting(self, row: CheckRow, now_ms: int) -> None:
        if now_ms - row.created_at_ms >= WAIT_MAX_MS:
            why, words = row.reason or Reason.NO_ROOM, "no node could take it within half an hour"
            await self._rows.end(row.check_id, CheckState.QUEUED, CheckState.FAILED, reason=why, detail=words)
            return
        coordinator, check = self._runner.coordinator, await self._title_check(row)
        decision = coordinator.decide_check(check)
        node_id = decision.node_id
        if node_id is None:
            if decision.reason is not row.reason:
                await self._rows.wait(row.check_id, decision.reason)
        elif not await self._rows.claim(row.check_id, node_id, self._me, self._most):
            if row.reason is not Reason.TOO_MANY:
                await self._rows.wait(row.check_id, Reason.TOO_MANY)
        elif not await self._runner.run(lambda _now: coordinator.start_check(check, node_id)):
            await self._rows.put_back(row.check_id, Reason.NO_ROOM, tried=False)

    async def _title_check(self, row: CheckRow) -> TitleCheck:
        manifest = await self._publishing.manifest_of(row.release)
        needs = Needs(manifest.about.gpu, manifest.about.memory_mib, manifest.python_minor)
        return TitleCheck(row.check_id, row.release, row.trust, manifest.kind, needs, manifest.runtime)

    async def _clear(self, now_ms: int) -> None:
        for row in await self._rows.ended_before(now_ms - KEPT_MS):
            for digest in set(row.screenshots.values()):
                await self._objects.remove(_picture_key(row.check_id, digest))
            await self._rows.forget(row.check_id)


def _picture_key(check_id: str, digest: str) -> str:
    return f"checks/{check_id}/{digest}"


async def _receive(pieces: AsyncIterator[bytes], most: int) -> bytes:
    content = bytearray()
    async for piece in pieces:
        content += piece
        if len(content) > most:
            raise WireError(Reason.TOO_LARGE, f"this may have {most} bytes")
    return bytes(content)
