"""``title.lock``: which wheels a title's ``python.requires`` came to, each by its SHA-256; text in, text out."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass

LOCK_VERSION = 1
LOCK_MAX_BYTES = 256 * 1024
OLDEST_PYTHON = 11
"""Minor version of the oldest Python 3 that nodes run."""

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_VERSION = re.compile(r"[A-Za-z0-9.!+_-]{1,100}")
_FILE = re.compile(r"[A-Za-z0-9._+!]{1,120}(-[A-Za-z0-9._+!]{1,120}){4,5}\.whl")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_ABI3 = re.compile(r"cp3(\d+)")
_ANY_ABI = re.compile(r"py3(\d*)")


class BadLock(ValueError):
    """A ``title.lock`` that was not written by ``farplay title pack``; its text says what is wrong."""


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
        python, abi, _ = self.file.removesuffix(".whl").rsplit("-", 3)[1:]
        if abi not in ("abi3", "none"):
            return True
        form = _ABI3 if abi == "abi3" else _ANY_ABI
        oldest = [int(found[1] or 0) for found in map(form.fullmatch, python.split(".")) if found]
        return min(oldest, default=OLDEST_PYTHON + 1) > OLDEST_PYTHON


@dataclass(frozen=True, slots=True)
class WheelLock:
    """All of a title's wheels, by name."""

    requires: tuple[str, ...]
    """The manifest's ``python.requires`` that was resolved."""
    machine: str
    """Processor of the machine that it was resolved on, such as ``x86_64``."""
    wheels: tuple[LockedWheel, ...]
    content: str = ""
    """SHA-256 of what the folder of these wheels holds; empty until they have been put there."""

    @property
    def bound_to_python(self) -> tuple[LockedWheel, ...]:
        """The wheels that run on one version of Python only."""
        return tuple(wheel for wheel in self.wheels if wheel.bound_to_python)


def write_lock(lock: WheelLock) -> str:
    """Return the text of a lock; equal locks have equal texts."""
    # JSON's strings are TOML's basic strings as well.
    requires = ", ".join(json.dumps(each) for each in lock.requires)
    lines = [
        "# The wheels of python.requires, written by `farplay title pack`. Keep it with title.toml;",
        "# without it, newer wheels are taken the next time.",
        f"lock = {LOCK_VERSION}",
        f"requires = [{requires}]",
        f"machine = {json.dumps(lock.machine)}",
        f"content = {json.dumps(lock.content)}",
    ]
    for wheel in lock.wheels:
        fields = (("name", wheel.name), ("version", wheel.version), ("file", wheel.file), ("sha256", wheel.sha256))
        lines += ["", "[[wheel]]", *(f"{key} = {json.dumps(value)}" for key, value in fields)]
    return "\n".join(lines) + "\n"


def read_lock(text: str) -> WheelLock:
    """Read a lock that anybody may have written.

    Raises:
        BadLock: it is none.
    """
    try:
        body = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadLock(f"it is not TOML: {error}") from error
    if body.keys() - {"lock", "requires", "machine", "content", "wheel"} or body.get("lock") != LOCK_VERSION:
        raise BadLock("it was written by another version of Farplay")
    rows = body.get("wheel", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadLock("its wheels are no tables")
    wheels = tuple(_wheel(row) for row in rows)
    names = [wheel.name for wheel in wheels]
    if names != sorted(set(names)):
        raise BadLock("its wheels are not in the order of their names, or one is there twice")
    machine, content = _texts([body.get("machine"), body.get("content")])
    return WheelLock(_texts(body.get("requires")), machine, wheels, content)


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise BadLock("requires, machine or content is missing")
    return tuple(value)


def _wheel(row: dict[str, object]) -> LockedWheel:
    forms = {"name": _NAME, "version": _VERSION, "file": _FILE, "sha256": _DIGEST}
    fields = {key: str(value) for key, value in row.items()}
    if row.keys() != forms.keys() or not all(form.fullmatch(fields[key]) for key, form in forms.items()):
        raise BadLock(f"the wheel {fields.get('name', '?')[:80]!r} has fields that are wrong")
    return LockedWheel(**fields)
