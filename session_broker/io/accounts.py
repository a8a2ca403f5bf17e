"""Who is who, in SQL: the tenant and its owner, sign-in links, signed-in browsers, enrolled nodes."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from session_broker.core.device_label import DeviceLabel
from session_broker.core.node_table import NodeState
from session_broker.core.sign_in import (
    BROWSER_SESSION_TTL_MS,
    GUEST_SESSION_TTL_MS,
    LINK_TTL_MS,
    SEEN_EVERY_MS,
    Caller,
    PlayerRole,
    SignInLink,
    check_link,
)
from session_broker.core.tickets import TOKEN_RANDOM_BYTES, digest, make_token
from session_broker.io import tables
from session_broker.io.clock import wall_ms
from session_broker.io.database import single_statements
from wire.errors import Reason, WireError
from wire.ids import ID_RANDOM_BYTES, NodeId, PlayerId, SessionId, TenantId, make_id

_OWNER_ROLES = [
    str(role) for role in (PlayerRole.OWNER, PlayerRole.OPERATOR, PlayerRole.DEVELOPER, PlayerRole.PLAYER)
]

ENROL_AGAIN_MS = 60_000
"""For how long after its first use an enrolment token still works."""

_seen, _who, _profile, _guest = tables.browser_session, tables.player, tables.player_profile, tables.guest
_CALLER = (
    select(
        _who.c.id, _who.c.tenant_id, _who.c.roles, _profile.c.display_name, _guest.c.session_id,
        _seen.c.id.label("device_id"), _seen.c.seen_at_ms,
    )
    .select_from(
        _seen.join(_who, _seen.c.player_id == _who.c.id)
        .outerjoin(_profile, _profile.c.player_id == _who.c.id)
        .outerjoin(_guest, _guest.c.player_id == _who.c.id)
    )
    .where(_seen.c.expires_at_ms > bindparam("at_ms"))
)  # fmt: skip
_BY_COOKIE = _CALLER.where(_seen.c.token_sha256 == bindparam("token_sha256"))
_BY_DEVICE = _CALLER.where(_seen.c.id == bindparam("device_id"))

_KEPT_MS = 24 * 3600 * 1000
"""Milliseconds for which an expired link is kept, so that a late click hears that it was used or expired."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A node that proved itself."""

    node_id: NodeId
    new_key: str | None
    """Its own key, if it enrolled just now; it is not stored and cannot be shown again."""
    succeeds: NodeId | None = None
    """The node in whose place it has come, if it enrolled just now."""
    drain_ms: int | None = None
    """What that one's sessions are given; None leaves it to the players."""


