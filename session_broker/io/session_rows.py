"""Reading live sessions with all that belongs to their tables back from SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from sqlalchemy import BindParameter, Row, Select, Table, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from session_broker.core.fleet import Needs
from session_broker.core.placement_table import ON_NODE
from session_broker.core.records import Admission, CatalogueTitle, Invitation, Participant, Placement, Session
from session_broker.io import tables
from wire.errors import Reason
from wire.ids import NodeId, ParticipantId, PlayerId, SessionId, TenantId, TitleId
from wire.runtime_manifest import RuntimePin
from wire.session_control import InvitationKind, Role, SessionState
from wire.title_about import TitleAbout
from wire.title_manifest import TitleManifest
from wire.title_release import Release
from wire.tracing import parse_traceparent
from wire.worker_control import PlacementState

_SESSION_ID: BindParameter[str] = bindparam("session_id")
_placed, _invitation, _participant = tables.placement.c, tables.invitation.c, tables.participant.c
_PLACED = select(tables.placement).where(
    _placed.session_id == _SESSION_ID, _placed.epoch == bindparam("epoch"), _placed.state.in_(ON_NODE)
)
_INVITED = (
    select(tables.invitation)
    .where(_invitation.session_id == _SESSION_ID)
    .order_by(_invitation.created_at_ms, _invitation.id)
)
_ADMITTED = select(tables.admission).where(tables.admission.c.session_id == _SESSION_ID)
_CAME = select(tables.participant).where(_participant.session_id == _SESSION_ID).order_by(_participant.number)


async def load_session(
    connection: AsyncConnection, row: Row[Any], titles: Mapping[TitleId, CatalogueTitle]
) -> Session:
    """Return the session of a row, with its placement and table; titles that are gone come from the catalogue."""
    title = titles.get(TitleId(row.title_id))
    if title is None or title.version != row.title_version:
        title = await _stored_title(connection, row)
    session = Session(
        SessionId(row.id),
        TenantId(row.tenant_id),
        PlayerId(row.player_id),
        title,
        SessionState(row.state),
        Reason(row.reason) if row.reason else None,
        row.detail,
        row.epoch,
        queued_at_ms=row.queued_at_ms,
        priority=row.priority,
        options=dict(row.options),
        round_trips_ms=dict(row.round_trips_ms),
        trace=parse_traceparent(row.traceparent),
        running_since_ms=row.running_since_at_ms,
    )
    # One that waits after its node was lost is nowhere.
    for placed in await connection.execute(_PLACED, {"session_id": row.id, "epoch": row.epoch}):
        session.placement = Placement(placed.epoch, NodeId(placed.node_id), PlacementState(placed.state))
    await _load_table(connection, session)
    return session


async def _load_table(connection: AsyncConnection, session: Session) -> None:
    """Read who may come, and who is at the table; spectators without an invitation join anew with their sockets."""
    of = {"session_id": session.session_id}
    for row in await connection.execute(_INVITED, of):
        session.invitations[row.id] = Invitation(
            row.id, row.code_sha256, InvitationKind(row.kind), row.expires_at_ms, row.revoked_at_ms is not None,
            PlayerId(row.used_by) if row.used_by else None,
        )  # fmt: skip
    for row in await connection.execute(_ADMITTED, of):
        session.admissions[PlayerId(row.player_id)] = admission_of(row)
    for row in await connection.execute(_CAME, of):
        session.next_number = max(session.next_number, row.number + 1)
        known = session.admissions.get(PlayerId(row.player_id))
        if row.left_at_ms is not None:
            session.dismissed.append(ParticipantId(row.id))
        elif row.role == Role.PLAYER or known is not None:
            session.participants[ParticipantId(row.id)] = Participant(
                ParticipantId(row.id), PlayerId(row.player_id), row.number, Role(row.role), tuple(row.seats),
                known is not None and known.guest,
            )  # fmt: skip


def admission_of(row: Row[Any]) -> Admission:
    """Return what the core knows of somebody who may come to a table."""
    barred = row.barred_at_ms is not None
    return Admission(PlayerId(row.player_id), row.invitation_id, Role(row.role), row.guest, barred)


_MANIFEST_FIELDS = {field.name for field in fields(TitleManifest)}
"""Those that are known now: an earlier Farplay may have stored others."""


async def _stored_title(connection: AsyncConnection, row: Row[Any]) -> CatalogueTitle:
    """Return the title of a session whose title, or version of it, is no longer in the catalogue."""
    manifest = (await connection.execute(_version_of(row, tables.title_version))).one().manifest
    needs = {key: value for key, value in manifest.get("about", {}).items() if key in ("gpu", "memory_mib")}
    parts = {"about": TitleAbout(**needs), "runtime": RuntimePin(**manifest.get("runtime", {}))}
    known = TitleManifest(**{key: value for key, value in manifest.items() if key in _MANIFEST_FIELDS} | parts)
    published = (await connection.execute(_version_of(row, tables.title_release))).first()
    return catalogue_title(known, None if published is None else release_of(published))


def _version_of(session: Row[Any], table: Table) -> Select[Any]:
    """Return the query for a session's version in a table of versions."""
    here = (table.c.tenant_id, table.c.title_id, table.c.version)
    wanted = (session.tenant_id, session.title_id, session.title_version)
    return select(table).where(*(column == value for column, value in zip(here, wanted, strict=True)))


def release_of(row: Row[Any]) -> Release:
    """Return the signed release of a published version's row."""
    return Release(row.title_id, row.version, row.archive_sha256, row.archive_bytes, row.key, row.signature)


def catalogue_title(manifest: TitleManifest, release: Release | None = None) -> CatalogueTitle:
    """Return what the core knows of a title, with its release if it was published."""
    return CatalogueTitle(
        TitleId(manifest.id),
        manifest.version,
        manifest.kind,
        dict(manifest.names),
        manifest.width_px,
        manifest.height_px,
        manifest.fps,
        manifest.players_max,
        Needs(manifest.about.gpu, manifest.about.memory_mib, manifest.python_minor),
        release,
        manifest.options,
        manifest.runtime,
    )
