"""Signs versions of titles and changes of keys, and checks both. Ed25519 (RFC 8032)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import replace

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from wire.errors import Reason, WireError
from wire.title_release import KeyRotation, Release


def public_key(key: Ed25519PrivateKey) -> str:
    """Return the public half as it is written everywhere: 32 bytes in base64."""
    return base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def sign_release(release: Release, key: Ed25519PrivateKey) -> Release:
    """Return a release with this key and its signature."""
    named = replace(release, key=public_key(key))
    return replace(named, signature=base64.b64encode(key.sign(named.signed_bytes())).decode())


def check_release(release: Release) -> None:
    """Check that a release is signed by the key that it names; whether that key may publish is another question.

    Raises:
        WireError: ``bad_signature``.
    """
    if not _verified(release.key, release.signature, release.signed_bytes()):
        raise WireError(Reason.BAD_SIGNATURE, f"the signature of {release.title_id} {release.version} is not good")


def rotate(old: Ed25519PrivateKey, new: Ed25519PrivateKey) -> KeyRotation:
    """Return the proof that the owner of the old key goes on with the new one."""
    rotation = KeyRotation(public_key(old), public_key(new))
    return replace(rotation, signature=base64.b64encode(old.sign(rotation.signed_bytes())).decode())


def follow(pinned: str, wanted: str, rotations: Sequence[KeyRotation]) -> list[KeyRotation]:
    """Return the changes of key that lead from the pinned key to the wanted one; none if they are the same.

    Args:
        pinned: The key that a title is bound to.
        wanted: The key that has signed.
        rotations: What the publisher shows, in order.

    Raises:
        WireError: ``bad_signature`` if they do not lead there.
    """
    steps: list[KeyRotation] = []
    at = pinned
    for rotation in rotations:
        if at == wanted:
            break
        if rotation.old_key == at:
            if not _verified(rotation.old_key, rotation.signature, rotation.signed_bytes()):
                raise WireError(Reason.BAD_SIGNATURE, "a change of key is not signed by the old key")
            steps.append(rotation)
            at = rotation.new_key
    if at != wanted:
        raise WireError(
            Reason.BAD_SIGNATURE,
            "this title belongs to another key; sign with that one, or show changes of key that lead to this one",
        )
    return steps


def _verified(key: str, signature: str, message: bytes) -> bool:
    try:
        raw = base64.b64decode(key, validate=True)
        Ed25519PublicKey.from_public_bytes(raw).verify(base64.b64decode(signature, validate=True), message)
    except (ValueError, binascii.Error, InvalidSignature):
        return False
    # Other spellings of the same bytes would pass as other keys.
    return base64.b64encode(raw).decode() == key
