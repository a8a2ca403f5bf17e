"""The bytes of an archive: a ZIP file in one form only, so that equal titles are equal files everywhere.

Entries are stored, in the order of their names' bytes, with fixed times and modes, one after the other without gaps,
followed by the central directory. Nothing is compressed: what deflate returns differs between versions and builds of
zlib, and a stored archive cannot be a bomb, since it is never smaller than what it unpacks to. Pictures and sounds,
which are most of a title, are compressed already.

Source: APPNOTE.TXT 6.3.10 of PKWARE, §4.3 and §4.4; without ZIP64, so that an archive stays below 4 GiB.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

ENTRIES_MAX = 20_000
ARCHIVE_MAX_BYTES = 2 << 30
PATH_MAX_BYTES = 512

LOCAL = struct.Struct("<4sHHHHHIIIHH")
CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
END = struct.Struct("<4sHHHHIIH")
DIRECTORY_MAX_BYTES = ENTRIES_MAX * (CENTRAL.size + PATH_MAX_BYTES)

_LOCAL_MAGIC, _CENTRAL_MAGIC, _END_MAGIC = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_NEEDED, _MADE_BY_UNIX = 20, 3 << 8 | 20
_UTF8_NAMES, _STORED = 0x0800, 0
_TIME, _DATE = 0, 1 << 5 | 1
"""Midnight on the first of January 1980, the earliest that ZIP can say."""
_FILE, _PROGRAM = 0o100644 << 16, 0o100755 << 16


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in an archive."""

    name: bytes
    """POSIX path relative to the title's folder, UTF-8."""
    size: int
    """Bytes of its content."""
    crc: int
    """CRC-32 of its content."""
    executable: bool
    offset: int
    """Where its local header begins."""

    @property
    def content_at(self) -> int:
        """Return where its content begins."""
        return self.offset + LOCAL.size + len(self.name)

    @property
    def end(self) -> int:
        """Return where the next entry begins."""
        return self.content_at + self.size


def local_header(entry: Entry) -> bytes:
    """Return what stands before an entry's content."""
    fields = (_NEEDED, _UTF8_NAMES, _STORED, _TIME, _DATE, entry.crc, entry.size, entry.size, len(entry.name), 0)
    return LOCAL.pack(_LOCAL_MAGIC, *fields) + entry.name


def central_header(entry: Entry) -> bytes:
    """Return an entry's record in the central directory."""
    file = (_MADE_BY_UNIX, _NEEDED, _UTF8_NAMES, _STORED, _TIME, _DATE, entry.crc, entry.size, entry.size)
    mode = _PROGRAM if entry.executable else _FILE
    return CENTRAL.pack(_CENTRAL_MAGIC, *file, len(entry.name), 0, 0, 0, 0, mode, entry.offset) + entry.name


def end_record(count: int, directory_bytes: int, directory_at: int) -> bytes:
    """Return an archive's last bytes."""
    return END.pack(_END_MAGIC, 0, 0, count, count, directory_bytes, directory_at, 0)


def is_end(record: bytes) -> bool:
    """Tell whether bytes begin like an archive's last record."""
    return record.startswith(_END_MAGIC)


def is_central(record: bytes) -> bool:
    """Tell whether bytes begin like a record of the central directory."""
    return record.startswith(_CENTRAL_MAGIC)
