"""Signatures of versions, and keys that change hands."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from title_archive.signing import check_release, follow, public_key, rotate, sign_release
from wire.errors import Reason, WireError
from wire.schema import decode, encode
from wire.title_release import RELEASES, ROTATIONS, Release

KEYS = [Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in range(1, 5)]
SIGNED = sign_release(Release("chess", "1.0.0", "ab" * 32, 1234, ""), KEYS[0])


def test_a_signed_release_holds_and_passes_the_wire() -> None:
    check_release(SIGNED)
    assert decode(encode(SIGNED), RELEASES) == SIGNED
    assert SIGNED.key == public_key(KEYS[0])


@pytest.mark.parametrize(
    "changed",
    [
        {"title_id": "chess2"},
        {"version": "1.0.1"},
        {"archive_sha256": "cd" * 32},
        {"archive_bytes": 1235},
        {"key": public_key(KEYS[1])},
        {"key": ""},
        {"key": "AAAA"},
        {"key": "!" * 44},
        {"signature": ""},
        {"signature": "A" * 86 + "=="},
        {"signature": SIGNED.signature.replace("=", "")},
    ],
)
def test_whatever_is_altered_after_signing_breaks_it(changed: dict[str, str]) -> None:
    with pytest.raises(WireError) as caught:
        check_release(replace(SIGNED, **changed))  # type: ignore[arg-type]
    assert caught.value.reason is Reason.BAD_SIGNATURE


def test_another_spelling_of_a_key_is_no_key() -> None:
    """Base64 has spare bits at its end: another spelling of the same bytes would count as another publisher."""
    spelt = SIGNED.key[:-2] + chr(ord(SIGNED.key[-2]) + 1) + "="
    release = Release("chess", "1.0.0", "ab" * 32, 1234, spelt)
    resigned = replace(release, signature=sign_release(release, KEYS[0]).signature)
    with pytest.raises(WireError):
        check_release(resigned)


def test_keys_are_followed_through_their_changes() -> None:
    keys = [public_key(key) for key in KEYS]
    chain = [rotate(old, new) for old, new in itertools.pairwise(KEYS)]
    assert follow(keys[0], keys[0], []) == []
    assert follow(keys[0], keys[3], chain) == chain
    assert follow(keys[1], keys[2], chain) == chain[1:2]
    assert decode(encode(chain[0]), ROTATIONS) == chain[0]
    for pinned, wanted, shown in ((0, 1, []), (0, 3, chain[1:]), (3, 0, chain), (0, 2, [chain[1], chain[0]])):
        with pytest.raises(WireError, match="belongs to another key"):
            follow(keys[pinned], keys[wanted], shown)


def test_a_change_of_key_needs_the_old_key() -> None:
    forged = replace(rotate(KEYS[2], KEYS[1]), old_key=public_key(KEYS[0]))
    with pytest.raises(WireError, match="not signed by the old key"):
        follow(public_key(KEYS[0]), public_key(KEYS[1]), [forged])
