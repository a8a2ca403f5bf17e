"""What the launcher shuts itself into before anything of the title is read: one way, never to be undone.

In this order: it closes what it should not have inherited, bounds its resources, becomes another user, gives up all
privileges, and lets the kernel check its files (Landlock) and system calls (seccomp). Everything that it starts later
inherits all of it, and the session's control group, which it joins before.

Source: landlock(7), seccomp(2), capabilities(7), prctl(2), getrlimit(2).
"""

from __future__ import annotations

import ctypes
import os
import resource
import struct
import threading
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

_PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _PR_CAP_AMBIENT = 24, 38, 22, 47
_PR_CAP_AMBIENT_CLEAR_ALL, _SECCOMP_MODE_FILTER = 4, 2
_CAPABILITY_VERSION_3 = 0x20080522
_CAPABILITIES_MAX = 64
_FIRST_TO_GO = "1000"
"""Where the machine itself runs out of memory, the kernel ends a title before anything else."""

_LANDLOCK_CREATE_RULESET, _LANDLOCK_ADD_RULE, _LANDLOCK_RESTRICT_SELF = 444, 445, 446
"""The same on every architecture."""
_CREATE_RULESET_VERSION, _RULE_PATH_BENEATH = 1, 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REMOVE_DIR, _REMOVE_FILE, _MAKE_CHAR, _MAKE_DIR = 1 << 4, 1 << 5, 1 << 6, 1 << 7
_MAKE_REG, _MAKE_SOCK, _MAKE_FIFO, _MAKE_BLOCK = 1 << 8, 1 << 9, 1 << 10, 1 << 11
_MAKE_SYM, _REFER, _TRUNCATE, _IOCTL_DEV = 1 << 12, 1 << 13, 1 << 14, 1 << 15
_RIGHTS_OF_ABI = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
_FILE_RIGHTS = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
_SCOPES_ABI = 6
_SCOPE_ABSTRACT_SOCKETS, _SCOPE_SIGNALS = 1 << 0, 1 << 1

_READ = _EXECUTE | _READ_FILE | _READ_DIR
_KEEP = _READ | _WRITE_FILE | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_REG | _MAKE_SYM | _REFER | _TRUNCATE
_RIGHTS = {
    "read": _READ,
    "keep": _KEEP,
    "scratch": _KEEP | _MAKE_SOCK | _MAKE_FIFO,
    "device": _READ_FILE | _WRITE_FILE | _READ_DIR,
}
"""What a title may do beneath a path. What it keeps is read by others later, who must not find a pipe there."""

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Confinement:
    """Everything that the launcher applies; made by the worker, passed on the command line."""

    inherited: tuple[int, ...]
    """Descriptors to keep beside standard input, output and error; None else if ``close_others``."""
    close_others: bool
    limits: tuple[tuple[str, int], ...] = ()
    """Resource limits by their name in ``resource``, such as ``RLIMIT_AS``."""
    user_id: int | None = None
    """User and group to become; None keeps the present ones."""
    drop_capabilities: bool = False
    paths: tuple[tuple[str, str], ...] | None = None
    """Pairs of a right (``read``, ``keep``, ``scratch``, ``device``) and a path; None leaves Landlock out."""
    scoped: bool = False
    """Keep signals and abstract sockets within; needs ``paths``."""
    syscall_filter: str = ""
    """Hexadecimal seccomp program, empty for none."""

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Confinement:
        """Read it back from JSON, where tuples are lists."""
        return cls(**{name: _frozen(value) for name, value in fields.items()})

    def apply(self) -> None:
        """Shut this process in; on the only thread, before anything untrusted is read.

        Raises:
            OSError: a wall could not be built; the caller must not go on.
        """
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write(_FIRST_TO_GO)
        if self.close_others:
            close_all_but({0, 1, 2, *self.inherited})
        for name, bound in self.limits:
            _limit(getattr(resource, name), bound)
        if self.drop_capabilities:
            _drop_bounding_set()
        if self.user_id is not None:
            os.setgroups([])
            os.setresgid(self.user_id, self.user_id, self.user_id)
            os.setresuid(self.user_id, self.user_id, self.user_id)
        if self.drop_capabilities:
            _drop_capabilities()
        if self.drop_capabilities or self.paths is not None or self.syscall_filter:
            _prctl(_PR_SET_NO_NEW_PRIVS, 1)
        if self.paths is not None:
            _landlock(self.paths, scoped=self.scoped)
        if self.syscall_filter:
            _filter(bytes.fromhex(self.syscall_filter))


