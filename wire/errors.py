"""Reasons: short stable labels for everything that can go wrong, shared by wire, metrics and pages.

A reason never changes its meaning. Words for people are made from it where they are shown: the page has them
in every language that it speaks, the command line and the HTTP API in English.
"""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why something failed or ended."""

    # The message itself
    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    UNKNOWN_TYPE = "unknown_type"
    PROTOCOL_VERSION = "protocol_version"
    TOO_MANY = "too_many"
    # Who is asking
    NOT_SIGNED_IN = "not_signed_in"
    FORBIDDEN = "forbidden"
    BAD_HOST = "bad_host"
    BAD_ORIGIN = "bad_origin"
    LINK_USED = "link_used"
    LINK_EXPIRED = "link_expired"
    BAD_TICKET = "bad_ticket"
    BAD_FINGERPRINT = "bad_fingerprint"
    BAD_ENROLMENT = "bad_enrolment"
    INVITATION_EXPIRED = "invitation_expired"
    INVITATION_USED = "invitation_used"
    INVITATION_REVOKED = "invitation_revoked"
    KICKED = "kicked"
    # What was asked for
    NOT_FOUND = "not_found"
    UNKNOWN_TITLE = "unknown_title"
    UNKNOWN_SESSION = "unknown_session"
    BAD_STATE = "bad_state"
    NO_SEAT = "no_seat"
    TABLE_FULL = "table_full"
    TOO_MANY_SESSIONS = "too_many_sessions"
    # A title's archive
    BAD_ARCHIVE = "bad_archive"
    BAD_SIGNATURE = "bad_signature"
    VERSION_EXISTS = "version_exists"
    TITLE_BLOCKED = "title_blocked"
    # Placing
    NO_NODE = "no_node"
    NO_ROOM = "no_room"
    NO_CAPABILITY = "no_capability"
    NO_GPU = "no_gpu"
    NO_MEMORY = "no_memory"
    TITLE_MISSING = "title_missing"
    # Session and placement ends
    LEFT = "left"
    ENDED_BY_PLAYER = "ended_by_player"
    ENDED_BY_OPERATOR = "ended_by_operator"
    ABANDONED = "abandoned"
    SESSION_LIMIT = "session_limit"
    TITLE_QUIT = "title_quit"
    TITLE_CRASHED = "title_crashed"
    TITLE_HUNG = "title_hung"
    TITLE_NO_PICTURE = "title_no_picture"
    TITLE_VIOLATION = "title_violation"
    TITLE_MEMORY = "title_memory"
    TITLE_STORAGE = "title_storage"
    TITLE_UNTRUSTED = "title_untrusted"
    TITLE_CHANGED = "title_changed"
    WORKER_LOST = "worker_lost"
    NODE_LOST = "node_lost"
    NODE_SHUTDOWN = "node_shutdown"
    START_TIMEOUT = "start_timeout"
    SANDBOX_UNAVAILABLE = "sandbox_unavailable"
    SUPERSEDED = "superseded"
    # Peer ends
    TAKEN_OVER = "taken_over"
    PEER_SILENT = "peer_silent"
    PEER_CLOSED = "peer_closed"
    NO_COMMON_CODEC = "no_common_codec"
    BAD_SDP = "bad_sdp"
    CONNECT_TIMEOUT = "connect_timeout"
    REPLACED = "replaced"
    # Ours
    INTERNAL = "internal"


class WireError(Exception):
    """A message that cannot be taken, or a step that failed, with its stable reason.

    Attributes:
        reason: The label for metrics, logs and the wire.
        detail: English words for a developer or operator; never holds tickets or personal data.
    """

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
        self.detail = detail
