"""``title.lock`` and ``runtime.lock``: which wheels and Debian packages it came to, each by its SHA-256.

Text in, text out. Where a wheel runs is told by its tags (PEP 427, PEP 425), and checked before a title starts.
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass

LOCK_VERSION = 1
LOCK_MAX_BYTES = 256 * 1024
OLDEST_PYTHON = 11
"""Minor version of the oldest Python 3 that nodes run."""

_FORMS = {
    "wheel": {
        "name": re.compile(r"[a-z0-9]+(-[a-z0-9]+)*"),
        "version": re.compile(r"[A-Za-z0-9.!+_-]{1,100}"),
        "file": re.compile(r"[A-Za-z0-9._+!]{1,120}(-[A-Za-z0-9._+!]{1,120}){4,5}\.whl"),
        "sha256": re.compile(r"[0-9a-f]{64}"),
    },
    "debian": {
        "name": re.compile(r"[a-z0-9][a-z0-9.+-]{1,99}"),
        "version": re.compile(r"[0-9][A-Za-z0-9.+~:-]{0,99}"),
        "architecture": re.compile(r"[a-z0-9-]{1,32}"),
        "sha256": re.compile(r"[0-9a-f]{64}"),
    },
}
"""Fields of each table."""
_DIGEST_OR_NONE = re.compile(r"([0-9a-f]{64})?")
_NO_PYTHON = 1000
_ABI3 = re.compile(r"cp3(\d+)")
_ANY_ABI = re.compile(r"py3(\d*)")


class BadLock(ValueError):
    """A lock that was not written by Farplay; its text says what is wrong."""


@dataclass(frozen=True, slots=True)
class LockedWheel:
    """One wheel."""

    name: str
    """Normalised as PEP 503 says."""
    version: str
    file: str
    """Name of the wheel's file, whose tags tell where it runs (PEP 427)."""
    sha256: str

    @property
    def compiled(self) -> bool:
        """Whether it runs on one kind of processor only."""
        return not self.file.endswith("-any.whl")

    @property
    def bound_to_python(self) -> bool:
        """Whether it runs on one minor version of Python only, or not on the oldest that nodes have."""
        return self._oldest_python() > OLDEST_PYTHON

    def runs_on(self, minor: int) -> bool:
        """Tell whether it runs on a minor version of Python 3."""
        pythons, abis = self._tags()
        this = f"cp3{minor}"
        return self._oldest_python() <= minor or this in abis or ("none" in abis and this in pythons)

    def _oldest_python(self) -> int:
        """Return the minor version of Python 3 from which on it runs on all, above any if on none."""
        pythons, abis = self._tags()
        forms = [form for abi, form in (("abi3", _ABI3), ("none", _ANY_ABI)) if abi in abis]
        found = [match[1] for python in pythons for form in forms if (match := form.fullmatch(python))]
        return min((int(minor or 0) for minor in found), default=_NO_PYTHON)

    def _tags(self) -> tuple[list[str], list[str]]:
        python, abi, _ = self.file.removesuffix(".whl").rsplit("-", 3)[1:]
        return python.split("."), abi.split(".")


@dataclass(frozen=True, slots=True)
class LockedDebian:
    """One Debian package."""

    name: str
    version: str
    architecture: str
    """``all`` for one that runs on every processor."""
    sha256: str
    """Of its ``.deb`` file."""


