"""The walls around titles: their names, the profiles that build them, and how far a title is trusted."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Profile(StrEnum):
    """How a machine builds the walls."""

    USERNS = "userns"
    """Bubblewrap: namespaces of its own for every session, and the rest on top."""
    POD = "pod"
    """Where nested user namespaces are forbidden: what a process can do to itself."""


class Wall(StrEnum):
    """One mechanism that keeps a title in."""

    MOUNTS = "mounts"
    """A file system view of its own: what is not mounted does not exist."""
    NETWORK = "network"
    """A network of its own with nothing but loopback."""
    PIDS = "pids"
    """A process table of its own; everything in it dies with its first process."""
    IPC = "ipc"
    """System V and POSIX shared memory, semaphores and queues of its own."""
    CAPABILITIES = "capabilities"
    """No capability, and none to be gained by running a privileged program."""
    OWN_USER = "own_user"
    """A user id that nothing else on the machine has."""
    SECCOMP = "seccomp"
    """A filter on system calls."""
    LANDLOCK = "landlock"
    """The kernel checks every file that is opened against a list of folders."""
    SCOPES = "scopes"
    """Landlock also keeps signals and abstract sockets within the session."""
    LIMITS = "limits"
    """Resource limits of each process: address space, file size, open files, core dumps, processes."""
    GROUP = "group"
    """A control group for the session: memory, processes and processor time together."""
    DESCRIPTORS = "descriptors"
    """No open file is inherited but the four that a title talks by."""


class Trust(StrEnum):
    """Who vouches for a title."""

    BUNDLED = "bundled"
    """Ships with Farplay."""
    APPROVED = "approved"
    """The operator named it or approved it."""
    UNTRUSTED = "untrusted"
    """Anybody's; where nothing else is said."""


SESSION_PREFIX = "farplay-"
"""Of the names of control groups and folders that a node owns."""


def session_name(owner_pid: int, session: str) -> str:
    """Return the name of a session's group and folder, which tells whose it is: a dead owner's can be removed."""
    return f"{SESSION_PREFIX}{owner_pid}-{session}"


@dataclass(frozen=True, slots=True)
class SandboxSpec:
    """The walls that a worker builds around a title, as its agent found them to hold."""

    profile: Profile
    walls: tuple[Wall, ...]
    bubblewrap: str = field(default="", metadata={"max_len": 4096})
    """The program that builds the namespaces; ``userns`` only."""
    scope: tuple[str, ...] = ()
    """Command that starts another one in a control group, where this node cannot make groups itself."""
    name: str = ""
    """Of the session's control group and of its folder in ``run_dir``: whose session it is."""
    run_dir: str = field(default="", metadata={"max_len": 4096})
    """Folder of this node for what lasts as long as a session; ``pod`` only."""
