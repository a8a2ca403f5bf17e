"""Attacks on the kernel: privileges, namespaces, and its large interfaces."""

import ctypes
import errno
import mmap
import os
import signal
import subprocess
from contextlib import suppress

from attacking import AIM, SAVE, attack, call, saved


@attack
def user_namespace() -> str | None:
    call(272, 97, 0x10000000)
    return "made a user namespace"


@attack
def clone_namespace() -> str | None:
    pid = call(56, 220, 0x10000000 | signal.SIGCHLD, 0, 0, 0, 0)
    if pid == 0:
        os._exit(0)
    return "started a process in a namespace of its own"


@attack
def enter_namespace() -> str | None:
    namespace = os.open("/proc/self/ns/ipc", os.O_RDONLY)
    call(308, 268, namespace, 0x08000000)
    return "entered a namespace"


@attack
def mount() -> str | None:
    place = os.environ["TMPDIR"].encode()
    call(165, 40, b"x", place, b"tmpfs", 0, None)
    call(166, 39, place, 2)
    return "mounted"


@attack
def change_root() -> str | None:
    os.chroot(SAVE)
    return "changed the root"


@attack
def set_id_program() -> str | None:
    told = subprocess.run([os.path.join(os.path.dirname(__file__), "become")], capture_output=True, text=True)
    return told.stdout if f"({AIM['other_uid']})" in told.stdout or f"={AIM['other_uid']}" in told.stdout else None


@attack
def give_file_away() -> str | None:
    path = saved("gift")
    os.chown(path, AIM["other_uid"], AIM["other_uid"])
    return "gave a file to another user"


@attack
def load_module() -> str | None:
    try:
        call(175, 105, b"", 0, b"")
    except OSError as error:
        return "reached the module loader" if error.errno == errno.ENOEXEC else None
    return "loaded"


@attack
def kernel_program() -> str | None:
    attributes = (ctypes.c_uint32 * 32)(1, 4, 4, 1)
    call(321, 280, 0, ctypes.addressof(attributes), 128)
    return "made a BPF map"


@attack
def performance_counters() -> str | None:
    attributes = (ctypes.c_uint32 * 32)(1, 128, 0)
    attributes[10] = 0x60
    call(298, 241, ctypes.addressof(attributes), 0, -1, -1, 0)
    return "opened a counter"


@attack
def page_faults() -> str | None:
    call(323, 282, 1)
    return "handles page faults"


@attack
def io_uring() -> str | None:
    parameters = ctypes.create_string_buffer(256)
    call(425, 425, 4, ctypes.addressof(parameters))
    return "made a ring"


@attack
def kernel_keys() -> str | None:
    call(250, 219, 0, -3, 1)
    return "has a key ring"


@attack
def kernel_log() -> str | None:
    buffer = ctypes.create_string_buffer(1024)
    return f"read {call(103, 116, 3, ctypes.addressof(buffer), 1024)} bytes"


@attack
def file_by_handle() -> str | None:
    handle = ctypes.create_string_buffer((128).to_bytes(4, "little") + bytes(140))
    mount_id = ctypes.c_int()
    at = ctypes.addressof(handle)
    call(303, 264, -100, b"/usr", at, ctypes.addressof(mount_id), 0)
    return "took a file handle"


@attack
def other_architecture() -> str | None:
    if os.uname().machine != "x86_64":
        return None
    code = bytes.fromhex("b814000000cd80c3")  # mov eax, 20 (getpid); int 0x80; ret
    memory = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    memory.write(code)
    function = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(memory)))
    return "made a 32-bit call" if function() > 0 else None


@attack
def inherited_file() -> str | None:
    for number in range(64):
        with suppress(OSError):
            if os.fstat(number).st_ino == AIM["key_inode"]:
                return f"holds the node's key as {number}: {os.pread(number, 64, 0).decode()}"
    return None
