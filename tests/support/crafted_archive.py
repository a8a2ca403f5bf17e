"""Archives that ``pack`` would never write: any names, modes, places and records, in the right bytes otherwise."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping

from title_archive.zip_layout import Entry, central_header, end_record, local_header

MANIFEST = b'manifest = 1\nid = "chess"\nversion = "1.0.0"\nkind = "pygame"\nentry = "main.py"\nname = "Chess"\n'
FILES: Mapping[bytes, bytes] = {b"main.py": b"print('chess')\n", b"title.toml": MANIFEST}


def crafted(files: Iterable[tuple[bytes, bytes]] = tuple(FILES.items())) -> bytes:
    """Return the archive of files in the given order, whatever their names."""
    body, entries = b"", []
    for name, content in files:
        entry = Entry(name, len(content), zlib.crc32(content), False, len(body))
        body += local_header(entry) + content
        entries.append(entry)
    return with_directory(body, entries)


def with_directory(body: bytes, entries: Iterable[Entry]) -> bytes:
    """Return an archive whose directory says this of its body."""
    records = [central_header(entry) for entry in entries]
    directory = b"".join(records)
    return body + directory + end_record(len(records), len(directory), len(body))
