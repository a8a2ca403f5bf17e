"""A signed title in bytes, as a publisher sends it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from farplay.runtimes.local_runtimes import pin_table
from tests.support.broken_titles import ARTWORK
from tests.support.crafted_archive import crafted
from title_archive.signing import sign_release
from wire.package_lock import LockedDebian, PackageLock, write_lock
from wire.runtime_manifest import RuntimePin
from wire.title_release import Release

KEY = Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32)
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes([2]) * 32)


LAMPS_TOML = b'runtime = 1\nname = "lamps"\nversion = "1.0.0"\n[debian]\npackages = ["lamps"]\n'


def runtime_archive(content: bytes = b"light", *, machine: str = "", toml: bytes = LAMPS_TOML) -> bytes:
    """Return a runtime's archive; with a machine it holds a package that is compiled for it."""
    debian = (LockedDebian("lamps", "1", "amd64" if machine else "all", "0" * 64),)
    lock = write_lock(PackageLock((), machine, (), wanted=("lamps",), debian=debian))
    files = {b"runtime.lock": lock.encode(), b"runtime.toml": toml, b"usr/share/lamp": content}
    return crafted(sorted(files.items()))


def pin_of(data: bytes) -> RuntimePin:
    """Return how a title names the runtime of an archive."""
    return RuntimePin("lamps", "1.0.0", hashlib.sha256(data).hexdigest(), len(data))


def archive_on(pin: RuntimePin, title_id: str = "chess", version: str = "1.0.0") -> bytes:
    """Return the archive of a title that runs on a runtime."""
    manifest = manifest_of(title_id, version) + pin_table(pin).encode()
    return archive(title_id, version, title_toml=manifest)


def archive(title_id: str = "chess", version: str = "1.0.0", **files: bytes) -> bytes:
    """Return a title's archive; files are added by name, ``_`` standing for a dot."""
    content: Mapping[str, bytes] = {
        "artwork.png": ARTWORK.read_bytes(), "main.py": b"print('chess')\n",
        "title.toml": manifest_of(title_id, version),
        **{name.replace("_", "."): data for name, data in files.items()},
    }  # fmt: skip
    return crafted(sorted((name.encode(), data) for name, data in content.items()))


def manifest_of(title_id: str, version: str) -> bytes:
    """Return a title's manifest."""
    return (
        f'manifest = 1\nid = "{title_id}"\nversion = "{version}"\nkind = "pygame"\nentry = "main.py"\n'
        'name = "Chess"\nartwork = "artwork.png"\n'
    ).encode()


def release_of(data: bytes, title_id: str = "chess", version: str = "1.0.0", key: Ed25519PrivateKey = KEY) -> Release:
    """Return an archive's signed release."""
    return sign_release(Release(title_id, version, hashlib.sha256(data).hexdigest(), len(data), ""), key)
