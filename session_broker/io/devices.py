"""A player's signed-in devices and the links that add one, in SQL."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from session_broker.core.sign_in import DEVICE_LINKS_MAX, Caller
from session_broker.io import tables
from session_broker.io.clock import wall_ms
from wire.errors import Reason, WireError
from wire.ids import PlayerId


class LinkState(StrEnum):
    """What became of a link."""

    OPEN = "open"
    USED = "used"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Device:
    """A signed-in browser."""

    device_id: str
    browser: str
    """As ``BrowserKind``; ``other`` if nothing is known."""
    system: str
    """As ``SystemKind``."""
    seen_ms_ago: int


class Devices:
    """Reads and removes; signing in itself is ``Accounts``'."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def of_player(self, player_id: PlayerId) -> list[Device]:
        """Return a player's devices, the one seen last first."""
        browser, label, at_ms = tables.browser_session, tables.player_profile_device, wall_ms()
        shown = (browser.c.id, browser.c.seen_at_ms, label.c.browser, label.c.system)
        query = select(*shown).outerjoin(label, label.c.browser_session_id == browser.c.id)
        query = query.where(browser.c.player_id == player_id, browser.c.expires_at_ms > at_ms)
        query = query.order_by(browser.c.seen_at_ms.desc(), browser.c.id)
        async with self._engine.connect() as connection:
            rows = list(await connection.execute(query))
        return [
            Device(row.id, row.browser or "other", row.system or "other", max(0, at_ms - row.seen_at_ms))
            for row in rows
        ]

    async def sign_out(self, player_id: PlayerId, device_id: str) -> None:
        """Forget one of a player's devices.

        Raises:
            WireError: ``not_found`` if it is not the player's.
        """
        table = tables.browser_session
        query = table.delete().where(table.c.id == device_id, table.c.player_id == player_id)
        async with self._engine.begin() as connection:
            if (await connection.execute(query)).rowcount != 1:
                raise WireError(Reason.NOT_FOUND, "you have no such device")

    async def check_room(self, caller: Caller) -> None:
        """Refuse a further link while too many are open.

        Raises:
            WireError: ``too_many``.
        """
        table = tables.sign_in_link
        query = select(func.count()).select_from(table)
        query = query.where(
            table.c.player_id == caller.player_id, table.c.used_at_ms.is_(None), table.c.expires_at_ms > wall_ms()
        )
        async with self._engine.connect() as connection:
            if (await connection.execute(query)).scalar_one() >= DEVICE_LINKS_MAX:
                raise WireError(Reason.TOO_MANY, f"{DEVICE_LINKS_MAX} sign-in links are open already")

    async def link_state(self, player_id: PlayerId, link_id: str) -> LinkState:
        """Return what became of a player's link.

        Args:
            player_id: Who made it.
            link_id: The digest of its token.
        """
        table = tables.sign_in_link
        query = select(table.c.used_at_ms, table.c.expires_at_ms)
        query = query.where(table.c.token_sha256 == link_id, table.c.player_id == player_id)
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).first()
        if row is None:
            return LinkState.EXPIRED
        if row.used_at_ms is not None:
            return LinkState.USED
        return LinkState.OPEN if row.expires_at_ms > wall_ms() else LinkState.EXPIRED

    async def withdraw_link(self, player_id: PlayerId, link_id: str) -> None:
        """Make a player's unused link worthless; nothing happens if it was used or is not there."""
        table = tables.sign_in_link
        query = table.delete().where(
            table.c.token_sha256 == link_id, table.c.player_id == player_id, table.c.used_at_ms.is_(None)
        )
        async with self._engine.begin() as connection:
            await connection.execute(query)
