"""Which system calls a title may make: a deny list, since titles are programs of any kind.

Refused with an error are calls that programs try and do without; killed are those that no program tries by accident.
What is refused: looking into other processes, making or entering namespaces, mounting, other socket families, set-id
files, and the kernel's large and young interfaces, where most of its escapes were found.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from functools import cache

from render_node.session.core.seccomp import KILL_PROCESS, Argument, Rule, assemble, refuse
from render_node.session.core.syscall_numbers import Architecture

_INT = 0xFFFFFFFF
AF_UNIX, AF_INET, AF_INET6 = 1, 2, 10
_CLONE_NEW = 0x7E020000
"""CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET."""
_SET_ID = 0o6000
_O_CREAT, _O_TMPFILE = 0o100, 0o20000000
_FILE_TYPE, _CHARACTER, _BLOCK = 0o170000, 0o020000, 0o060000
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C

_NEVER = Rule(
    ("init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot", "swapon", "swapoff",
     "open_by_handle_at", "acct", "nfsservctl"),
    KILL_PROCESS,
)  # fmt: skip

_ALWAYS = (
    _NEVER,
    Rule(
        ("ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp", "pidfd_getfd",
         "migrate_pages", "move_pages",
         "unshare", "setns", "mount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "fsopen",
         "fsconfig", "fsmount", "fspick", "mount_setattr", "name_to_handle_at",
         "keyctl", "add_key", "request_key", "bpf", "perf_event_open", "userfaultfd", "fanotify_init",
         "memfd_secret", "lookup_dcookie", "quotactl", "quotactl_fd", "syslog", "personality", "modify_ldt",
         "vhangup", "settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "sethostname", "setdomainname"),
        refuse(errno.EPERM),
    ),
    # Games of old look for a sound card by its ports, and do without.
    Rule(("iopl", "ioperm"), refuse(errno.EPERM)),
    # Libraries that know these also know kernels without them. The arguments of clone3 and openat2 lie in memory,
    # where a filter cannot look; clone and openat are checked below.
    Rule(("io_uring_setup", "io_uring_enter", "io_uring_register", "clone3", "openat2"), refuse(errno.ENOSYS)),
    Rule(("clone",), refuse(errno.EPERM), (Argument(0, _CLONE_NEW, 0, equal=False),)),
    Rule(("socketpair",), refuse(errno.EAFNOSUPPORT), (Argument(0, _INT, AF_UNIX, equal=False),)),
    # Somebody else's set-id program from a save folder would run with this node's rights.
    Rule(("chmod", "fchmod"), refuse(errno.EPERM), (Argument(1, _SET_ID, 0, equal=False),)),
    Rule(("fchmodat", "fchmodat2"), refuse(errno.EPERM), (Argument(2, _SET_ID, 0, equal=False),)),
    Rule(("creat",), refuse(errno.EPERM), (Argument(1, _SET_ID, 0, equal=False),)),
    *(
        Rule((call,), refuse(errno.EPERM), (Argument(at, flag, flag), Argument(at + 1, _SET_ID, 0, equal=False)))
        for call, at in (("open", 1), ("openat", 2))
        for flag in (_O_CREAT, _O_TMPFILE)
    ),
    *(
        Rule((call,), refuse(errno.EPERM), condition)
        for call, at in (("mknod", 1), ("mknodat", 2))
        for condition in (
            (Argument(at, _SET_ID, 0, equal=False),),
            (Argument(at, _FILE_TYPE, _CHARACTER),),
            (Argument(at, _FILE_TYPE, _BLOCK),),
        )
    ),
    *(Rule(("ioctl",), refuse(errno.EPERM), (Argument(1, _INT, each),)) for each in (_TIOCSTI, _TIOCLINUX)),
)  # fmt: skip

_OTHERS = tuple(
    Rule((call,), refuse(errno.EPERM), (Argument(at, _INT, 0, equal=False),))
    for call, at in (
        ("prlimit64", 0), ("sched_setaffinity", 0), ("sched_setattr", 0), ("sched_setparam", 0),
        ("sched_setscheduler", 0), ("setpriority", 1), ("ioprio_set", 1),
    )
)  # fmt: skip
"""Setting priorities and limits of any process but the caller, which may be the worker."""

_SHARED_MEMORY = Rule(
    ("shmget", "shmat", "shmdt", "shmctl", "semget", "semop", "semctl", "semtimedop", "msgget", "msgsnd", "msgrcv",
     "msgctl", "mq_open", "mq_unlink", "mq_timedsend", "mq_timedreceive", "mq_notify", "mq_getsetattr"),
    refuse(errno.ENOSYS),
)  # fmt: skip


@cache
def title_filter(architecture: Architecture, *, own_namespaces: bool) -> bytes:
    """Return the program for titles, as ``assemble`` does.

    Args:
        architecture: The machine's.
        own_namespaces: Whether the title has a network and shared memory of its own: then it may make AF_UNIX and IP
            sockets and System V shared memory, which lead nowhere. Else none of these at all, since a file system
            socket of the machine could not be told from one of its own, and no say over other processes.
    """
    return assemble([*_ALWAYS, *_by_namespaces(own_namespaces)], [architecture])


def _by_namespaces(own_namespaces: bool) -> Sequence[Rule]:
    if not own_namespaces:
        return Rule(("socket",), refuse(errno.EAFNOSUPPORT)), _SHARED_MEMORY, *_OTHERS
    others = tuple(Argument(0, _INT, family, equal=False) for family in (AF_UNIX, AF_INET, AF_INET6))
    return (Rule(("socket",), refuse(errno.EAFNOSUPPORT), others),)