@dataclass(frozen=True, slots=True)
class PackageLock:
    """All packages of a title or runtime, each kind by name."""

    requires: tuple[str, ...]
    """The manifest's ``python.requires`` that was resolved."""
    machine: str
    """Processor of the machine that it was resolved on, such as ``x86_64``."""
    wheels: tuple[LockedWheel, ...]
    content: str = ""
    """SHA-256 of what the folder of these wheels holds; empty until they have been put there."""
    runtime: str = ""
    """SHA-256 of the runtime whose packages the wheels go with; empty without."""
    wanted: tuple[str, ...] = ()
    """What of a runtime's ``[debian]`` was resolved."""
    debian: tuple[LockedDebian, ...] = ()

    @property
    def bound_to_python(self) -> tuple[LockedWheel, ...]:
        """The wheels that run on one version of Python only."""
        return tuple(wheel for wheel in self.wheels if wheel.bound_to_python)

    @property
    def compiled(self) -> bool:
        """Whether anything of it runs on one kind of processor only."""
        return any(wheel.compiled for wheel in self.wheels) or any(each.architecture != "all" for each in self.debian)

    def python_fault(self, minor: int) -> str | None:
        """Return which wheel does not run on a Python, in words; None if all do.

        Args:
            minor: Minor version of Python 3 that the manifest names; 0 if it names none, so that any must do.
        """
        if minor == 0:
            return next((f"{each.file} runs on one version of Python only" for each in self.bound_to_python), None)
        misfits = (each.file for each in self.wheels if not each.runs_on(minor))
        return next((f"{file} does not run on Python 3.{minor}" for file in misfits), None)

    def machine_fault(self, machine: str) -> str | None:
        """Return why it does not run on a processor, in words; None if it does."""
        if not self.compiled or self.machine == machine:
            return None
        return f"it is compiled for {self.machine}, and this machine is {machine}"


def write_lock(lock: PackageLock) -> str:
    """Return the text of a lock; equal locks have equal texts."""
    lines = [
        "# Written by Farplay. Keep it with the .toml file beside it; without it, newer packages are taken",
        "# the next time.",
        f"lock = {LOCK_VERSION}",
        f"requires = {_list(lock.requires)}",
        f"machine = {json.dumps(lock.machine)}",
        f"content = {json.dumps(lock.content)}",
    ]
    if lock.runtime:
        lines.append(f"runtime = {json.dumps(lock.runtime)}")
    if lock.wanted:
        lines.append(f"wanted = {_list(lock.wanted)}")
    for table, rows in (("wheel", lock.wheels), ("debian", lock.debian)):
        for row in rows:
            fields = ((key, getattr(row, key)) for key in _FORMS[table])
            lines += ["", f"[[{table}]]", *(f"{key} = {json.dumps(value)}" for key, value in fields)]
    return "\n".join(lines) + "\n"


def read_lock(text: str) -> PackageLock:
    """Read a lock that anybody may have written.

    Raises:
        BadLock: it is none.
    """
    try:
        body = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadLock(f"it is not TOML: {error}") from error
    known = {"lock", "requires", "machine", "content", "runtime", "wanted", *_FORMS}
    if body.keys() - known or body.get("lock") != LOCK_VERSION:
        raise BadLock("it was written by another version of Farplay")
    wheels = tuple(LockedWheel(**row) for row in _rows(body, "wheel"))
    debian = tuple(LockedDebian(**row) for row in _rows(body, "debian"))
    machine, content, runtime = _texts([body.get("machine"), body.get("content"), body.get("runtime", "")])
    if _DIGEST_OR_NONE.fullmatch(runtime) is None:
        raise BadLock("its runtime is no digest")
    wanted = _texts(body.get("wanted", []))
    return PackageLock(_texts(body.get("requires")), machine, wheels, content, runtime, wanted, debian)


def _list(texts: tuple[str, ...]) -> str:
    # JSON's strings are TOML's basic strings as well.
    return f"[{', '.join(map(json.dumps, texts))}]"


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise BadLock("requires, machine or content is missing")
    return tuple(value)


def _rows(body: dict[str, object], table: str) -> list[dict[str, str]]:
    rows = body.get(table, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadLock(f"[[{table}]] is no list of tables")
    read = [_row(row, table) for row in rows]
    names = [row["name"] for row in read]
    if names != sorted(set(names)):
        raise BadLock("its packages are not in the order of their names, or one is there twice")
    return read


def _row(row: dict[str, object], table: str) -> dict[str, str]:
    forms = _FORMS[table]
    fields = {key: str(value) for key, value in row.items()}
    if row.keys() != forms.keys() or not all(form.fullmatch(fields[key]) for key, form in forms.items()):
        raise BadLock(f"the {table} {fields.get('name', '?')[:80]!r} has fields that are wrong")
    return fields
