"""Archives: packed alike everywhere, taken only whole and as packed, unpacked to what was packed."""

from __future__ import annotations

import io
import os
import stat
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.crafted_archive import FILES, MANIFEST, crafted, with_directory
from title_archive.names import clashes, name_fault
from title_archive.pack import pack
from title_archive.reader import read_content, read_index, read_manifest
from title_archive.removal import remove_tree
from title_archive.unpack import unpack
from title_archive.zip_layout import ENTRIES_MAX, Entry, end_record, local_header
from wire.errors import Reason, WireError
from wire.title_manifest import MANIFEST_MAX_BYTES


def make_folder(parent: Path, name: str = "chess") -> Path:
    folder = parent / name
    (folder / "art" / "深").mkdir(parents=True)
    for path, content in {**FILES, "art/深/board.bin".encode(): bytes(range(256)) * 9, b"empty": b""}.items():
        (folder / path.decode()).write_bytes(content)
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o755)
    return folder


def test_two_packs_on_two_paths_and_dates_are_equal(tmp_path: Path) -> None:
    one, two = make_folder(tmp_path), make_folder(tmp_path, "elsewhere")
    for path in [two, *two.rglob("*")]:
        os.utime(path, (1, 1))
    (two / "main.py").chmod(0o664)
    (two / "__pycache__").mkdir()
    (two / "__pycache__" / "main.pyc").write_bytes(b"x")
    (two / ".git").mkdir()
    first, second = pack(one, tmp_path / "a.farplay"), pack(two, two / "b.farplay")
    assert first.path.read_bytes() == second.path.read_bytes()
    assert first.sha256 == second.sha256 == pack(one, tmp_path / "again.farplay").sha256
    assert second.left_out == (".git", "__pycache__")
    assert pack(two, two / "c.farplay").sha256 == first.sha256


def test_the_bytes_of_an_archive_never_change() -> None:
    """The digest names what was published: another one for the same files would be another title."""
    import hashlib

    digest = hashlib.sha256(crafted()).hexdigest()
    assert digest == "c89c0e19fd5ec3761ce9bb8e76e7c3de39d0caf033fdc4eeb2928578928c7475"


def test_other_programs_can_read_it(tmp_path: Path) -> None:
    packed = pack(make_folder(tmp_path), tmp_path / "a.farplay")
    with zipfile.ZipFile(packed.path) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == list(packed.files) == sorted(packed.files)
        assert archive.read("art/深/board.bin") == bytes(range(256)) * 9


def test_it_unpacks_to_a_read_only_folder(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    packed = pack(folder, tmp_path / "a.farplay")
    target = tmp_path / "out"
    with open(packed.path, "rb") as file:
        index = read_index(file)
        unpack(file, index, target)
        unpack(file, index, target)
    assert contents(target) == contents(folder)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in target.rglob("*")}
    assert (modes["main.py"], modes["run.sh"], modes["art"]) == (0o444, 0o555, 0o555)
    assert sorted(os.listdir(tmp_path)) == ["a.farplay", "chess", "out"]
    remove_tree(target)
    assert not target.exists()


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (lambda folder: (folder / "out").symlink_to("/etc/passwd"), "out is a link"),
        (lambda folder: (folder / "all").symlink_to(folder.parent), "all is a link"),
        (lambda folder: os.mkfifo(folder / "pipe"), "pipe is not a file"),
        (lambda folder: (folder / "Main.py").write_text(""), "Main.py and main.py are the same name"),
        (lambda folder: (folder / "a\\b").write_text(""), "backslash"),
        (lambda folder: Path(os.fsdecode(os.fsencode(folder) + b"/\xff")).write_text(""), "is not UTF-8"),
    ],
)
def test_what_no_archive_may_hold_is_named_by_pack(tmp_path: Path, make: object, fault: str) -> None:
    folder = make_folder(tmp_path)
    assert callable(make)
    make(folder)
    with pytest.raises(WireError, match=fault) as caught:
        pack(folder, tmp_path / "a.farplay")
    assert caught.value.reason is Reason.BAD_ARCHIVE
    assert not list(tmp_path.glob("*a.farplay*"))


