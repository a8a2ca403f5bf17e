"""Identifiers: opaque, random, prefixed by what they name, so that a log line explains itself."""

from __future__ import annotations

import base64
import re
from typing import NewType

SessionId = NewType("SessionId", str)
NodeId = NewType("NodeId", str)
PlayerId = NewType("PlayerId", str)
ParticipantId = NewType("ParticipantId", str)
PeerId = NewType("PeerId", str)
TenantId = NewType("TenantId", str)
TitleId = NewType("TitleId", str)

ID_RANDOM_BYTES = 15
"""Random bytes in an id: 120 bits, which base32 holds in 24 characters without padding."""

_ID = re.compile(r"[a-z]{2,5}_[a-z2-7]{24}")

TITLE_ID_PATTERN = r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?"
"""What a whole title's id must be, as a regular expression that JSON Schema knows as well."""


def make_id(prefix: str, random_bytes: bytes) -> str:
    """Return ``prefix_`` plus 24 base32 characters.

    Args:
        prefix: 2-5 lower-case letters: ``ses``, ``node``, ``plr``, ``part``, ``peer``, ``ten``, ``chk``.
        random_bytes: Exactly ``ID_RANDOM_BYTES`` from a secure source.

    Raises:
        ValueError: the prefix or the length is wrong.
    """
    if len(random_bytes) != ID_RANDOM_BYTES:
        raise ValueError(f"an id needs {ID_RANDOM_BYTES} random bytes, got {len(random_bytes)}")
    made = f"{prefix}_{base64.b32encode(random_bytes).decode().lower()}"
    if not is_id(made):
        raise ValueError(f"bad id prefix {prefix!r}")
    return made


def is_id(text: str, prefix: str | None = None) -> bool:
    """Tell whether ``text`` is one of our ids (of that kind, if ``prefix`` is given)."""
    return _ID.fullmatch(text) is not None and (prefix is None or text.startswith(prefix + "_"))


def is_title_id(text: str) -> bool:
    """Tell whether ``text`` may name a title: 1-64 of ``a-z 0-9 . _ -``, ends alphanumeric."""
    return re.fullmatch(TITLE_ID_PATTERN, text) is not None
