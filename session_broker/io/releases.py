"""Published versions of titles in SQL: publishing, keys, what is offered, withdrawn, approved and blocked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import Row, and_, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from session_broker.core.sign_in import Caller
from session_broker.io import tables
from session_broker.io.clock import wall_ms
from session_broker.io.session_rows import release_of
from session_broker.io.store import manifest_json
from session_broker.io.title_reports import TitleReports, read_reports
from session_broker.io.violations import block_violators, count_violations
from title_archive.signing import follow
from wire.errors import Reason, WireError
from wire.ids import TenantId
from wire.manifest_reader import ManifestError
from wire.title_manifest import TitleManifest, parse_manifest
from wire.title_release import Channel, KeyRotation, Release

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class PublishedVersion:
    """A version, as publishers and operators see it; times in milliseconds since 1970."""

    release: Release
    published_at_ms: int
    approved_at_ms: int | None
    withdrawn_at_ms: int | None
    blocked: bool
    channels: tuple[Channel, ...]
    """Channels that offer it now."""
    violations: int = 0
    """Sessions that broke the rules since it was approved."""


@dataclass(frozen=True, slots=True)
class OfferedVersion:
    """A version that may be started by those whom a channel is for."""

    channel: Channel
    manifest: TitleManifest
    release: Release


class Releases:
    """Reads and writes published versions of one database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._manifests: dict[str, TitleManifest | None] = {}
        """Of what is offered, by the archive's digest; None is one that cannot be read."""

    async def publish(
        self,
        caller: Caller,
        release: Release,
        rotations: Sequence[KeyRotation],
        manifest_toml: str,
        channel: Channel,
        *,
        approved: bool,
    ) -> None:
        """Take a version in and offer it from now on; one that was published before only changes its channel.

        Args:
            caller: The publisher.
            release: Whose signature was checked, and whose archive lies with the objects.
            rotations: Changes of key, if the title is bound to an earlier one.
            manifest_toml: The archive's manifest, without faults.
            channel: Whom it is offered to.
            approved: Whether players may be offered it at once.

        Raises:
            WireError: ``forbidden`` if the title is another account's, ``bad_signature`` if it is bound to another
                key, ``version_exists``, ``title_blocked``, or ``bad_state`` if it was withdrawn.
        """
        at_ms, tenant, title_id = wall_ms(), caller.tenant_id, release.title_id
        try:
            async with self._engine.begin() as connection:
                if await _is_blocked(connection, tenant, release.archive_sha256):
                    raise WireError(Reason.TITLE_BLOCKED, "an operator has blocked this archive")
                await _own(connection, caller, release, rotations, at_ms)
                known = await _find(connection, tenant, title_id, release.version)
                if known is not None and known.archive_sha256 != release.archive_sha256:
                    raise _exists(release)
                if known is None:
                    manifest = parse_manifest(manifest_toml)
                    await _insert(connection, tenant, release, manifest, manifest_toml, at_ms, approved=approved)
                if known is not None and known.withdrawn_at_ms is not None:
                    raise _withdrawn(title_id, release.version)
                await _offer(connection, tenant, title_id, release.version, channel, at_ms)
        except IntegrityError as error:
            raise _exists(release) from error

    async def versions(self, tenant_id: TenantId, title_id: str | None = None) -> list[PublishedVersion]:
        """Return published versions, newest first, of one title or of all."""
        async with self._engine.connect() as connection:
            return [version for version, _ in await _read(connection, tenant_id, title_id)]

    async def offered(self, tenant_id: TenantId) -> list[OfferedVersion]:
        """Return what may be started: approved, neither withdrawn nor blocked, with a manifest that can be read."""
        async with self._engine.connect() as connection:
            versions = await _read(connection, tenant_id, None)
        offered: list[OfferedVersion] = []
        before, self._manifests = self._manifests, {}
        for version, manifest_toml in versions:
            if version.approved_at_ms is None or version.blocked or not version.channels:
                continue
            digest = version.release.archive_sha256
            manifest = before[digest] if digest in before else _manifest(version.release, manifest_toml)
            self._manifests[digest] = manifest
            if manifest is not None:
                offered += [OfferedVersion(channel, manifest, version.release) for channel in version.channels]
        return offered

    async def offer(self, tenant_id: TenantId, title_id: str, version: str, channel: Channel) -> None:
        """Let a channel offer another published version from now on.

        Raises:
            WireError: ``not_found``, or ``bad_state`` if it was withdrawn.
        """
        async with self._engine.begin() as connection:
            row = await _find(connection, tenant_id, title_id, version)
            if row is None:
                raise _unknown(title_id, version)
            if row.withdrawn_at_ms is not None:
                raise _withdrawn(title_id, version)
            await _offer(connection, tenant_id, title_id, version, channel, wall_ms())

    async def withdraw(self, tenant_id: TenantId, title_id: str, version: str) -> None:
        """Offer a version no more, for good; sessions that run it go on.

        Raises:
            WireError: ``not_found``.
        """
        table, channel = tables.title_release, tables.title_channel
        async with self._engine.begin() as connection:
            if await _find(connection, tenant_id, title_id, version) is None:
                raise _unknown(title_id, version)
            await connection.execute(
                update(table)
                .where(*_is(table, tenant_id, title_id, version), table.c.withdrawn_at_ms.is_(None))
                .values(withdrawn_at_ms=wall_ms())
            )
            await connection.execute(channel.delete().where(*_is(channel, tenant_id, title_id, version)))

    async def approve(self, tenant_id: TenantId, archive_sha256: str) -> None:
        """Let players be offered a version, and lift its block; what its sessions did before counts no more.

        Raises:
            WireError: ``not_found`` if nothing of that digest was published.
        """
        table, blocked = tables.title_release, tables.blocked_archive
        here = and_(table.c.tenant_id == tenant_id, table.c.archive_sha256 == archive_sha256)
        async with self._engine.begin() as connection:
            approved = update(table).where(here).values(approved_at_ms=wall_ms())
            lifted = blocked.delete().where(
                blocked.c.tenant_id == tenant_id, blocked.c.archive_sha256 == archive_sha256
            )
            # A runtime is approved with each title on it, but may have been blocked.
            touched = [(await connection.execute(each)).rowcount for each in (approved, lifted)]
            if not any(touched):
                raise WireError(Reason.NOT_FOUND, "nothing of this digest was published or blocked here")

    async def block(self, tenant_id: TenantId, archive_sha256: str) -> None:
        """Let nobody start or publish an archive; one that was never published as well."""
        async with self._engine.begin() as connection:
            if not await _is_blocked(connection, tenant_id, archive_sha256):
                row = {"tenant_id": tenant_id, "archive_sha256": archive_sha256, "blocked_at_ms": wall_ms()}
                await connection.execute(insert(tables.blocked_archive).values(row))

    async def block_violators(self, tenant_id: TenantId, most: int) -> None:
        """Block versions of which more sessions than ``most`` broke the rules since they were approved."""
        try:
            async with self._engine.begin() as connection:
                news = await block_violators(connection, tenant_id, most, wall_ms())
        except IntegrityError:
            return  # Another replica did; what is left over is blocked at the next look.
        for digest, count in news.items():
            _log.error("version_blocked", archive_sha256=digest, violations=count)

    async def blocked(self, tenant_id: TenantId) -> set[str]:
        """Return the digests of all blocked archives."""
        table = tables.blocked_archive
        async with self._engine.connect() as connection:
            rows = await connection.execute(select(table.c.archive_sha256).where(table.c.tenant_id == tenant_id))
            return set(rows.scalars())

    async def is_blocked(self, tenant_id: TenantId, archive_sha256: str) -> bool:
        """Tell whether an archive is blocked."""
        async with self._engine.connect() as connection:
            return await _is_blocked(connection, tenant_id, archive_sha256)

    async def is_approved(self, tenant_id: TenantId, archive_sha256: str) -> bool:
        """Tell whether an archive was published and approved."""
        table = tables.title_release
        query = select(table.c.title_id).where(
            table.c.tenant_id == tenant_id,
            table.c.archive_sha256 == archive_sha256,
            table.c.approved_at_ms.is_not(None),
        )
        async with self._engine.connect() as connection:
            return (await connection.execute(query)).first() is not None

    async def check_publisher(self, caller: Caller, release: Release, rotations: Sequence[KeyRotation]) -> None:
        """Check that the caller could publish a release: its title is theirs, or nobody's yet.

        Raises:
            WireError: ``forbidden`` or ``bad_signature``.
        """
        async with self._engine.connect() as connection:
            table = tables.title_publisher
            here = and_(table.c.tenant_id == caller.tenant_id, table.c.title_id == release.title_id)
            row = (await connection.execute(select(table).where(here))).first()
        if row is not None:
            _steps_to_key(row, caller, release, rotations)

    async def reports(self, tenant_id: TenantId, title_id: str) -> TitleReports:
        """Return what there is to tell of a title's sessions."""
        return await read_reports(self._engine, tenant_id, title_id)

    async def publisher_of(self, tenant_id: TenantId, title_id: str) -> str | None:
        """Return whose account a title belongs to, None if it was never published."""
        table = tables.title_publisher
        query = select(table.c.player_id).where(table.c.tenant_id == tenant_id, table.c.title_id == title_id)
        async with self._engine.connect() as connection:
            found: str | None = await connection.scalar(query)
            return found


