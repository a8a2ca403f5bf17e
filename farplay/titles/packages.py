"""``farplay title pack`` and ``sign``: a title's archive, and the signed release that lies beside it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from farplay.broker_client import BrokerClient
from farplay.broker_connection import Refused
from farplay.failures import CommandFailure, ExitStatus
from farplay.runtimes.local_runtimes import local_runtimes
from farplay.title_folders import load_title
from farplay.titles.publisher_key import PublisherKey
from farplay.titles.wheels.prepare import prepare_wheels
from title_archive.artwork import reencode
from title_archive.pack import ARCHIVE_SUFFIX, Packed, pack
from title_archive.reader import read_index, read_manifest
from title_archive.signing import check_release, sign_release
from wire.errors import Reason, WireError
from wire.runtime_manifest import RuntimePin
from wire.schema import decode, encode
from wire.title_manifest import MANIFEST_FILE, TitleManifest
from wire.title_release import RELEASES, Release

RELEASE_MAX_BYTES = 4096


@dataclass(frozen=True, slots=True)
class SignedPackage:
    """An archive with its release, both checked."""

    path: Path
    manifest: TitleManifest
    release: Release


def pack_title(folder: Path, target: Path | None, on_progress: Callable[[str], None]) -> Packed:
    """Pack a title with its Python packages; the file is called after its id and version unless a target is named.

    Raises:
        CommandFailure: the title has faults, or cannot be packed.
    """
    try:
        prepare_wheels(folder, on_progress)
        title = load_title(folder)
        if not (folder / MANIFEST_FILE).is_file():
            words = f"{folder} has no {MANIFEST_FILE}, and only a folder with one can be packed."
            raise CommandFailure(ExitStatus.BAD_TITLE, words, "Start one with: farplay title init FOLDER")
        manifest = title.manifest
        if manifest.about.artwork:
            reencode((Path(title.folder) / manifest.about.artwork).read_bytes())
        path = target or Path(f"{manifest.id}-{manifest.version}{ARCHIVE_SUFFIX}")
        return pack(Path(title.folder), path.absolute())
    except WireError as error:
        raise CommandFailure(ExitStatus.BAD_TITLE, error.detail) from error
    except OSError as error:
        raise CommandFailure(ExitStatus.FAILED, f"{error.filename}: {error.strerror}.") from error


def sign_package(path: Path, key: PublisherKey) -> SignedPackage:
    """Sign an archive; the signature lies beside it as ``NAME.farplay.sig``.

    Raises:
        CommandFailure: it is no title's archive, cannot be read, or nothing can be written beside it.
    """
    manifest, release = _examine(path)
    signed = sign_release(release, key.private)
    part = signature_path(path).with_suffix(".part")
    try:
        part.write_text(encode(signed) + "\n")
        os.replace(part, signature_path(path))
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        words = f"{signature_path(path)} cannot be written: {error.strerror}."
        raise CommandFailure(ExitStatus.FAILED, words) from error
    return SignedPackage(path, manifest, signed)


def load_package(path: Path) -> SignedPackage:
    """Return a signed archive.

    Raises:
        CommandFailure: it is not signed, was altered after signing, or cannot be read.
    """
    manifest, found = _examine(path)
    try:
        text = signature_path(path).read_bytes()[: RELEASE_MAX_BYTES + 1]
        release = decode(text, RELEASES, max_bytes=RELEASE_MAX_BYTES)
        check_release(release)
    except FileNotFoundError:
        advice = f"Sign it with: farplay title sign {path}"
        raise CommandFailure(ExitStatus.BAD_TITLE, f"{path} is not signed.", advice) from None
    except OSError as error:
        words = f"{signature_path(path)} cannot be read: {error.strerror}."
        raise CommandFailure(ExitStatus.FAILED, words) from error
    except WireError as error:
        raise CommandFailure(ExitStatus.BAD_TITLE, f"{signature_path(path)}: {error.detail}.") from error
    signed = (release.title_id, release.version, release.archive_sha256, release.archive_bytes)
    if signed != (found.title_id, found.version, found.archive_sha256, found.archive_bytes):
        advice = f"Pack it again if that was not you; else sign it: farplay title sign {path}"
        raise CommandFailure(ExitStatus.BAD_TITLE, f"{path} was altered after it was signed.", advice)
    return SignedPackage(path, manifest, release)


def send_archives(package: SignedPackage, client: BrokerClient, on_progress: Callable[[str], None]) -> None:
    """Send a title's archive to a broker, after that of its runtime if the broker lacks it.

    Raises:
        CommandFailure: the runtime is not here, or a broker does not take one of them.
    """
    pin, release = package.manifest.runtime, package.release
    try:
        if pin.sha256 and not _has_runtime(client, pin):
            on_progress(f"Sending the runtime {pin}")
            with local_runtimes().packed(pin) as path, open(path, "rb") as file:
                client.upload(f"/api/v1/archives/{pin.sha256}", file, pin.archive_bytes)
        on_progress("Sending the archive")
        with open(package.path, "rb") as file:
            client.upload(f"/api/v1/archives/{release.archive_sha256}", file, release.archive_bytes)
    except WireError as error:
        raise CommandFailure(ExitStatus.BAD_TITLE, f"{error.detail}.") from error
    except OSError as error:
        raise CommandFailure(ExitStatus.FAILED, f"{error.filename}: {error.strerror}.") from error


def _has_runtime(client: BrokerClient, pin: RuntimePin) -> bool:
    try:
        client.get(f"/api/v1/runtimes/{pin.sha256}")
    except Refused as refused:
        if refused.reason != Reason.NOT_FOUND:
            raise
        return False
    return True


def signature_path(path: Path) -> Path:
    """Return where an archive's signature lies."""
    return path.with_name(f"{path.name}.sig")


def _examine(path: Path) -> tuple[TitleManifest, Release]:
    """Return an archive's manifest and what there is to sign of it."""
    try:
        with open(path, "rb") as file:
            index = read_index(file)
            manifest = read_manifest(file, index)
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except WireError as error:
        raise CommandFailure(ExitStatus.BAD_TITLE, f"{path}: {error.detail}") from error
    except OSError as error:
        raise CommandFailure(ExitStatus.FAILED, f"{path}: {error.strerror}.") from error
    return manifest, Release(manifest.id, manifest.version, digest, index.archive_bytes, "")
