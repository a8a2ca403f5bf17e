"""Sessions, placements, participants, history, titles and nodes in SQL: writing effects, reading what lives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Row, Table, and_, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from session_broker.core.effects import (
    AppendEvent,
    SaveAdmission,
    SaveInvitation,
    SaveNode,
    SaveParticipant,
    SavePlacement,
    SaveSession,
    Write,
)
from session_broker.core.fleet import Needs
from session_broker.core.node_table import NodeState
from session_broker.core.records import Admission, CatalogueTitle, Invitation, Node, Participant, Placement, Session
from session_broker.io import tables
from session_broker.io.clock import wall_ms
from wire.errors import Reason
from wire.ids import NodeId, ParticipantId, PlayerId, SessionId, TenantId, TitleId
from wire.session_control import InvitationKind, Role, SessionState
from wire.title_manifest import TitleManifest
from wire.worker_control import PlacementState

SESSIONS_LISTED = 50
"""Newest sessions that a player's list shows."""


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A session's row."""

    session_id: SessionId
    player_id: PlayerId
    title_id: str
    state: SessionState
    reason: Reason | None
    detail: str


class Store:
    """Reads and writes of the coordinator's tables. Holds no state of its own."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def ping(self) -> None:
        """Ask the database for nothing; raises if it does not answer."""
        async with self._engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def apply(self, writes: Sequence[Write]) -> None:
        """Do all writes in one transaction, in order. Doing them again after a failure changes nothing."""
        at_ms = wall_ms()
        async with self._engine.begin() as connection:
            for write in writes:
                await _apply(connection, write, at_ms)

    async def read_session(self, session_id: str) -> StoredSession | None:
        """Return a session, live or ended."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(select(tables.session).where(tables.session.c.id == session_id))
            row = rows.first()
        return _stored(row) if row is not None else None

    async def sessions_of(self, player_id: PlayerId) -> list[StoredSession]:
        """Return a player's newest sessions, newest first."""
        table = tables.session
        query = select(table).where(table.c.player_id == player_id)
        query = query.order_by(table.c.created_at_ms.desc(), table.c.id).limit(SESSIONS_LISTED)
        async with self._engine.connect() as connection:
            return [_stored(row) for row in await connection.execute(query)]

    async def last_played(self, player_id: PlayerId) -> dict[str, int]:
        """Return, by title, when a player's newest session of it last changed, in milliseconds since 1970.

        Sessions that never got a node do not count.
        """
        table = tables.session
        played = table.c.player_id == player_id, table.c.epoch > 0
        query = (
            select(table.c.title_id, func.max(table.c.changed_at_ms).label("at_ms"))
            .where(*played)
            .group_by(table.c.title_id)
        )
        async with self._engine.connect() as connection:
            return {row.title_id: row.at_ms for row in await connection.execute(query)}

    async def sync_titles(self, tenant_id: TenantId, manifests: Iterable[TitleManifest]) -> None:
        """Make the catalogue hold these titles; what was there before stays for the sessions that name it."""
        at_ms = wall_ms()
        async with self._engine.begin() as connection:
            for manifest in manifests:
                key = {"tenant_id": tenant_id, "id": manifest.id}
                await _put(connection, tables.title, key, {}, {"created_at_ms": at_ms})
                version = {"tenant_id": tenant_id, "title_id": manifest.id, "version": manifest.version}
                values = {"kind": manifest.kind, "manifest": _manifest_json(manifest)}
                await _put(connection, tables.title_version, version, values, {"created_at_ms": at_ms})

    async def load_nodes(self) -> list[Node]:
        """Return every node that ever enrolled; a revoked one still names its old sessions."""
        async with self._engine.connect() as connection:
            rows = list(await connection.execute(select(tables.node)))
        return [
            Node(NodeId(row.id), TenantId(row.tenant_id), row.name, row.slots, NodeState.REGISTERING) for row in rows
        ]

    async def load_live(self, titles: Mapping[TitleId, CatalogueTitle]) -> list[Session]:
        """Return the sessions that have not ended, in the order in which they were made."""
        table = tables.session
        query = select(table).where(table.c.ended_at_ms.is_(None)).order_by(table.c.created_at_ms, table.c.id)
        async with self._engine.connect() as connection:
            rows = list(await connection.execute(query))
            return [await _load_session(connection, row, titles) for row in rows]


def _manifest_json(manifest: TitleManifest) -> dict[str, Any]:
    return {**asdict(manifest), "names": dict(manifest.names), "arguments": list(manifest.arguments)}


async def _put(
    connection: AsyncConnection,
    table: Table,
    key: Mapping[str, Any],
    values: Mapping[str, Any],
    first: Mapping[str, Any],
) -> None:
    """Update a row, or insert it with ``first`` added. One writer per row, so the two steps cannot race."""
    here = and_(*(table.c[name] == value for name, value in key.items()))
    changed = await connection.execute(update(table).where(here).values(values or key))
    if changed.rowcount == 0:
        await connection.execute(insert(table).values({**first, **values, **key}))


