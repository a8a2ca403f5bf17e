"""Random tokens and their digests. What lies in the database or goes to a node is the digest, never the token."""

from __future__ import annotations

import base64
import hashlib

TOKEN_RANDOM_BYTES = 32
"""Random bytes in a token: 256 bits, 43 characters of base64url."""

INVITATION_RANDOM_BYTES = 16
"""Random bytes in an invitation's code: 128 bits, 22 characters of base64url, short enough for a QR code."""

PEER_TICKET_TTL_S = 30.0
"""Seconds in which a tab must answer an offer."""


def make_token(random_bytes: bytes) -> str:
    """Return a token for a URL, a cookie or a ticket.

    Raises:
        ValueError: not exactly ``TOKEN_RANDOM_BYTES`` were given.
    """
    if len(random_bytes) != TOKEN_RANDOM_BYTES:
        raise ValueError(f"a token needs {TOKEN_RANDOM_BYTES} random bytes, got {len(random_bytes)}")
    return base64.urlsafe_b64encode(random_bytes).rstrip(b"=").decode()


def make_code(random_bytes: bytes) -> str:
    """Return the code of an invitation link.

    Raises:
        ValueError: not exactly ``INVITATION_RANDOM_BYTES`` were given.
    """
    if len(random_bytes) != INVITATION_RANDOM_BYTES:
        raise ValueError(f"a code needs {INVITATION_RANDOM_BYTES} random bytes, got {len(random_bytes)}")
    return base64.urlsafe_b64encode(random_bytes).rstrip(b"=").decode()


def digest(token: str) -> str:
    """Return the SHA-256 of a token in hex. Tokens are random, so no salt or slow hash is needed."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