def _is(table: Any, tenant_id: str, title_id: str, version: str) -> tuple[Any, ...]:
    return table.c.tenant_id == tenant_id, table.c.title_id == title_id, table.c.version == version


async def _is_blocked(connection: AsyncConnection, tenant_id: str, archive_sha256: str) -> bool:
    table = tables.blocked_archive
    query = select(table.c.archive_sha256).where(
        table.c.tenant_id == tenant_id, table.c.archive_sha256 == archive_sha256
    )
    return (await connection.execute(query)).first() is not None


async def _find(connection: AsyncConnection, tenant_id: str, title_id: str, version: str) -> Row[Any] | None:
    table = tables.title_release
    return (await connection.execute(select(table).where(*_is(table, tenant_id, title_id, version)))).first()


async def _own(
    connection: AsyncConnection, caller: Caller, release: Release, rotations: Sequence[KeyRotation], at_ms: int
) -> None:
    """Bind a title to its first publisher's account and key, later to the key that the bound one passed it on to."""
    title, table, rotated = tables.title, tables.title_publisher, tables.title_key_rotation
    whose = {"tenant_id": caller.tenant_id, "title_id": release.title_id}
    here = and_(table.c.tenant_id == caller.tenant_id, table.c.title_id == release.title_id)
    row = (await connection.execute(select(table).where(here).with_for_update())).first()
    if row is None:
        known = select(title.c.id).where(title.c.tenant_id == caller.tenant_id, title.c.id == release.title_id)
        if (await connection.execute(known)).first() is None:
            named = {"tenant_id": caller.tenant_id, "id": release.title_id, "created_at_ms": at_ms}
            await connection.execute(insert(title).values(named))
        pinned = {"player_id": caller.player_id, "key": release.key, "pinned_at_ms": at_ms}
        await connection.execute(insert(table).values({**whose, **pinned}))
        return
    for step in _steps_to_key(row, caller, release, rotations):
        proof = {"old_key": step.old_key, "new_key": step.new_key, "signature": step.signature, "taken_at_ms": at_ms}
        await connection.execute(insert(rotated).values({**whose, **proof}))
    await connection.execute(update(table).where(here).values(key=release.key))


