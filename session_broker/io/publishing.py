"""Takes archives and releases from publishers, and tells the catalogue what may be started from now on."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import structlog
from sqlalchemy.exc import SQLAlchemyError

from session_broker.core.coordinator import Coordinator
from session_broker.core.sign_in import Caller
from session_broker.io.catalogue import Catalogue, artwork_key
from session_broker.io.objects import NoSuchObject, Objects
from session_broker.io.releases import Releases
from session_broker.io.runner import Runner
from session_broker.io.title_reports import TitleReports
from session_broker.io.unavailable import Unavailable
from title_archive.artwork import reencode
from title_archive.reader import Index, holds_runtime, read_content, read_index, read_manifest, read_runtime
from title_archive.signing import check_release
from wire.errors import Reason, WireError
from wire.ids import TenantId
from wire.runtime_manifest import RUNTIME_FILE, RuntimeManifest, parse_runtime, pin_fault
from wire.sandbox import Trust
from wire.title_manifest import MANIFEST_FILE, TitleManifest, parse_manifest
from wire.title_release import Channel, KeyRotation, Release

UPLOADS_AT_ONCE = 2
UPLOAD_TIMEOUT_S = 900.0
FOLLOW_EVERY_S = 10.0
"""How soon a replica offers, withdraws or blocks what another one was told, and a version that broke the rules."""

log = structlog.get_logger()
_SHA256 = re.compile(r"[0-9a-f]{64}")


def archive_key(archive_sha256: str) -> str:
    """Return the object that holds an archive."""
    return f"archives/{archive_sha256}"


def _manifest_key(archive_sha256: str) -> str:
    return f"manifests/{archive_sha256}"


def check_digest(text: str) -> str:
    """Return a hex digest.

    Raises:
        WireError: ``malformed``: it is none.
    """
    if _SHA256.fullmatch(text) is None:
        raise WireError(Reason.MALFORMED, "a digest is 64 characters of 0-9 and a-f")
    return text


def _runtime_key(archive_sha256: str) -> str:
    return f"runtimes/{archive_sha256}"


@dataclass(frozen=True, slots=True)
class _Examined:
    """What was found in an archive."""

    is_runtime: bool
    manifest_toml: bytes
    artwork_png: bytes | None = None


class Publishing:
    """The way of a title's version from its publisher to the catalogue.

    Args:
        tenant_id: Whose catalogue it is.
        objects: Where archives are kept.
        releases: What was published.
        catalogue: Told of every change.
        runner: Through which the coordinator is told.
        spool: Existing folder for uploads on their way.
        archive_max_bytes: Longest archive that is taken.
        violations_max: Sessions of a version that may break the rules before it is blocked.
    """

    def __init__(
        self,
        tenant_id: TenantId,
        objects: Objects,
        releases: Releases,
        catalogue: Catalogue,
        runner: Runner,
        *,
        spool: Path,
        archive_max_bytes: int,
        violations_max: int,
    ) -> None:
        self._tenant_id = tenant_id
        self._objects = objects
        self._releases = releases
        self._catalogue = catalogue
        self._runner = runner
        self._spool = spool
        self._archive_max_bytes = archive_max_bytes
        self._violations_max = violations_max
        self._turns = asyncio.Semaphore(UPLOADS_AT_ONCE)
        self._refreshing = asyncio.Lock()
        """Held while the catalogue is read, so that an earlier reading cannot replace a later one."""

    async def take_archive(self, archive_sha256: str, pieces: AsyncIterator[bytes]) -> None:
        """Keep an archive of a title or runtime that is what its digest says; nothing of any other is left.

        Raises:
            WireError: ``malformed``, ``too_large``, ``bad_archive``, ``title_blocked`` or ``too_many``.
        """
        check_digest(archive_sha256)
        if await self._releases.is_blocked(self._tenant_id, archive_sha256):
            raise WireError(Reason.TITLE_BLOCKED, "an operator has blocked this archive")
        if self._turns.locked():
            raise WireError(Reason.TOO_MANY, "too many uploads at once; try again in a moment")
        async with self._turns:
            with _spooled(self._spool) as (path, descriptor):
                try:
                    async with asyncio.timeout(UPLOAD_TIMEOUT_S):
                        digest = await self._receive(pieces, descriptor)
                except TimeoutError as error:
                    raise WireError(Reason.BAD_ARCHIVE, "the upload took too long") from error
                if digest != archive_sha256:
                    raise WireError(Reason.BAD_ARCHIVE, "the archive is not the one that its digest names")
                found = await asyncio.to_thread(_examine, path, self._archive_max_bytes)
                if found.artwork_png is not None:
                    await self._objects.create(artwork_key(digest), found.artwork_png)
                await self._objects.create(archive_key(digest), path)
                described = _runtime_key(digest) if found.is_runtime else _manifest_key(digest)
                # Last, since whoever finds it may rely on the others.
                await self._objects.create(described, found.manifest_toml)

    async def publish(
        self, caller: Caller, release: Release, rotations: Sequence[KeyRotation], channel: Channel
    ) -> None:
        """Publish a version whose archive was taken before; what an operator publishes is approved by that.

        Raises:
            WireError: as ``check_release`` and ``Releases.publish``; ``not_found`` if its archive, or that of its
                runtime, was not taken.
        """
        check_release(release)
        if self._catalogue.is_installed(release.title_id):
            raise WireError(Reason.FORBIDDEN, f"{release.title_id} is the id of a title that is installed here")
        text = await self._manifest_text(release)
        await self._check_runtime(_read_manifest(text, release))
        await self._releases.publish(caller, release, rotations, text, channel, approved=caller.is_operator)
        await self.refresh()

    async def check_may_publish(self, caller: Caller, release: Release, rotations: Sequence[KeyRotation]) -> Trust:
        """Say how far a release is trusted that the caller could publish, and whose archive was taken.

        Raises:
            WireError: as ``publish``.
        """
        check_release(release)
        if self._catalogue.is_installed(release.title_id):
            raise WireError(Reason.FORBIDDEN, f"{release.title_id} is the id of a title that is installed here")
        await self._check_runtime(await self.manifest_of(release))
        if await self._releases.is_blocked(self._tenant_id, release.archive_sha256):
            raise WireError(Reason.TITLE_BLOCKED, "an operator has blocked this archive")
        await self._releases.check_publisher(caller, release, rotations)
        approved = caller.is_operator or await self._releases.is_approved(self._tenant_id, release.archive_sha256)
        return Trust.APPROVED if approved else Trust.UNTRUSTED

    async def manifest_of(self, release: Release) -> TitleManifest:
        """Return the manifest of an archive that was taken.

        Raises:
            WireError: ``not_found``, or ``bad_archive`` if it is of another title or version.
        """
        return _read_manifest(await self._manifest_text(release), release)

    async def _manifest_text(self, release: Release) -> str:
        key = _manifest_key(check_digest(release.archive_sha256))
        try:
            return (await self._objects.read(key)).decode()
        except NoSuchObject as error:
            raise WireError(Reason.NOT_FOUND, "upload the archive first") from error

    async def runtime(self, archive_sha256: str) -> tuple[RuntimeManifest, int]:
        """Return what is known of a runtime whose archive was taken, and the archive's bytes.

        Raises:
            WireError: ``malformed`` or ``not_found``.
        """
        text = (await self._objects.read(_runtime_key(check_digest(archive_sha256)))).decode()
        return parse_runtime(text), await self._objects.size(archive_key(archive_sha256))

    async def _check_runtime(self, manifest: TitleManifest) -> None:
        """Raise ``title_blocked``, ``not_found`` or ``bad_archive`` if a title's runtime cannot be had as it says."""
        pin = manifest.runtime
        if not pin.sha256:
            return
        if await self._releases.is_blocked(self._tenant_id, pin.sha256):
            raise WireError(Reason.TITLE_BLOCKED, f"an operator has blocked its runtime {pin}")
        try:
            runtime, archive_bytes = await self.runtime(pin.sha256)
        except NoSuchObject as error:
            raise WireError(Reason.NOT_FOUND, f"upload the archive of its runtime {pin} first") from error
        fault = pin_fault(pin, manifest.python_minor, runtime)
        if archive_bytes != pin.archive_bytes:
            fault = f"runtime.bytes is {pin.archive_bytes}, and the archive of {pin} has {archive_bytes}"
        if fault is not None:
            raise WireError(Reason.BAD_ARCHIVE, fault)

    async def offer(self, caller: Caller, title_id: str, version: str, channel: Channel) -> None:
        """Let a channel offer another published version, for example the one before.

        Raises:
            WireError: ``forbidden``, ``not_found`` or ``bad_state``.
        """
        await self._check_owner(caller, title_id)
        await self._releases.offer(self._tenant_id, title_id, version, channel)
        await self.refresh()

    async def withdraw(self, caller: Caller, title_id: str, version: str) -> None:
        """Offer a version no more.

        Raises:
            WireError: ``forbidden`` or ``not_found``.
        """
        await self._check_owner(caller, title_id)
        await self._releases.withdraw(self._tenant_id, title_id, version)
        await self.refresh()

    async def approve(self, archive_sha256: str) -> None:
        """Let players be offered a version.

        Raises:
            WireError: ``malformed`` or ``not_found``.
        """
        await self._releases.approve(self._tenant_id, check_digest(archive_sha256))
        await self.refresh()

    async def block(self, archive_sha256: str) -> None:
        """Let nobody start a version, and end the sessions that run it.

        Raises:
            WireError: ``malformed``.
        """
        await self._releases.block(self._tenant_id, check_digest(archive_sha256))
        await self.refresh()

    async def reports(self, caller: Caller, title_id: str) -> TitleReports:
        """Return what there is to tell of a title's sessions.

        Raises:
            WireError: ``forbidden`` or ``not_found``.
        """
        await self._check_owner(caller, title_id)
        return await self._releases.reports(self._tenant_id, title_id)

    async def refresh(self) -> None:
        """Read anew what may be started and what is blocked; sessions of a blocked version end.

        Versions that broke the rules too often are blocked first.
        """
        async with self._refreshing:
            await self._releases.block_violators(self._tenant_id, self._violations_max)
            blocked = await self._releases.blocked(self._tenant_id)
            offered = await self._releases.offered(self._tenant_id)
            self._catalogue.offer([each for each in offered if each.manifest.runtime.sha256 not in blocked])
            await self._runner.run(lambda now: _end_sessions_of(self._runner.coordinator, blocked, now))

    async def follow(self) -> None:
        """Take up what other replicas were told, and block what broke the rules, until cancelled."""
        while True:
            await asyncio.sleep(FOLLOW_EVERY_S)
            try:
                await self.refresh()
            except (SQLAlchemyError, OSError, Unavailable) as error:
                log.error("catalogue_not_read", error=type(error).__name__)
            except Exception:
                # One version's fault must not keep all others from being offered, withdrawn or blocked.
                log.exception("catalogue_not_read")

    async def stream(self, archive_sha256: str) -> AsyncIterator[bytes]:
        """Return an archive in pieces, for a node.

        Raises:
            WireError: ``malformed``, ``not_found`` or ``title_blocked``.
        """
        if await self._releases.is_blocked(self._tenant_id, check_digest(archive_sha256)):
            raise WireError(Reason.TITLE_BLOCKED, "an operator has blocked this archive")
        return await self._objects.stream(archive_key(archive_sha256))

    async def _check_owner(self, caller: Caller, title_id: str) -> None:
        owner = await self._releases.publisher_of(self._tenant_id, title_id)
        if owner is None:
            raise WireError(Reason.NOT_FOUND, f"{title_id} was never published here")
        if owner != caller.player_id and not caller.is_operator:
            raise WireError(Reason.FORBIDDEN, f"the title {title_id} belongs to another publisher")

    async def _receive(self, pieces: AsyncIterator[bytes], descriptor: int) -> str:
        size, digest = 0, hashlib.sha256()
        async for piece in pieces:
            size += len(piece)
            if size > self._archive_max_bytes:
                raise WireError(Reason.TOO_LARGE, f"an archive may have {self._archive_max_bytes} bytes here")
            digest.update(piece)
            await asyncio.to_thread(_write_all, descriptor, piece)
        return digest.hexdigest()


