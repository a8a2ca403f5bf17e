"""Debian packages' files as a tree without links: nothing leads out of it, and no link is lost that leads within."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from farplay.failures import CommandFailure
from farplay.runtimes.debian import failure_of
from farplay.runtimes.debian_tree import DebianTree


def tar(files: dict[str, bytes], links: dict[str, str] | None = None, *others: tarfile.TarInfo) -> io.BytesIO:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o4755 if content.startswith(b"#!") else 0o644
            archive.addfile(member, io.BytesIO(content))
        for name, target in (links or {}).items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            archive.addfile(member)
        for member in others:
            archive.addfile(member)
    return io.BytesIO(written.getvalue())


def files_of(root: Path) -> dict[str, bytes]:
    assert not any(path.is_symlink() for path in root.rglob("*"))
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def tree_of(root: Path, *tars: io.BytesIO) -> list[str]:
    tree = DebianTree(root)
    for each in tars:
        tree.add_tar(each, "x.deb")
        assert each.read() == b"", "a pipe is read to its end"
    return tree.finish()


def test_files_lie_where_they_do_since_usr_was_merged(tmp_path: Path) -> None:
    files = {"./lib/a.so": b"1", "./bin/run": b"#!", "./usr/share/b": b"2", "./etc/c": b"3", "./opt/d/e": b"4"}
    others = {"./var/lib/x": b"0", "./run": b"0", "./DEBIAN/control": b"0", "../../up": b"0", "/boot/x": b"0"}
    assert tree_of(tmp_path, tar({**files, **others})) == []
    assert files_of(tmp_path) == {
        "usr/lib/a.so": b"1", "usr/bin/run": b"#!", "usr/share/b": b"2", "etc/c": b"3", "opt/d/e": b"4"
    }  # fmt: skip
    assert (tmp_path / "usr/bin/run").stat().st_mode & 0o7777 == 0o755, "who it runs as is not the package's"
    assert (tmp_path / "etc/c").stat().st_mode & 0o7777 == 0o644


def test_of_documents_only_licences_are_kept(tmp_path: Path) -> None:
    names = ("doc/p/copyright", "doc/p/NEWS", "doc/p/html/i", "man/man1/p.1", "info/p", "lintian/p", "locale/p")
    tree_of(tmp_path, tar({f"./usr/share/{name}": b"" for name in names}))
    assert sorted(files_of(tmp_path)) == ["usr/share/doc/p/copyright", "usr/share/locale/p"]


def test_links_become_what_they_lead_to(tmp_path: Path) -> None:
    links = {
        "./usr/lib/libx.so.1": "libx.so.1.0", "./usr/lib/libx.so": "libx.so.1", "./usr/bin/x": "/lib/x/../x/run",
        "./usr/lib/y": "x", "./usr/share/y": "../lib/y", "./usr/bin/y": "/usr/share/y/run",
        "./usr/share/up": "../../../../../../etc/up", "./usr/share/none": "nowhere", "./usr/share/out": "/var/out",
        "./usr/share/a/b/c/d": "/usr/share/t", "./usr/share/t/l": "/usr/lib/x",
        "./usr/share/one": "two", "./usr/share/two": "one", "./usr/share/self": ".", "./usr/share/top": "/",
    }  # fmt: skip
    hard = tarfile.TarInfo("./usr/bin/hard")
    hard.type, hard.linkname = tarfile.LNKTYPE, "./usr/lib/x/run"
    files = {"./usr/lib/libx.so.1.0": b"lib", "./usr/lib/x/run": b"#!", "./usr/share/t/f": b"f"}
    dangling = tree_of(tmp_path, tar(files, links, hard), tar({"./etc/up": b"u"}))
    assert files_of(tmp_path) == {
        "etc/up": b"u", "usr/share/up": b"u", "usr/share/t/f": b"f", "usr/share/a/b/c/d/f": b"f",
        **{f"usr/lib/libx.so{end}": b"lib" for end in ("", ".1", ".1.0")},
        **{f"usr/{name}": b"#!" for name in (
            "lib/x/run", "lib/y/run", "share/t/l/run", "share/a/b/c/d/l/run", "share/y/run", "bin/x", "bin/y",
            "bin/hard")},
    }  # fmt: skip
    assert dangling == [f"usr/share/{name}" for name in ("none", "one", "out", "self", "top", "two")]
    assert (tmp_path / "usr/bin/hard").stat().st_mode & 0o111


def test_two_packages_may_hold_the_same_file_only(tmp_path: Path) -> None:
    same = {"./usr/share/x": b"1"}
    tree = DebianTree(tmp_path)
    tree.add_tar(tar(same), "a.deb")
    tree.add_tar(tar(same), "b.deb")
    with pytest.raises(CommandFailure, match=r"c.deb and another package both hold /usr/share/x"):
        tree.add_tar(tar({"./usr/share/x": b"2"}), "c.deb")


def test_devices_are_refused(tmp_path: Path) -> None:
    device = tarfile.TarInfo("./usr/lib/null")
    device.type = tarfile.CHRTYPE
    with pytest.raises(CommandFailure, match=r"x.deb holds a device or pipe, ./usr/lib/null"):
        tree_of(tmp_path, tar({}, {}, device))


_part = st.sampled_from(["usr", "lib", "a", "b", "..", "."])
_path = st.lists(_part, min_size=1, max_size=4).map("/".join)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(_path, st.just(b"x"), max_size=4), st.dictionaries(_path, _path, max_size=5), st.booleans())
def test_whatever_the_links_are_the_tree_is_files_within(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes], links: dict[str, str], absolute: bool
) -> None:
    parent = tmp_path_factory.mktemp("tree")
    (parent / "root").mkdir()
    targets = {f"usr/{name}": f"/{target}" if absolute else target for name, target in links.items()}
    try:
        dangling = tree_of(parent / "root", tar({f"usr/{name}": data for name, data in files.items()}, targets))
    except OSError:
        dangling = []  # a file where another package has a folder
    assert os.listdir(parent) == ["root"]
    assert set(files_of(parent / "root").values()) <= {b"x"}
    assert all((parent / "root" / path).is_relative_to(parent / "root") for path in dangling)


@pytest.mark.parametrize(
    ("faults", "words"),
    [
        ("E: Unable to locate package lanterns\n", "apt does not find the package lanterns"),
        ("E: Package 'lanterns' has no installation candidate\n", "apt does not find the package lanterns"),
        ("E: Version '0.9' for 'lamps' was not found\n", "do not offer lamps 0.9 any more"),
        ("W: x\nE: Could not resolve 'deb.debian.org'\n", "apt failed: Could not resolve 'deb.debian.org'"),
        ("segfault\n", "apt failed: segfault"),
    ],
)
def test_what_apt_says_is_told_in_words(faults: str, words: str) -> None:
    assert words in failure_of(faults).words
