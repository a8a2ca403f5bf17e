"""Archives and artwork in a folder."""

from __future__ import annotations

import os
import re
from pathlib import Path

from session_broker.io.objects import Objects

ARCHIVE_BYTES = 128 << 20


async def test_a_long_archive_is_never_in_memory_as_a_whole(tmp_path: Path) -> None:
    archive, objects = tmp_path / "upload", Objects(None, tmp_path / "objects")
    archive.touch()
    os.truncate(archive, ARCHIVE_BYTES)
    before = peak_bytes_from_now()
    await objects.create("archives/a", archive)
    assert peak_bytes() - before < ARCHIVE_BYTES
    assert (tmp_path / "objects" / "archives" / "a").stat().st_size == ARCHIVE_BYTES


async def test_an_object_is_created_once(tmp_path: Path) -> None:
    objects = Objects(None, tmp_path / "objects")
    await objects.create("manifests/a", b"first")
    await objects.create("manifests/a", b"second")
    assert await objects.read("manifests/a") == b"first"


def peak_bytes_from_now() -> int:
    """Forget what was: proc(5), clear_refs."""
    Path("/proc/self/clear_refs").write_text("5")
    return peak_bytes()


def peak_bytes() -> int:
    """Return the most memory that this process has had."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) * 1024