def entry_of(name: bytes, content: bytes, offset: int, **changed: int) -> Entry:
    import zlib

    return Entry(name, changed.get("size", len(content)), zlib.crc32(content), False, offset)


def test_hostile_archives_are_refused() -> None:
    for words, archive in hostile_archives().items():
        with pytest.raises(WireError, match=words) as caught:
            read_whole(archive)
        assert caught.value.reason in (Reason.BAD_ARCHIVE, Reason.TOO_LARGE), words


def read_whole(archive: bytes) -> dict[bytes, bytes]:
    file = io.BytesIO(archive)
    index = read_index(file)
    return {entry.name: b"".join(read_content(file, entry)) for entry in index.entries}


def hostile_archives() -> dict[str, bytes]:
    good = crafted()
    directory_at = good.index(b"PK\x01\x02")
    mode_at = directory_at + 38
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as writer:
        writer.writestr("bomb", bytes(1 << 20))
    shared = entry_of(b"a", b"x" * 999, 0)
    body = local_header(shared) + b"x" * 999
    return {
        "part that is empty, '.' or '..'": crafted([(b"a/../../b", b"")]),
        "'../b' has a part": crafted([(b"../b", b"")]),
        "is an absolute path": crafted([(b"/etc/passwd", b"")]),
        "'a//b' has a part": crafted([(b"a//b", b"")]),
        "'a/' has a part": crafted([(b"a/", b"")]),
        "is a link, a device or a folder": good[:mode_at]
        + (0o120777 << 16).to_bytes(4, "little")
        + good[mode_at + 4 :],
        "main.py' is a link, a device": good[:mode_at] + (0o020644 << 16).to_bytes(4, "little") + good[mode_at + 4 :],
        "'A' and 'a' are the same": crafted([(b"A", b""), (b"a", b"")]),
        "'D' and 'd' are the same": crafted([(b"D/x", b""), (b"d/y", b"")]),
        "are the same name": crafted([("\u00e9".encode(), b""), ("e\u0301".encode(), b"")][::-1]),
        "'a' and 'a/' are the same": crafted([(b"a", b""), (b"a/b", b"")]),
        "two files have the same name": crafted([(b"a", b"1"), (b"a", b"2")]),
        "not in the order": crafted([(b"b", b""), (b"a", b"")]),
        "is not UTF-8": crafted([(b"\xff\xfe", b"")]),
        "longer than 512 bytes": crafted([(b"a/" * 255 + b"abcdef", b"")]),
        "deeper than 32": crafted([(b"a/" * 32 + b"b", b"")]),
        "more than 255 bytes": crafted([(b"a" * 256, b"")]),
        "backslash or a control": crafted([(b"a\\b", b"")]),
        "a control character": crafted([(b"a\nb", b"")]),
        "may have 20000 files": good[:-22] + end_record(ENTRIES_MAX + 1, len(good) - 22 - directory_at, directory_at),
        "is compressed": bomb.getvalue(),
        "overlaps another file": with_directory(body, [shared, entry_of(b"b", b"x" * 999, 0)]),
        "leaves a gap": with_directory(b"JUNK" + body, [entry_of(b"a", b"x" * 999, 4)]),
        "between its files and its directory": with_directory(body + b"JUNK", [shared]),
        "something follows it": good + b"JUNK",
        "header that differs": with_directory(body, [entry_of(b"b", b"x" * 999, 0)]),
        "too short": b"PK",
        "directory is shorter": good[:-22] + end_record(3, len(good) - 22 - directory_at, directory_at),
        "directory is longer": good[:-22] + end_record(1, len(good) - 22 - directory_at, directory_at),
        "does not stand at its end": good[:-22] + end_record(2, 10, directory_at),
        "wrong checksum": good.replace(b"'chess'", b"'CHESS'"),
    }


