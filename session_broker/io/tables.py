"""The tables, in types that SQLite and PostgreSQL share. Migrations make them; a test compares the two.

Times are milliseconds since 1970 in UTC. Tokens and keys lie here only as SHA-256 digests. ``player_profile`` and
``player_profile_device`` are the only places of personal data; a ``guest`` is a player without either, bound to one
session. ``session_event`` is append-only, as is ``ledger_entry``: a stretch of play each, keyed by when it began.
``session.owner`` and ``node.home`` name the replica that alone may write about a live session or a node; a replica's
id is of one life of its process. ``pool_node`` holds the nodes that the fleet has made, until nothing is left of
them; only the holder of ``fleet_lease`` writes there, but for the operator's wish to ``replace`` one.
``node_enrolment.succeeds`` is the node in whose place another comes, ``drain_ms`` what that one's sessions are given
when it has come.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    false,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_ID, _DIGEST, _LABEL, _NAME = String(40), String(64), String(32), String(128)


def _tenant() -> Column[str]:
    return Column("tenant_id", _ID, ForeignKey("tenant.id"), nullable=False)


def _at(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(f"{name}_at_ms", BigInteger, nullable=nullable)


tenant = Table(
    "tenant", metadata, Column("id", _ID, primary_key=True), Column("name", _NAME, nullable=False), _at("created")
)

player = Table(
    "player",
    metadata,
    Column("id", _ID, primary_key=True),
    _tenant(),
    Column("roles", JSON, nullable=False),
    _at("created"),
)

player_profile = Table(
    "player_profile",
    metadata,
    Column("player_id", _ID, ForeignKey("player.id", ondelete="CASCADE"), primary_key=True),
    _tenant(),
    Column("display_name", _NAME),
)

title = Table(
    "title",
    metadata,
    Column("tenant_id", _ID, ForeignKey("tenant.id"), primary_key=True),
    Column("id", String(64), primary_key=True),
    _at("created"),
)

title_version = Table(
    "title_version",
    metadata,
    Column("tenant_id", _ID, ForeignKey("tenant.id"), primary_key=True),
    Column("title_id", String(64), primary_key=True),
    Column("version", String(64), primary_key=True),
    Column("kind", _LABEL, nullable=False),
    Column("manifest", JSON, nullable=False),
    _at("created"),
    ForeignKeyConstraint(["tenant_id", "title_id"], ["title.tenant_id", "title.id"]),
)

_VERSION = ("tenant_id", "title_id", "version")

title_publisher = Table(
    "title_publisher",
    metadata,
    Column("tenant_id", _ID, primary_key=True),
    Column("title_id", String(64), primary_key=True),
    Column("player_id", _ID, ForeignKey("player.id"), nullable=False),
    Column("key", _DIGEST, nullable=False),
    _at("pinned"),
    ForeignKeyConstraint(["tenant_id", "title_id"], ["title.tenant_id", "title.id"]),
)

title_key_rotation = Table(
    "title_key_rotation",
    metadata,
    Column("tenant_id", _ID, primary_key=True),
    Column("title_id", String(64), primary_key=True),
    Column("old_key", _DIGEST, primary_key=True),
    Column("new_key", _DIGEST, nullable=False),
    Column("signature", _NAME, nullable=False),
    _at("taken"),
    ForeignKeyConstraint(["tenant_id", "title_id"], ["title.tenant_id", "title.id"]),
)

title_release = Table(
    "title_release",
    metadata,
    Column("tenant_id", _ID, primary_key=True),
    Column("title_id", String(64), primary_key=True),
    Column("version", String(64), primary_key=True),
    Column("archive_sha256", _DIGEST, nullable=False, index=True),
    Column("archive_bytes", BigInteger, nullable=False),
    Column("key", _DIGEST, nullable=False),
    Column("signature", _NAME, nullable=False),
    Column("manifest_toml", Text, nullable=False),
    _at("published"),
    _at("approved", nullable=True),
    _at("withdrawn", nullable=True),
    ForeignKeyConstraint(_VERSION, [f"title_version.{column}" for column in _VERSION]),
)

title_channel = Table(
    "title_channel",
    metadata,
    Column("tenant_id", _ID, primary_key=True),
    Column("title_id", String(64), primary_key=True),
    Column("channel", _LABEL, primary_key=True),
    Column("version", String(64), nullable=False),
    _at("moved"),
    ForeignKeyConstraint(_VERSION, [f"title_release.{column}" for column in _VERSION]),
)

blocked_archive = Table(
    "blocked_archive",
    metadata,
    Column("tenant_id", _ID, ForeignKey("tenant.id"), primary_key=True),
    Column("archive_sha256", _DIGEST, primary_key=True),
    _at("blocked"),
)

title_check = Table(
    "title_check",
    metadata,
    Column("id", _ID, primary_key=True),
    _tenant(),
    Column("player_id", _ID, ForeignKey("player.id"), nullable=False),
    Column("title_id", String(64), nullable=False),
    Column("version", String(64), nullable=False),
    Column("archive_sha256", _DIGEST, nullable=False),
    Column("archive_bytes", BigInteger, nullable=False),
    Column("key", _DIGEST, nullable=False),
    Column("signature", _NAME, nullable=False),
    Column("trust", _LABEL, nullable=False),
    Column("state", _LABEL, nullable=False, index=True),
    Column("reason", _LABEL),
    Column("detail", Text, nullable=False),
    Column("owner", _ID),
    Column("node_id", _ID, ForeignKey("node.id")),
    Column("attempts", Integer, nullable=False),
    Column("report", Text),
    Column("screenshots", JSON, nullable=False),
    _at("created"),
    _at("due", nullable=True),
    _at("ended", nullable=True),
)

node = Table(
    "node",
    metadata,
    Column("id", _ID, primary_key=True),
    _tenant(),
    Column("name", _NAME, nullable=False),
    Column("key_sha256", _DIGEST, nullable=False, unique=True),
    Column("state", _LABEL, nullable=False),
    Column("slots", Integer, nullable=False),
    _at("created"),
    _at("changed"),
    _at("revoked", nullable=True),
    Column("home", _ID),
    Column("ready", Boolean, nullable=False, server_default=false()),
    Column("claims", Integer, nullable=False, server_default="0"),
    Column("drained", Boolean, nullable=False, server_default=false()),
    Column("drain_until_ms", BigInteger),
    Column("offer", JSON),
    Column("offers", Integer, nullable=False, server_default="0"),
)

session = Table(
    "session",
    metadata,
    Column("id", _ID, primary_key=True),
    _tenant(),
    Column("player_id", _ID, ForeignKey("player.id"), nullable=False),
    Column("title_id", String(64), nullable=False),
    Column("title_version", String(64), nullable=False),
    Column("state", _LABEL, nullable=False),
    Column("reason", _LABEL),
    Column("detail", Text, nullable=False),
    Column("epoch", Integer, nullable=False),
    _at("created"),
    _at("changed"),
    _at("ended", nullable=True),
    Column("owner", _ID),
    Column("queued_at_ms", BigInteger, nullable=False, server_default="0"),
    Column("priority", Integer, nullable=False, server_default="0"),
    Column("options", JSON, nullable=False, server_default="{}"),
    Column("round_trips_ms", JSON, nullable=False, server_default="{}"),
    Column("traceparent", String(55)),
    _at("running_since", nullable=True),
    ForeignKeyConstraint(
        ["tenant_id", "title_id", "title_version"],
        ["title_version.tenant_id", "title_version.title_id", "title_version.version"],
    ),
)

_LIVE = text("state NOT IN ('ending', 'ended')")
_NOT_ENDED = text("ended_at_ms IS NULL")
Index("ix_session_owner_live", session.c.owner, sqlite_where=_NOT_ENDED, postgresql_where=_NOT_ENDED)
Index("ix_session_player_id_created_at_ms", session.c.player_id, session.c.created_at_ms)
Index("ix_session_ended_at_ms", session.c.ended_at_ms)
Index("ix_session_title_id_ended_at_ms", session.c.title_id, session.c.ended_at_ms)
_BROKE_RULES = text("reason = 'title_violation'")
Index(
    "ix_session_violations",
    session.c.tenant_id,
    session.c.title_id,
    session.c.title_version,
    sqlite_where=_BROKE_RULES,
    postgresql_where=_BROKE_RULES,
)
Index(
    "uq_session_one_live",
    session.c.player_id,
    session.c.title_id,
    unique=True,
    sqlite_where=_LIVE,
    postgresql_where=_LIVE,
)

placement = Table(
    "placement",
    metadata,
    Column("session_id", _ID, ForeignKey("session.id"), primary_key=True),
    Column("epoch", Integer, primary_key=True, autoincrement=False),
    _tenant(),
    Column("node_id", _ID, ForeignKey("node.id"), nullable=False),
    Column("state", _LABEL, nullable=False),
    Column("reason", _LABEL),
    _at("created"),
    _at("changed"),
)
Index("ix_placement_node_id", placement.c.node_id)

ledger_entry = Table(
    "ledger_entry",
    metadata,
    Column("session_id", _ID, ForeignKey("session.id"), primary_key=True),
    Column("began_at_ms", BigInteger, primary_key=True, autoincrement=False),
    _at("ended"),
    _tenant(),
    Column("player_id", _ID, ForeignKey("player.id"), nullable=False),
    Column("title_id", String(64), nullable=False),
    Column("title_version", String(64), nullable=False),
    Column("node_id", _ID, ForeignKey("node.id"), nullable=False),
    Column("pool", _LABEL),
    Column("epoch", Integer, nullable=False),
    Column("ended_by", _LABEL, nullable=False),
    Column("reason", _LABEL),
)
Index("ix_ledger_entry_tenant_id_ended_at_ms", ledger_entry.c.tenant_id, ledger_entry.c.ended_at_ms)

participant = Table(
    "participant",
    metadata,
    Column("id", _ID, primary_key=True),
    _tenant(),
    Column("session_id", _ID, ForeignKey("session.id"), nullable=False),
    Column("player_id", _ID, ForeignKey("player.id"), nullable=False),
    Column("role", _LABEL, nullable=False),
    Column("seats", JSON, nullable=False),
    Column("number", Integer, nullable=False),
    _at("joined"),
    _at("left", nullable=True),
)
Index("ix_participant_session_id", participant.c.session_id)

invitation = Table(
    "invitation",
    metadata,
    Column("id", _ID, primary_key=True),
    _tenant(),
    Column("session_id", _ID, ForeignKey("session.id"), nullable=False),
    Column("code_sha256", _DIGEST, nullable=False, unique=True),
    Column("kind", _LABEL, nullable=False),
    Column("used_by", _ID, ForeignKey("player.id")),
    _at("created"),
    _at("expires"),
    _at("revoked", nullable=True),
)
Index("ix_invitation_session_id", invitation.c.session_id)

admission = Table(
    "admission",
    metadata,
    Column("session_id", _ID, ForeignKey("session.id"), primary_key=True),
    Column("player_id", _ID, ForeignKey("player.id"), primary_key=True),
    _tenant(),
    Column("invitation_id", _ID, ForeignKey("invitation.id"), nullable=False),
    Column("role", _LABEL, nullable=False),
    Column("guest", Boolean, nullable=False),
    _at("admitted"),
    _at("barred", nullable=True),
)

guest = Table(
    "guest",
    metadata,
    Column("player_id", _ID, ForeignKey("player.id"), primary_key=True),
    _tenant(),
    Column("session_id", _ID, ForeignKey("session.id"), nullable=False),
)

session_event = Table(
    "session_event",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    _tenant(),
    Column("session_id", _ID, ForeignKey("session.id"), nullable=False),
    _at("happened"),
    Column("event", _LABEL, nullable=False),
    Column("reason", _LABEL),
    Column("data", JSON, nullable=False),
)
Index("ix_session_event_session_id", session_event.c.session_id)

sign_in_link = Table(
    "sign_in_link",
    metadata,
    Column("token_sha256", _DIGEST, primary_key=True),
    _tenant(),
    Column("player_id", _ID, ForeignKey("player.id"), nullable=False),
    _at("created"),
    _at("expires"),
    _at("used", nullable=True),
)

browser_session = Table(
    "browser_session",
    metadata,
    Column("token_sha256", _DIGEST, primary_key=True),
    _tenant(),
    Column("player_id", _ID, ForeignKey("player.id"), nullable=False),
    _at("created"),
    _at("expires"),
    Column("id", _ID, nullable=False, unique=True),
    _at("seen"),
)

player_profile_device = Table(
    "player_profile_device",
    metadata,
    Column("browser_session_id", _ID, ForeignKey("browser_session.id", ondelete="CASCADE"), primary_key=True),
    _tenant(),
    Column("player_id", _ID, ForeignKey("player_profile.player_id", ondelete="CASCADE"), nullable=False),
    Column("browser", _LABEL, nullable=False),
    Column("system", _LABEL, nullable=False),
)

node_enrolment = Table(
    "node_enrolment",
    metadata,
    Column("token_sha256", _DIGEST, primary_key=True),
    _tenant(),
    _at("created"),
    _at("used", nullable=True),
    Column("node_id", _ID, ForeignKey("node.id")),
    Column("succeeds", _ID),
    Column("drain_ms", BigInteger),
)

pool_node = Table(
    "pool_node",
    metadata,
    Column("name", String(64), primary_key=True),
    _tenant(),
    Column("pool", _LABEL, nullable=False),
    Column("enrolment_sha256", _DIGEST, ForeignKey("node_enrolment.token_sha256"), nullable=False),
    Column("trouble", _LABEL),
    Column("words", Text, nullable=False),
    _at("created"),
    _at("retired", nullable=True),
    Column("replace", Boolean, nullable=False, server_default=false()),
)

fleet_lease = Table(
    "fleet_lease",
    metadata,
    Column("tenant_id", _ID, ForeignKey("tenant.id"), primary_key=True),
    Column("holder", _ID, nullable=False),
    Column("epoch", Integer, nullable=False),
    _at("expires"),
    Column("news", JSON, nullable=False),
)

replica = Table("replica", metadata, Column("id", _ID, primary_key=True), _at("started"), _at("expires"))

bus_message = Table(
    "bus_message",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("to_replica", _ID, nullable=False),
    Column("from_replica", _ID, nullable=False),
    Column("body", Text, nullable=False),
    _at("sent"),
)
Index("ix_bus_message_to_replica_id", bus_message.c.to_replica, bus_message.c.id)
