"""A publisher's key on this machine: one file that only its owner can read, replaced as a whole or not at all."""

from __future__ import annotations

import json
import os
import secrets
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from farplay.failures import CommandFailure, ExitStatus
from title_archive.signing import public_key, rotate
from wire.errors import WireError
from wire.schema import decode, encode
from wire.title_release import ROTATIONS, ROTATIONS_MAX, KeyRotation

KEY_FILE = "publisher-key.json"
FILE_MAX_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class PublisherKey:
    """The key that signs now, and how it came from the first one."""

    private: Ed25519PrivateKey
    rotations: tuple[KeyRotation, ...] = ()
    """Changes of key, oldest first, each signed by the key before it."""

    @property
    def public(self) -> str:
        """Return the public half, in base64."""
        return public_key(self.private)


def new_key(folder: Path) -> PublisherKey:
    """Make the first key.

    Raises:
        CommandFailure: there is one already, or it cannot be written.
    """
    key = PublisherKey(Ed25519PrivateKey.generate())
    _save(folder / KEY_FILE, key, put=os.link)
    return key


def load_key(folder: Path) -> PublisherKey:
    """Return this machine's key.

    Raises:
        CommandFailure: there is none, others can read it, or it is damaged.
    """
    path = folder / KEY_FILE
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            mode, text = os.fstat(file.fileno()).st_mode, file.read(FILE_MAX_BYTES)
    except FileNotFoundError:
        words = f"There is no publisher's key in {folder}."
        raise CommandFailure(ExitStatus.FAILED, words, "Make one with: farplay title key new") from None
    except OSError as error:
        raise CommandFailure(ExitStatus.FAILED, f"{path} cannot be read: {error.strerror}.") from error
    if stat.S_IMODE(mode) & 0o077:
        words = f"Others on this machine can read {path}."
        raise CommandFailure(ExitStatus.FAILED, words, f"Close it to them with: chmod 600 {path}")
    return _parse(path, text)


def rotate_key(folder: Path) -> PublisherKey:
    """Replace this machine's key by a new one, which the old one signs; the old one is gone then.

    Raises:
        CommandFailure: as ``load_key``, it was changed too often, or it cannot be written.
    """
    old = load_key(folder)
    if len(old.rotations) >= ROTATIONS_MAX:
        words = (
            f"This key was changed {len(old.rotations)} times, and brokers follow {ROTATIONS_MAX} changes at most."
        )
        advice = (
            "Make a first key in another folder, and publish with it under other ids: farplay title key new --keys"
        )
        raise CommandFailure(ExitStatus.FAILED, words, advice)
    private = Ed25519PrivateKey.generate()
    key = PublisherKey(private, (*old.rotations, rotate(old.private, private)))
    _save(folder / KEY_FILE, key, put=os.replace)
    return key


def _parse(path: Path, text: str) -> PublisherKey:
    try:
        body = json.loads(text)
        private = load_pem_private_key(str(body["private_key"]).encode(), password=None)
        rotations = tuple(decode(json.dumps(each), ROTATIONS) for each in body["rotations"])
    except (ValueError, KeyError, TypeError, WireError) as error:
        raise CommandFailure(ExitStatus.FAILED, f"{path} is damaged.", "Bring it back from a copy.") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise CommandFailure(ExitStatus.FAILED, f"{path} holds a key of another kind than Ed25519.")
    return PublisherKey(private, rotations)


def _save(path: Path, key: PublisherKey, *, put: Callable[[Path, Path], None]) -> None:
    """Write a whole file beside the path, and put it there: by ``os.link`` only if nothing is there."""
    pem = key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    body = {"private_key": pem, "rotations": [json.loads(encode(each)) for each in key.rotations]}
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w") as file:
            json.dump(body, file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        _put(part, path, put)
    except OSError as error:
        raise CommandFailure(ExitStatus.FAILED, f"{path} cannot be written: {error.strerror}.") from error
    finally:
        with suppress(OSError):
            part.unlink()


def _put(part: Path, path: Path, put: Callable[[Path, Path], None]) -> None:
    try:
        put(part, path)
    except FileExistsError as error:
        words = f"{path} holds a key already, and the titles that it published depend on it."
        advice = "To go on with a new one, use: farplay title key rotate"
        raise CommandFailure(ExitStatus.FAILED, words, advice) from error