def test_an_archive_longer_than_allowed_is_not_read() -> None:
    with pytest.raises(WireError, match="may have 10 bytes") as caught:
        read_index(io.BytesIO(crafted()), max_bytes=10)
    assert caught.value.reason is Reason.TOO_LARGE


@settings(max_examples=200)
@given(st.data())
def test_no_byte_can_be_changed_added_or_cut(data: st.DataObject) -> None:
    """Whatever is changed, what is read is either refused or what was packed."""
    good = crafted()
    at = data.draw(st.integers(0, len(good) - 1))
    change = data.draw(st.sampled_from(["flip", "cut", "insert"]))
    byte = data.draw(st.binary(min_size=1, max_size=3))
    if change == "flip":
        changed = good[:at] + bytes([good[at] ^ (byte[0] or 1)]) + good[at + 1 :]
    elif change == "cut":
        changed = good[:at]
    else:
        changed = good[:at] + byte + good[at:]
    with pytest.raises(WireError):
        read_whole(changed)


@given(st.binary(max_size=300))
def test_no_bytes_crash_the_reader(data: bytes) -> None:
    for archive in (data, data + end_record(0, 0, len(data)), data + crafted()[-22:]):
        if archive == end_record(0, 0, 0):
            continue
        with pytest.raises(WireError):
            read_whole(archive)


NAMES = st.lists(
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\\"), min_size=1, max_size=9),
    min_size=1,
    max_size=3,
).map("/".join)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(files=st.dictionaries(NAMES, st.binary(max_size=40), max_size=6))
def test_what_was_packed_comes_out(tmp_path: Path, files: dict[str, bytes]) -> None:
    names = [name.encode() for name in files]
    visible = not any(
        part.startswith(".") or part.endswith((".pyc", ".farplay")) for n in files for part in n.split("/")
    )
    if any(name_fault(name) for name in names) or clashes(names) or not visible:
        return
    folder = tmp_path / os.urandom(6).hex()
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    folder.mkdir(exist_ok=True)
    packed = pack(folder, tmp_path / "a.farplay")
    expected = {name.encode(): content for name, content in files.items()}
    assert read_whole(packed.path.read_bytes()) == expected
    assert packed.path.read_bytes() == crafted(sorted(expected.items()))


def test_a_broken_archive_leaves_no_folder(tmp_path: Path) -> None:
    file = io.BytesIO(crafted().replace(b"'chess'", b"'CHESS'"))
    with pytest.raises(WireError, match="wrong checksum"):
        unpack(file, read_index(file), tmp_path / "out")
    assert os.listdir(tmp_path) == []


def test_a_titles_manifest_is_read_from_its_archive() -> None:
    file = io.BytesIO(crafted())
    assert read_manifest(file, read_index(file)).names == {"en": "Chess"}


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        ({b"main.py": b""}, "it has no title.toml"),
        ({b"title.toml": MANIFEST}, "the entry main.py is not in it"),
        ({b"main.py": b"", b"title.toml": MANIFEST + b'artwork = "a.png"\n'}, "the artwork a.png is not in it"),
        (
            {b"main.py": b"", b"title.toml": MANIFEST + b'[python]\nrequires = ["x"]\n'},
            "it has no title.lock",
        ),
        ({b"main.py": b"", b"title.toml": b"\xff"}, "is not UTF-8"),
        ({b"main.py": b"", b"title.toml": b"#" * (MANIFEST_MAX_BYTES + 1)}, "more than"),
        ({b"main.py": b"", b"title.toml": b"manifest = 2"}, "line 1: manifest must be 1"),
    ],
)
def test_an_archive_that_is_no_titles(files: dict[bytes, bytes], fault: str) -> None:
    file = io.BytesIO(crafted(files.items()))
    with pytest.raises(WireError, match=fault):
        read_manifest(file, read_index(file))