class GroupJoin:
    """Joins the session's control groups on a thread: the kernel takes 10 ms and more, in which others import."""

    def __init__(self, descriptors: Sequence[int]) -> None:
        """Begin.

        Args:
            descriptors: Open ``cgroup.procs`` files; closed afterwards.
        """
        self._error: OSError | None = None
        self._thread = threading.Thread(target=self._join, args=(descriptors,))
        self._thread.start()

    def wait(self) -> None:
        """Return once this process is in, and has one thread again.

        Raises:
            OSError: it is not in; the caller must not go on.
        """
        self._thread.join()
        if self._error is not None:
            raise self._error

    def _join(self, descriptors: Sequence[int]) -> None:
        try:
            for descriptor in descriptors:
                os.write(descriptor, b"0")
                os.close(descriptor)
        except OSError as error:
            self._error = error


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value


def landlock_abi() -> int:
    """Return the version of Landlock that the kernel offers, 0 without it."""
    return max(0, int(_libc.syscall(_LANDLOCK_CREATE_RULESET, None, 0, _CREATE_RULESET_VERSION)))


def offers_scopes() -> bool:
    """Tell whether Landlock can keep signals and abstract sockets within a session."""
    return landlock_abi() >= _SCOPES_ABI


def close_all_but(kept: Collection[int]) -> None:
    """Close every descriptor of this process but these."""
    for number in map(int, os.listdir("/proc/self/fd")):
        if number not in kept:
            # The one that listed the folder is closed already.
            with suppress(OSError):
                os.close(number)


def _limit(kind: int, bound: int) -> None:
    _, hard = resource.getrlimit(kind)
    lowered = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
    resource.setrlimit(kind, (lowered, lowered))


def _drop_bounding_set() -> None:
    for capability in range(_CAPABILITIES_MAX):
        if _libc.prctl(_PR_CAPBSET_DROP, ctypes.c_ulong(capability), 0, 0, 0) != 0:
            return  # beyond the last one, or without the right to drop any and so without any to lose


def _drop_capabilities() -> None:
    _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    _checked(_libc.capset(header, bytes(24)))


def _landlock(paths: Sequence[tuple[str, str]], *, scoped: bool) -> None:
    handled = _RIGHTS_OF_ABI[min(landlock_abi(), max(_RIGHTS_OF_ABI))]
    scopes = _SCOPE_ABSTRACT_SOCKETS | _SCOPE_SIGNALS if scoped else 0
    attributes = struct.pack("=QQQ", handled, 0, scopes)
    size = len(attributes) if scoped else 8
    ruleset = _checked(_libc.syscall(_LANDLOCK_CREATE_RULESET, attributes, ctypes.c_size_t(size), 0))
    try:
        for right, path in paths:
            _allow(ruleset, path, _RIGHTS[right] & handled)
        _checked(_libc.syscall(_LANDLOCK_RESTRICT_SELF, ruleset, 0))
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, PermissionError):
        return  # nothing to allow
    try:
        if not os.path.isdir(f"/proc/self/fd/{place}"):
            rights &= _FILE_RIGHTS
        rule = struct.pack("=Qi", rights, place)
        _checked(_libc.syscall(_LANDLOCK_ADD_RULE, ruleset, _RULE_PATH_BENEATH, rule, 0))
    finally:
        os.close(place)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def _filter(code: bytes) -> None:
    program = _Program(len(code) // 8, code)
    _checked(_libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0))


def _prctl(option: int, value: int) -> None:
    _checked(_libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0))


def _checked(result: int) -> int:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return int(result)