async def _apply(connection: AsyncConnection, write: Write, at_ms: int) -> None:
    match write:
        case SaveSession():
            ended_at_ms = at_ms if write.state is SessionState.ENDED else None
            values = {"state": write.state, "reason": write.reason, "detail": write.detail, "epoch": write.epoch}
            first = {
                "tenant_id": write.tenant_id, "player_id": write.player_id, "title_id": write.title_id,
                "title_version": write.title_version, "created_at_ms": at_ms,
            }  # fmt: skip
            changed = {**values, "changed_at_ms": at_ms, "ended_at_ms": ended_at_ms}
            await _put(connection, tables.session, {"id": write.session_id}, changed, first)
        case SavePlacement():
            key = {"session_id": write.session_id, "epoch": write.epoch}
            values = {"state": write.state, "reason": write.reason, "changed_at_ms": at_ms}
            first = {"tenant_id": write.tenant_id, "node_id": write.node_id, "created_at_ms": at_ms}
            await _put(connection, tables.placement, key, values, first)
        case SaveParticipant():
            first = {
                "tenant_id": write.tenant_id, "session_id": write.session_id, "player_id": write.player_id,
                "number": write.number, "joined_at_ms": at_ms,
            }  # fmt: skip
            left_at_ms = at_ms if write.left else None
            now = {"role": write.role, "seats": list(write.seats), "left_at_ms": left_at_ms}
            await _put(connection, tables.participant, {"id": write.participant_id}, now, first)
        case SaveInvitation():
            first = {
                "tenant_id": write.tenant_id, "session_id": write.session_id, "code_sha256": write.code_sha256,
                "kind": write.kind, "created_at_ms": at_ms, "expires_at_ms": write.expires_at_ms,
            }  # fmt: skip
            values = {"used_by": write.used_by, "revoked_at_ms": at_ms if write.revoked else None}
            await _put(connection, tables.invitation, {"id": write.invitation_id}, values, first)
        case SaveAdmission():
            key = {"session_id": write.session_id, "player_id": write.player_id}
            values = {
                "invitation_id": write.invitation_id, "role": write.role,
                "barred_at_ms": at_ms if write.barred else None,
            }  # fmt: skip
            first = {"tenant_id": write.tenant_id, "guest": write.guest, "admitted_at_ms": at_ms}
            await _put(connection, tables.admission, key, values, first)
        case SaveNode():
            node = {"state": write.state, "name": write.name, "slots": write.slots, "changed_at_ms": at_ms}
            await connection.execute(update(tables.node).where(tables.node.c.id == write.node_id).values(node))
        case AppendEvent():
            row = {
                "tenant_id": write.tenant_id, "session_id": write.session_id, "happened_at_ms": at_ms,
                "event": write.event, "reason": write.reason, "data": dict(write.data),
            }  # fmt: skip
            await connection.execute(insert(tables.session_event).values(row))


def _stored(row: Row[Any]) -> StoredSession:
    reason = Reason(row.reason) if row.reason else None
    return StoredSession(
        SessionId(row.id), PlayerId(row.player_id), row.title_id, SessionState(row.state), reason, row.detail
    )


async def _load_session(
    connection: AsyncConnection, row: Row[Any], titles: Mapping[TitleId, CatalogueTitle]
) -> Session:
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
    )
    placements = select(tables.placement).where(
        tables.placement.c.session_id == row.id, tables.placement.c.epoch == row.epoch
    )
    for placed in await connection.execute(placements):
        session.placement = Placement(placed.epoch, NodeId(placed.node_id), PlacementState(placed.state))
    await _load_table(connection, session)
    return session


async def _load_table(connection: AsyncConnection, session: Session) -> None:
    """Read who may come, and who is at the table; spectators without an invitation join anew with their sockets."""
    invitation, admission, participant = tables.invitation, tables.admission, tables.participant
    invited = select(invitation).where(invitation.c.session_id == session.session_id)
    for row in await connection.execute(invited.order_by(invitation.c.created_at_ms, invitation.c.id)):
        session.invitations[row.id] = Invitation(
            row.id, row.code_sha256, InvitationKind(row.kind), row.expires_at_ms, row.revoked_at_ms is not None,
            PlayerId(row.used_by) if row.used_by else None,
        )  # fmt: skip
    for row in await connection.execute(select(admission).where(admission.c.session_id == session.session_id)):
        player_id, barred = PlayerId(row.player_id), row.barred_at_ms is not None
        session.admissions[player_id] = Admission(player_id, row.invitation_id, Role(row.role), row.guest, barred)
    came = select(participant).where(participant.c.session_id == session.session_id)
    for row in await connection.execute(came.order_by(participant.c.number)):
        session.next_number = max(session.next_number, row.number + 1)
        known = session.admissions.get(PlayerId(row.player_id))
        if row.left_at_ms is not None:
            session.dismissed.append(ParticipantId(row.id))
        elif row.role == Role.PLAYER or known is not None:
            session.participants[ParticipantId(row.id)] = Participant(
                ParticipantId(row.id), PlayerId(row.player_id), row.number, Role(row.role), tuple(row.seats),
                known is not None and known.guest,
            )  # fmt: skip


async def _stored_title(connection: AsyncConnection, row: Row[Any]) -> CatalogueTitle:
    """Return the title of a session whose title, or version of it, is no longer in the catalogue."""
    table = tables.title_version
    query = select(table.c.manifest).where(
        table.c.tenant_id == row.tenant_id, table.c.title_id == row.title_id, table.c.version == row.title_version
    )
    manifest = (await connection.execute(query)).scalar_one()
    return catalogue_title(TitleManifest(**{key: value for key, value in manifest.items() if key != "about"}))


def catalogue_title(manifest: TitleManifest) -> CatalogueTitle:
    """Return what the core knows of a title."""
    return CatalogueTitle(
        TitleId(manifest.id),
        manifest.version,
        manifest.kind,
        dict(manifest.names),
        manifest.width_px,
        manifest.height_px,
        manifest.fps,
        manifest.players_max,
        Needs(manifest.about.gpu, manifest.about.memory_mib),
    )