def _steps_to_key(
    row: Row[Any], caller: Caller, release: Release, rotations: Sequence[KeyRotation]
) -> Sequence[KeyRotation]:
    """Return the changes from the key that a title is bound to, of which the caller must be the publisher."""
    if row.player_id != caller.player_id and not caller.is_operator:
        raise WireError(Reason.FORBIDDEN, f"the title {release.title_id} belongs to another publisher")
    return follow(row.key, release.key, rotations)


async def _insert(
    connection: AsyncConnection,
    tenant_id: str,
    release: Release,
    manifest: TitleManifest,
    manifest_toml: str,
    at_ms: int,
    *,
    approved: bool,
) -> None:
    version = {"tenant_id": tenant_id, "title_id": release.title_id, "version": release.version}
    described = {"kind": manifest.kind, "manifest": manifest_json(manifest), "created_at_ms": at_ms}
    await connection.execute(insert(tables.title_version).values({**version, **described}))
    row = {
        "archive_sha256": release.archive_sha256, "archive_bytes": release.archive_bytes, "key": release.key,
        "signature": release.signature, "manifest_toml": manifest_toml, "published_at_ms": at_ms,
        "approved_at_ms": at_ms if approved else None,
    }  # fmt: skip
    await connection.execute(insert(tables.title_release).values({**version, **row}))


