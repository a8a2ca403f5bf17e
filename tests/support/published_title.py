"""A signed title in bytes, as a publisher sends it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.support.broken_titles import ARTWORK
from tests.support.crafted_archive import crafted
from title_archive.signing import sign_release
from wire.title_release import Release

KEY = Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32)
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes([2]) * 32)


def archive(title_id: str = "chess", version: str = "1.0.0", **files: bytes) -> bytes:
    """Return a title's archive; files are added by name, ``_`` standing for a dot."""
    manifest = (
        f'manifest = 1\nid = "{title_id}"\nversion = "{version}"\nkind = "pygame"\nentry = "main.py"\n'
        'name = "Chess"\nartwork = "artwork.png"\n'
    )
    content: Mapping[str, bytes] = {
        "artwork.png": ARTWORK.read_bytes(), "main.py": b"print('chess')\n", "title.toml": manifest.encode(),
        **{name.replace("_", "."): data for name, data in files.items()},
    }  # fmt: skip
    return crafted(sorted((name.encode(), data) for name, data in content.items()))


def release_of(data: bytes, title_id: str = "chess", version: str = "1.0.0", key: Ed25519PrivateKey = KEY) -> Release:
    """Return an archive's signed release."""
    return sign_release(Release(title_id, version, hashlib.sha256(data).hexdigest(), len(data), ""), key)
