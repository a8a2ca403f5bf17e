"""What a publisher signs: one version of a title, and the passing of a title from one key to the next."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from wire.schema import Message, family

ROTATIONS_MAX = 32
"""Changes of key that a publisher may prove at once."""


class Channel(StrEnum):
    """Who is offered a version."""

    STABLE = "stable"
    """Every player, in the library."""
    BETA = "beta"
    """Developers and operators, at ``/play/ID@beta``."""


_HEX = {"max_len": 64}
_KEY, _SIGNATURE = {"max_len": 44}, {"max_len": 88}


@dataclass(frozen=True, slots=True)
class Release(Message):
    """A version of a title, signed. It lies beside the archive as ``NAME.farplay.sig``."""

    TYPE: ClassVar[str] = "farplay_release"
    title_id: str = field(metadata={"max_len": 64})
    version: str = field(metadata={"max_len": 64})
    archive_sha256: str = field(metadata=_HEX)
    """Hex digest of the whole archive."""
    archive_bytes: int = field(metadata={"min": 0})
    key: str = field(metadata=_KEY)
    """The publisher's public key: Ed25519, 32 bytes in base64."""
    signature: str = field(default="", metadata=_SIGNATURE)
    """Of ``signed_bytes``, 64 bytes in base64."""

    def signed_bytes(self) -> bytes:
        """Return what the signature is of; the first line keeps it from meaning anything else."""
        parts = (self.title_id, self.version, self.archive_sha256, str(self.archive_bytes), self.key)
        return "\n".join(("farplay release 1", *parts)).encode()


@dataclass(frozen=True, slots=True)
class KeyRotation(Message):
    """A publisher's new key, signed by the one before it."""

    TYPE: ClassVar[str] = "farplay_key_rotation"
    old_key: str = field(metadata=_KEY)
    new_key: str = field(metadata=_KEY)
    signature: str = field(default="", metadata=_SIGNATURE)
    """Of ``signed_bytes``, by the old key."""

    def signed_bytes(self) -> bytes:
        """Return what the signature is of."""
        return "\n".join(("farplay key rotation 1", self.old_key, self.new_key)).encode()


RELEASES = family(Release)
ROTATIONS = family(KeyRotation)