def _read_manifest(text: str, release: Release) -> TitleManifest:
    manifest = parse_manifest(text)
    if (manifest.id, manifest.version) != (release.title_id, release.version):
        raise WireError(Reason.BAD_ARCHIVE, f"the archive says that it is {manifest.id} {manifest.version}")
    return manifest


@contextmanager
def _spooled(folder: Path) -> Iterator[tuple[Path, int]]:
    """Give a new file and its descriptor; it is gone after the block."""
    descriptor, name = tempfile.mkstemp(dir=folder)
    try:
        yield Path(name), descriptor
    finally:
        os.close(descriptor)
        os.unlink(name)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _examine(path: Path, max_bytes: int) -> _Examined:
    with open(path, "rb") as file:
        index = read_index(file, max_bytes=max_bytes)
        for entry in index.entries:
            for _ in read_content(file, entry):
                pass
        if holds_runtime(index):
            read_runtime(file, index)
            return _Examined(True, _content(file, index, RUNTIME_FILE))
        artwork = read_manifest(file, index).about.artwork
        png = reencode(_content(file, index, artwork)).png if artwork else None
        return _Examined(False, _content(file, index, MANIFEST_FILE), png)


def _content(file: BinaryIO, index: Index, name: str) -> bytes:
    entry = index.find(name)
    assert entry is not None
    return b"".join(read_content(file, entry))


def _end_sessions_of(coordinator: Coordinator, blocked: AbstractSet[str], now: float) -> None:
    for session in list(coordinator.live_sessions()):
        if not blocked.isdisjoint(session.title.fetched()):
            coordinator.end_session(session.session_id, Reason.TITLE_BLOCKED, now)