class Accounts:
    """Credentials. What is stored of a token is its digest."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._single = single_statements(engine)

    async def ensure_owner(self) -> Caller:
        """Return the owner of the one tenant; both are made at the first start."""
        async with self._engine.begin() as connection:
            return await self._find_owner(connection) or await self._make_owner(connection)

    async def owner(self) -> Caller:
        """Return the owner of the one tenant.

        Raises:
            LookupError: no broker has started on this database.
        """
        async with self._single.connect() as connection:
            found = await self._find_owner(connection)
        if found is None:
            raise LookupError("no broker has started on this database")
        return found

    async def _find_owner(self, connection: AsyncConnection) -> Caller | None:
        for row in await connection.execute(select(tables.player).order_by(tables.player.c.created_at_ms)):
            if PlayerRole.OWNER in row.roles:
                return Caller(PlayerId(row.id), TenantId(row.tenant_id), tuple(row.roles))
        return None

    async def _make_owner(self, connection: AsyncConnection) -> Caller:
        at_ms, tenant_id, player_id = wall_ms(), _new_id("ten"), _new_id("plr")
        await connection.execute(insert(tables.tenant).values(id=tenant_id, name="default", created_at_ms=at_ms))
        owner = {"id": player_id, "tenant_id": tenant_id, "roles": _OWNER_ROLES, "created_at_ms": at_ms}
        await connection.execute(insert(tables.player).values(owner))
        await connection.execute(insert(tables.player_profile).values(player_id=player_id, tenant_id=tenant_id))
        return Caller(PlayerId(player_id), TenantId(tenant_id), tuple(_OWNER_ROLES))

    async def forget_expired(self) -> None:
        """Delete links and browser sessions that nobody can use any more."""
        async with self._engine.begin() as connection:
            for table in (tables.sign_in_link, tables.browser_session):
                await connection.execute(table.delete().where(table.c.expires_at_ms < wall_ms() - _KEPT_MS))

    async def mint_link(self, caller: Caller, ttl_ms: int = LINK_TTL_MS) -> str:
        """Return the token of a new sign-in link: single use, for ``ttl_ms`` milliseconds."""
        token, at_ms = _new_token(), wall_ms()
        row = {**_whose(caller), "created_at_ms": at_ms, "expires_at_ms": at_ms + ttl_ms}
        async with self._engine.begin() as connection:
            await connection.execute(insert(tables.sign_in_link).values(token_sha256=digest(token), **row))
        return token

    async def redeem_link(self, token: str, label: DeviceLabel) -> str:
        """Use up a link and return the token of a new browser session.

        Args:
            token: From the link.
            label: What the browser runs on, for the player's list of devices.

        Raises:
            WireError: ``link_used`` or ``link_expired``.
        """
        table, hashed, at_ms = tables.sign_in_link, digest(token), wall_ms()
        async with self._engine.begin() as connection:
            row = (await connection.execute(select(table).where(table.c.token_sha256 == hashed))).first()
            good = check_link(_link(row) if row is not None else None, at_ms)
            # Compare-and-set: of two tabs that redeem at once, one wins.
            unused = update(table).where(table.c.token_sha256 == hashed, table.c.used_at_ms.is_(None))
            if (await connection.execute(unused.values(used_at_ms=at_ms))).rowcount != 1:
                raise WireError(Reason.LINK_USED, "this sign-in link was used already; ask for a new one")
            browser_token, device_id = _new_token(), _new_id("dev")
            whose = {"tenant_id": good.tenant_id, "player_id": good.player_id}
            times = {"created_at_ms": at_ms, "expires_at_ms": at_ms + BROWSER_SESSION_TTL_MS, "seen_at_ms": at_ms}
            browser = {"token_sha256": digest(browser_token), "id": device_id, **whose, **times}
            await connection.execute(insert(tables.browser_session).values(browser))
            device = {"browser_session_id": device_id, **whose, "browser": label.browser, "system": label.system}
            await connection.execute(insert(tables.player_profile_device).values(device))
        return browser_token

    async def caller_of(self, browser_token: str) -> Caller | None:
        """Return who is signed in with this cookie."""
        return await self._caller(_BY_COOKIE, {"token_sha256": digest(browser_token)})

    async def caller_of_device(self, device_id: str) -> Caller | None:
        """Return who is signed in with this browser, which another replica knows by its cookie."""
        return await self._caller(_BY_DEVICE, {"device_id": device_id})

    async def _caller(self, query: Select[Any], asked: Mapping[str, str]) -> Caller | None:
        table, at_ms = tables.browser_session, wall_ms()
        async with self._single.connect() as connection:
            row = (await connection.execute(query, {**asked, "at_ms": at_ms})).first()
        if row is None:
            return None
        if at_ms - row.seen_at_ms >= SEEN_EVERY_MS:
            async with self._engine.begin() as connection:
                seen = update(table).where(table.c.id == row.device_id).values(seen_at_ms=at_ms)
                await connection.execute(seen)
        guest_of = SessionId(row.session_id) if row.session_id else None
        return Caller(
            PlayerId(row.id), TenantId(row.tenant_id), tuple(row.roles), row.display_name, guest_of, row.device_id
        )

    async def make_guest(self, tenant_id: TenantId, session_id: SessionId) -> tuple[Caller, str]:
        """Make a guest of one session; returns who it is and the token of their browser session."""
        at_ms, player_id, token, device_id = wall_ms(), _new_id("plr"), _new_token(), _new_id("dev")
        guest = Caller(PlayerId(player_id), tenant_id, (str(PlayerRole.GUEST),), None, session_id, device_id)
        async with self._engine.begin() as connection:
            row = {"id": player_id, "tenant_id": tenant_id, "roles": list(guest.roles), "created_at_ms": at_ms}
            await connection.execute(insert(tables.player).values(row))
            bound = {**_whose(guest), "session_id": session_id}
            await connection.execute(insert(tables.guest).values(bound))
            times = {"created_at_ms": at_ms, "expires_at_ms": at_ms + GUEST_SESSION_TTL_MS, "seen_at_ms": at_ms}
            values = {"token_sha256": digest(token), "id": device_id, **_whose(guest), **times}
            await connection.execute(insert(tables.browser_session).values(values))
        return guest, token

    async def renew_token(self, device_id: str) -> str:
        """Return a new token for a signed-in browser; what it had is void."""
        token, table = _new_token(), tables.browser_session
        async with self._engine.begin() as connection:
            await connection.execute(update(table).where(table.c.id == device_id).values(token_sha256=digest(token)))
        return token

    async def display_name(self, player_id: PlayerId) -> str | None:
        """Return the name that a player chose to be shown by, if any."""
        profile = tables.player_profile
        async with self._single.connect() as connection:
            found = await connection.execute(select(profile.c.display_name).where(profile.c.player_id == player_id))
            return found.scalar_one_or_none()

    async def sign_out(self, browser_token: str) -> None:
        """Forget a browser session."""
        table = tables.browser_session
        async with self._engine.begin() as connection:
            await connection.execute(table.delete().where(table.c.token_sha256 == digest(browser_token)))

    async def add_enrolment(self, tenant_id: TenantId, token: str) -> None:
        """Let one node enrol with this token; one that is known already stays as it is."""
        table, hashed = tables.node_enrolment, digest(token)
        async with self._engine.begin() as connection:
            known = await connection.execute(select(table.c.token_sha256).where(table.c.token_sha256 == hashed))
            if known.first() is None:
                row = {"token_sha256": hashed, "tenant_id": tenant_id, "created_at_ms": wall_ms()}
                await connection.execute(insert(table).values(row))

    async def mint_enrolment(self, tenant_id: TenantId) -> str:
        """Return a fresh token with which one node may enrol."""
        token = _new_token()
        await self.add_enrolment(tenant_id, token)
        return token

    async def enrol_node(self, token: str, name: str) -> Enrolled:
        """Use up an enrolment token and make a node with a key of its own.

        Within a minute the same token gives a node that has not said hello yet a fresh key: broker or node may have
        died before the first one arrived.

        Raises:
            WireError: ``bad_enrolment``.
        """
        table, hashed, at_ms, key = tables.node_enrolment, digest(token), wall_ms(), _new_token()
        async with self._engine.begin() as connection:
            unused = update(table).where(table.c.token_sha256 == hashed, table.c.used_at_ms.is_(None))
            first = (await connection.execute(unused.values(used_at_ms=at_ms))).rowcount == 1
            row = (await connection.execute(select(table).where(table.c.token_sha256 == hashed))).first()
            if row is None or not (first or await _enrols_still(connection, row, at_ms)):
                raise WireError(Reason.BAD_ENROLMENT, "this enrolment token is not known or was used already")
            if first:
                node_id = _new_id("node")
                node: dict[str, Any] = {
                    "id": node_id, "tenant_id": row.tenant_id, "name": name, "key_sha256": digest(key),
                    "state": str(NodeState.REGISTERING), "slots": 0, "created_at_ms": at_ms, "changed_at_ms": at_ms,
                }  # fmt: skip
                await connection.execute(insert(tables.node).values(node))
                await connection.execute(update(table).where(table.c.token_sha256 == hashed).values(node_id=node_id))
            else:
                node_id = row.node_id
                renewed = update(tables.node).where(tables.node.c.id == node_id)
                await connection.execute(renewed.values(key_sha256=digest(key)))
        return Enrolled(NodeId(node_id), key, NodeId(row.succeeds) if row.succeeds else None, row.drain_ms)

    async def check_node(self, node_id: str, key: str) -> Enrolled:
        """Check a node's own key.

        Raises:
            WireError: ``bad_enrolment`` if the key is wrong or was revoked.
        """
        table = tables.node
        query = select(table.c.id).where(
            table.c.id == node_id, table.c.key_sha256 == digest(key), table.c.revoked_at_ms.is_(None)
        )
        async with self._single.connect() as connection:
            if (await connection.execute(query)).first() is None:
                raise WireError(Reason.BAD_ENROLMENT, "this node's key is not known or was revoked")
        return Enrolled(NodeId(node_id), None)


async def _enrols_still(connection: AsyncConnection, enrolment: Row[Any], at_ms: int) -> bool:
    """Tell whether a used token may be used again: its node was made just now and has never joined."""
    state = await connection.scalar(select(tables.node.c.state).where(tables.node.c.id == enrolment.node_id))
    return bool(state == NodeState.REGISTERING and enrolment.used_at_ms > at_ms - ENROL_AGAIN_MS)


def _link(row: Row[Any]) -> SignInLink:
    return SignInLink(PlayerId(row.player_id), TenantId(row.tenant_id), row.expires_at_ms, row.used_at_ms)


def _whose(caller: Caller) -> dict[str, str]:
    return {"tenant_id": caller.tenant_id, "player_id": caller.player_id}


def _new_id(prefix: str) -> str:
    return make_id(prefix, secrets.token_bytes(ID_RANDOM_BYTES))


def _new_token() -> str:
    return make_token(secrets.token_bytes(TOKEN_RANDOM_BYTES))