async def _offer(
    connection: AsyncConnection, tenant_id: str, title_id: str, version: str, channel: Channel, at_ms: int
) -> None:
    table = tables.title_channel
    here = and_(table.c.tenant_id == tenant_id, table.c.title_id == title_id, table.c.channel == channel)
    moved = await connection.execute(update(table).where(here).values(version=version, moved_at_ms=at_ms))
    if moved.rowcount == 0:
        row = {"tenant_id": tenant_id, "title_id": title_id, "channel": str(channel), "version": version}
        await connection.execute(insert(table).values({**row, "moved_at_ms": at_ms}))


async def _read(
    connection: AsyncConnection, tenant_id: str, title_id: str | None
) -> list[tuple[PublishedVersion, str]]:
    """Return versions with the text of their manifests."""
    table, channel, blocked = tables.title_release, tables.title_channel, tables.blocked_archive
    offering: dict[tuple[str, str], list[Channel]] = {}
    channels = select(channel).where(channel.c.tenant_id == tenant_id).order_by(channel.c.channel)
    for row in await connection.execute(channels):
        offering.setdefault((row.title_id, row.version), []).append(Channel(row.channel))
    digests = select(blocked.c.archive_sha256).where(blocked.c.tenant_id == tenant_id)
    stopped = set((await connection.execute(digests)).scalars())
    query = select(table).where(table.c.tenant_id == tenant_id)
    if title_id is not None:
        query = query.where(table.c.title_id == title_id)
    query = query.order_by(table.c.title_id, table.c.published_at_ms.desc(), table.c.version)
    violations = await count_violations(connection, tenant_id)
    return [
        (_published(row, offering.get((row.title_id, row.version), ()), stopped, violations), row.manifest_toml)
        for row in await connection.execute(query)
    ]


def _manifest(release: Release, manifest_toml: str) -> TitleManifest | None:
    try:
        return parse_manifest(manifest_toml)
    except ManifestError as error:  # Its publisher wrote it for another version of Farplay.
        _log.error("manifest_not_read", title_id=release.title_id, version=release.version, error=str(error))
        return None


def _published(
    row: Row[Any], channels: Iterable[Channel], stopped: Collection[str], violations: Mapping[str, int]
) -> PublishedVersion:
    return PublishedVersion(
        release_of(row), row.published_at_ms, row.approved_at_ms, row.withdrawn_at_ms,
        row.archive_sha256 in stopped, tuple(channels), violations.get(row.archive_sha256, 0),
    )  # fmt: skip


def _exists(release: Release) -> WireError:
    words = f"{release.title_id} {release.version} is known here already and never changes; publish a new version"
    return WireError(Reason.VERSION_EXISTS, words)


def _unknown(title_id: str, version: str) -> WireError:
    return WireError(Reason.NOT_FOUND, f"{title_id} {version} was never published here")


def _withdrawn(title_id: str, version: str) -> WireError:
    return WireError(Reason.BAD_STATE, f"{title_id} {version} was withdrawn")
