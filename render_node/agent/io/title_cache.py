"""Published titles and their runtimes on this machine: fetched by digest, checked, and kept while there is room.

Before every start the signature is checked, and that the unpacked files are those that were written: a folder whose
stamp differs is thrown away and fetched anew. The digest in the signature is what the archive is checked against; the
title's manifest, which is in it, has the digest of the runtime.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import platform
import threading
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import structlog

from render_node.agent.io.archive_download import Wanted, download
from render_node.agent.io.private_file import write_private
from render_node.agent.io.session_leftovers import ENTER_ONLY
from title_archive.reader import Index, read_index, read_manifest, read_runtime
from title_archive.removal import remove_tree
from title_archive.signing import check_release
from title_archive.unpack import unpack
from title_archive.unpacked import check_packages
from wire.errors import Reason, WireError
from wire.limits import ARCHIVES_PER_NODE_MAX
from wire.runtime_manifest import RuntimePin
from wire.sandbox import Trust
from wire.title_manifest import MANIFEST_FILE, InstalledTitle, TitleManifest, parse_manifest
from wire.title_release import Release

DOWNLOADS_MAX = 4
"""Archives that come at once; they have threads of their own, since each may take minutes."""

_STAMP = ".stamp"
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Archive:
    """A title's or a runtime's."""

    name: str
    wanted: Wanted
    check: Callable[[BinaryIO, Index], None]
    """Raises what is wrong with what it says of itself."""


@dataclass(frozen=True, slots=True)
class _Source:
    """Where archives come from, for one session."""

    broker_url: str
    bearer: str
    keep: Callable[[], Collection[str]]


class TitleCache:
    """Owns its folder, and the threads of downloads until ``close``.

    Args:
        folder: Made if it is missing; what a killed agent left half done in it is removed.
        max_bytes: Bytes of unpacked titles that are kept; those in use may go beyond.
        alone: Whether no other agent works on the folder now, so that what is half done there is nobody's.
    """

    def __init__(self, folder: Path, max_bytes: int, *, alone: bool = True) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        # Where titles have a user of their own, that user must get through to them.
        folder.chmod(ENTER_ONLY)
        self._folder = folder
        self._max_bytes = max_bytes
        self._downloads = ThreadPoolExecutor(DOWNLOADS_MAX, "download")
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._room = asyncio.Lock()
        """Held while titles are removed; nobody may look for one meanwhile."""
        self._wanted: dict[str, int] = {}
        """Folders that somebody waits for, and the bytes that are still to come into each."""
        for path in folder.glob(".*") if alone else ():
            remove_tree(path) if path.is_dir() else path.unlink()

    def held(self) -> tuple[str, ...]:
        """Return the digests of the archives that lie here, in order; of many, those that were started last."""
        stamps = sorted(self._folder.glob(f"*{_STAMP}"), key=_started_ns, reverse=True)
        return tuple(sorted(path.name.removesuffix(_STAMP) for path in stamps[:ARCHIVES_PER_NODE_MAX]))

    async def get(
        self, release: Release, *, broker_url: str, node_id: str, node_key: str, keep: Callable[[], Collection[str]]
    ) -> InstalledTitle:
        """Return a published title whose files lie here, fetched if they do not yet.

        Args:
            release: What the broker says of it.
            broker_url: Where its archive is fetched from.
            node_id: Who asks.
            node_key: Its key.
            keep: Returns the folders that sessions use and that must stay; asked on the loop whenever room is made.

        Raises:
            WireError: ``bad_signature``, ``bad_archive``, ``too_large``, ``title_missing``, or ``no_capability`` for
                packages of another processor.
        """
        check_release(release)
        source = _Source(broker_url, f"{node_id}:{node_key}", keep)
        try:
            async with self._holding(_title_of(release), source) as folder:
                manifest = await asyncio.to_thread(_open, folder)
                if not manifest.runtime.sha256:
                    return await asyncio.to_thread(_installed, manifest, folder, None)
                async with self._holding(_runtime_of(manifest.runtime), source) as runtime:
                    return await asyncio.to_thread(_installed, manifest, folder, runtime)
        except OSError as error:
            raise WireError(Reason.TITLE_MISSING, f"its archive cannot be kept here: {error.strerror}") from error

    @asynccontextmanager
    async def _holding(self, archive: _Archive, source: _Source) -> AsyncIterator[Path]:
        """Give the folder of an archive, fetched if it does not lie here yet; it stays as long as the block lasts."""
        target = self._folder / archive.wanted.sha256
        stop = threading.Event()
        async with self._turns[archive.wanted.sha256]:
            self._wanted[str(target)] = 0
            try:
                # Whoever makes room now may remove it; whoever does later sees that it is wanted.
                async with self._room:
                    is_here = await asyncio.to_thread(_is_untouched, target)
                if not is_here:
                    await self._make_room(archive.wanted, target, source.keep)
                    fetch = (archive, source, target, stop)
                    await asyncio.get_running_loop().run_in_executor(self._downloads, self._fetch, *fetch)
                    self._wanted[str(target)] = 0
                await asyncio.to_thread(os.utime, _stamp_path(target))
                yield target
            finally:
                stop.set()
                del self._wanted[str(target)]

    def close(self) -> None:
        """Start no more downloads; those that nobody waits for any more end by themselves."""
        self._downloads.shutdown(wait=False, cancel_futures=True)

    async def _make_room(self, wanted: Wanted, target: Path, keep: Callable[[], Collection[str]]) -> None:
        if wanted.archive_bytes > self._max_bytes:
            words = f"an archive may have {self._max_bytes} bytes on this node"
            raise WireError(Reason.TOO_LARGE, words)
        async with self._room:
            self._wanted[str(target)] = wanted.archive_bytes
            stays = {*keep(), *self._wanted}
            await asyncio.to_thread(self._remove_unused, sum(self._wanted.values()), stays)

    def _fetch(self, archive: _Archive, source: _Source, target: Path, stop: threading.Event) -> None:
        wanted = archive.wanted
        part = self._folder / f".{wanted.sha256}.part"
        remove_tree(target)
        try:
            with open(os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "w+b") as file:
                download(f"{source.broker_url}/api/v1/archives/{wanted.sha256}", source.bearer, file, wanted, stop)
                index = read_index(file, max_bytes=wanted.archive_bytes)
                archive.check(file, index)
                unpack(file, index, target)
        finally:
            part.unlink(missing_ok=True)
        write_private(_stamp_path(target), json.dumps({"stamp": _stamp_of(target), "bytes": wanted.archive_bytes}))
        log.info("archive_fetched", name=archive.name, sha256=wanted.sha256, bytes=wanted.archive_bytes)

    def _remove_unused(self, wanted_bytes: int, keep: Collection[str]) -> None:
        """Make room by removing the titles that were not started for the longest time."""
        stamps = sorted(self._folder.glob(f"*{_STAMP}"), key=_started_ns)
        sizes = {path: _size_of(path) for path in stamps}
        for stamp in stamps:
            target = stamp.with_name(stamp.name.removesuffix(_STAMP))
            if sum(sizes.values()) + wanted_bytes <= self._max_bytes:
                return
            if str(target) not in keep:
                stamp.unlink()
                remove_tree(target)
                del sizes[stamp]


def _stamp_path(target: Path) -> Path:
    return target.with_name(f"{target.name}{_STAMP}")


def _title_of(release: Release) -> _Archive:
    def check(file: BinaryIO, index: Index) -> None:
        manifest = read_manifest(file, index)
        if (manifest.id, manifest.version) != (release.title_id, release.version):
            raise WireError(Reason.BAD_ARCHIVE, "the archive is of another title than its signature says")

    wanted = Wanted(release.archive_sha256, release.archive_bytes)
    return _Archive(f"{release.title_id} {release.version}", wanted, check)


def _runtime_of(pin: RuntimePin) -> _Archive:
    def check(file: BinaryIO, index: Index) -> None:
        read_runtime(file, index)

    return _Archive(str(pin), Wanted(pin.sha256, pin.archive_bytes), check)


def _open(folder: Path) -> TitleManifest:
    return parse_manifest((folder / MANIFEST_FILE).read_text(encoding="utf-8"))


def _installed(manifest: TitleManifest, folder: Path, runtime: Path | None) -> InstalledTitle:
    """Return a title whose packages run on this machine."""
    check_packages(manifest, folder, runtime, platform.machine())
    # The broker offers only what an operator has approved.
    return InstalledTitle(manifest, str(folder), Trust.APPROVED, str(runtime or ""))


def _is_untouched(target: Path) -> bool:
    try:
        return bool(json.loads(_stamp_path(target).read_text())["stamp"] == _stamp_of(target))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _started_ns(stamp: Path) -> int:
    """Return when a title was last started, 0 for one that is just being removed."""
    try:
        return stamp.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def _size_of(stamp: Path) -> int:
    try:
        return int(json.loads(stamp.read_text())["bytes"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def _stamp_of(folder: Path) -> str:
    """Return a digest of what the file system says of every file; writing to one changes it."""
    digest = hashlib.sha256()
    for top, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            path = os.path.join(top, name)
            info = os.lstat(path)
            facts = (os.path.relpath(path, folder), info.st_size, info.st_mtime_ns, info.st_mode, info.st_ino)
            digest.update(repr(facts).encode("utf-8", "surrogateescape"))
    return digest.hexdigest()
