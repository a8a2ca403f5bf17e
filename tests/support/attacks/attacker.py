"""A hostile title: tries one attack after the other, each in a process of its own, and tells what became of it.

An attack returns in words what it achieved, or nothing if it was turned away without an error. Attacks do no lasting
harm where they succeed, since they are also run with walls switched off.
"""

# ruff: noqa: E402
import ctypes
import errno
import fcntl
import json
import mmap
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress

TOLD = sys.stdout
AIM = json.loads(sys.argv[1])
"""What the host side has laid out: paths, ports, process ids."""

SAVE = os.environ["FARPLAY_SAVE_DIR"]
ATTACK_S = 15
PROCESSES = 120
"""More than a session may have."""

MIB = 1 << 20
libc = ctypes.CDLL(None, use_errno=True)
attacks: dict[str, Callable[[], str | None]] = {}


def attack(function: Callable[[], str | None]) -> Callable[[], str | None]:
    attacks[function.__name__] = function
    return function


def call(number_x86_64: int, number_arm64: int, *arguments: int | bytes | None) -> int:
    """Make a system call; raise what it says."""
    number = number_x86_64 if os.uname().machine == "x86_64" else number_arm64
    result = libc.syscall(ctypes.c_long(number), *(_long(argument) for argument in arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return int(result)


def _long(argument: int | bytes | None) -> object:
    return ctypes.c_long(argument) if isinstance(argument, int) else argument


def read(path: str) -> str:
    with open(path, "rb") as file:
        return f"read {len(file.read(4096))} bytes of {path}"


def saved(name: str, content: bytes = b"mine") -> str:
    path = os.path.join(SAVE, name)
    with open(path, "wb") as file:
        file.write(content)
    return path


# --- files ---


@attack
def read_passwords() -> str | None:
    return read("/etc/passwd")


@attack
def read_node_key() -> str | None:
    return read(AIM["key"])


@attack
def read_other_save() -> str | None:
    return read(AIM["other_save"])


@attack
def read_by_link() -> str | None:
    link = os.path.join(SAVE, "link")
    os.symlink(AIM["key"], link)
    return read(link)


@attack
def list_home() -> str | None:
    return ",".join(os.listdir(os.path.dirname(AIM["key"])))


@attack
def write_outside() -> str | None:
    with open(AIM["outside"] + "/planted", "w") as file:
        file.write("mine")
    return "wrote"


@attack
def truncate_other() -> str | None:
    os.truncate(AIM["scrap"], 0)
    return "emptied"


@attack
def move_into_save() -> str | None:
    os.rename(AIM["outside"] + "/movable", os.path.join(SAVE, "moved"))
    return "moved"


@attack
def link_into_save() -> str | None:
    os.link(AIM["scrap"], os.path.join(SAVE, "linked"))
    return "linked"


@attack
def write_own_title() -> str | None:
    with open(__file__, "r+b"):
        return "opened its own program for writing"


@attack
def write_launcher() -> str | None:
    with open(AIM["launcher"], "r+b"):
        return "opened the launcher for writing"


@attack
def write_system() -> str | None:
    with open(AIM["system"], "r+b"):
        return "opened a file of the system for writing"


@attack
def raw_devices() -> str | None:
    for device in ("/dev/vda", "/dev/sda", "/dev/nvme0n1", "/dev/mem", "/dev/kmsg", "/dev/fuse", "/dev/net/tun"):
        with suppress(OSError), open(device, "rb"):
            return f"opened {device}"
    return None


@attack
def set_id_by_chmod() -> str | None:
    path = saved("chmod")
    os.chmod(path, 0o4755)
    return "made a set-id file" if os.stat(path).st_mode & 0o4000 else None


@attack
def set_id_by_open() -> str | None:
    path = os.path.join(SAVE, "open")
    os.umask(0)
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o4755))
    return "made a set-id file" if os.stat(path).st_mode & 0o4000 else None


@attack
def device_file() -> str | None:
    path = os.path.join(SAVE, "device")
    os.mknod(path, 0o020666, os.makedev(1, 3))
    return "made a device"


@attack
def pipe_in_save() -> str | None:
    os.mkfifo(os.path.join(SAVE, "pipe"))
    return "made a pipe that stops whoever reads the save"


@attack
def large_file() -> str | None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    path = saved("large")
    try:
        os.truncate(path, 300 * MIB)
        return "made a file of 300 MiB"
    finally:
        os.unlink(path)


# --- other processes ---


@attack
def read_worker_memory() -> str | None:
    return read(f"/proc/{AIM['worker']}/environ")


@attack
def read_victim_files() -> str | None:
    return ",".join(os.listdir(f"/proc/{AIM['victim']}/fd"))


@attack
def read_victim_command() -> str | None:
    return read(f"/proc/{AIM['victim']}/cmdline")


@attack
def signal_worker() -> str | None:
    os.kill(AIM["worker"], signal.SIGURG)
    return "sent a signal"


@attack
def signal_victim() -> str | None:
    os.kill(AIM["victim"], signal.SIGURG)
    return "sent a signal"


@attack
def trace_victim() -> str | None:
    call(101, 117, 0x4206, AIM["victim"], 0, 0)
    return "traced"


@attack
def write_victim_memory() -> str | None:
    mine = ctypes.create_string_buffer(b"overwritten")
    local = (ctypes.c_size_t * 2)(ctypes.addressof(mine), 11)
    remote = (ctypes.c_size_t * 2)(AIM["victim_address"], 11)
    local_at, remote_at = ctypes.addressof(local), ctypes.addressof(remote)
    call(311, 271, AIM["victim"], local_at, 1, remote_at, 1, 0)
    return "overwrote memory"


@attack
def steal_descriptor() -> str | None:
    call(438, 438, os.pidfd_open(AIM["victim"]), 0, 0)
    return "took a file of another process"


@attack
def slow_worker_down() -> str | None:
    os.setpriority(os.PRIO_PROCESS, AIM["victim"], os.getpriority(os.PRIO_PROCESS, AIM["victim"]))
    return "set another's priority"


@attack
def limit_worker() -> str | None:
    limits = (ctypes.c_uint64 * 2)(0, 0)
    call(302, 261, AIM["victim"], 6, ctypes.addressof(limits), 0)
    return "bounded another process"


@attack
def leave_group() -> str | None:
    worked = []
    for path in AIM["groups"]:
        with suppress(FileNotFoundError), open(path, "w") as file:
            file.write(str(os.getpid()))
            worked.append(path)
    return f"left {worked}" if worked else None


# --- network and messages ---


@attack
def internet() -> str | None:
    socket.create_connection(("127.0.0.1", AIM["port"]), 1)
    return "connected"


@attack
def internet_6() -> str | None:
    socket.create_connection(("::1", AIM["port_6"]), 1)
    return "connected"


@attack
def datagram() -> str | None:
    other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    other.settimeout(0.5)
    other.connect(("127.0.0.1", AIM["udp_port"]))
    other.send(b"hello")
    return other.recv(16).decode()


@attack
def netlink() -> str | None:
    socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    return "talks to the kernel's network"


@attack
def packets() -> str | None:
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0x0300)
    return "reads packets"


@attack
def virtual_machine_socket() -> str | None:
    socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
    return "talks to the hypervisor"


@attack
def kernel_crypto() -> str | None:
    socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET)
    return "talks to the kernel's cryptography"


@attack
def abstract_socket() -> str | None:
    other = socket.socket(socket.AF_UNIX)
    other.connect("\0" + AIM["abstract"])
    return "connected"


@attack
def file_socket() -> str | None:
    other = socket.socket(socket.AF_UNIX)
    other.connect(AIM["socket"])
    return "connected"


@attack
def system_v_memory() -> str | None:
    libc.shmat.restype = ctypes.c_long
    if libc.shmat(AIM["shm_id"], None, 0) == -1:
        raise OSError(ctypes.get_errno(), "shmat")
    return "mapped another's shared memory"


@attack
def posix_memory() -> str | None:
    return read("/dev/shm/" + AIM["shm_name"])


# --- privileges and the kernel ---


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
    handle = ctypes.create_string_buffer(144)
    handle[0:4] = (128).to_bytes(4, "little")
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


# --- what it uses up ---


@attack
def address_space() -> str | None:
    mmap.mmap(-1, 6 << 30).close()
    return "mapped 6 GiB"


@attack
def open_files() -> str | None:
    held = [os.open("/dev/null", os.O_RDONLY) for _ in range(2000)]
    return f"opened {len(held)} files"


@attack
def lock_memory() -> str | None:
    memory = mmap.mmap(-1, 4 * MIB)
    at = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    if libc.mlock(ctypes.c_void_p(at), ctypes.c_size_t(4 * MIB)) != 0:
        raise OSError(ctypes.get_errno(), "mlock")
    return "locked 4 MiB"


@attack
def shared_memory_fill() -> str | None:
    try:
        with open("/dev/shm/farplay-test-fill", "wb") as file:
            for _ in range(100):
                file.write(bytes(MIB))
    finally:
        os.unlink("/dev/shm/farplay-test-fill")
    return "wrote 100 MiB"


@attack
def memory_of_many() -> str | None:
    """Hold more memory in many processes than one session may have, each within its own bound."""
    read_fd, write_fd = os.pipe()
    children = []
    for _ in range(8):
        pid = os.fork()
        if pid == 0:
            held = bytearray(40 * MIB)
            held[::4096] = b"x" * len(held[::4096])
            os.write(write_fd, b"x")
            signal.pause()
        children.append(pid)
    holding, dead = 0, False
    while holding < len(children) and not dead:
        if select.select([read_fd], [], [], 0.05)[0]:
            holding += len(os.read(read_fd, 16))
        dead = any(os.waitpid(pid, os.WNOHANG)[0] for pid in children)
    for pid in children:
        with suppress(OSError):
            os.kill(pid, signal.SIGKILL)
    return None if dead else "holds 320 MiB"


# --- the ring ---


def ring() -> int:
    for number in range(64):
        with suppress(OSError):
            fcntl.fcntl(number, fcntl.F_GET_SEALS)
            return number
    raise LookupError("no ring")


@attack
def ring_cut() -> str | None:
    size = os.fstat(ring()).st_size
    os.ftruncate(ring(), 4096)
    os.ftruncate(ring(), size)
    return "cut the ring"


@attack
def ring_grown() -> str | None:
    size = os.fstat(ring()).st_size
    os.ftruncate(ring(), size + 4096)
    os.ftruncate(ring(), size)
    return "grew the ring"


@attack
def ring_sealed() -> str | None:
    fcntl.fcntl(ring(), fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL)
    return "took the ring's seals over"


@attack
def ring_written_beyond() -> str | None:
    size = os.fstat(ring()).st_size
    return f"wrote {os.pwrite(ring(), b'x', size + 4096)} byte beyond"


# --- last, since they leave processes behind ---


@attack
def daemons() -> str | None:
    for _ in range(3):
        if os.fork() == 0:
            os.setsid()
            if os.fork():
                os._exit(0)
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                signal.signal(number, signal.SIG_IGN)
            os.execv("/usr/bin/sleep", ["sleep", AIM["mark"]])
    return None


@attack
def fork_bomb() -> str | None:
    started = 0
    with suppress(OSError):
        while started < PROCESSES:
            if os.fork() == 0:
                signal.pause()
            started += 1
    return f"started {started} processes" if started >= PROCESSES else None


def attempt(function: Callable[[], str | None]) -> tuple[bool, str]:
    """Run one attack in a process of its own; return whether it worked, and how it went."""
    read_fd, write_fd = os.pipe()
    pid = os.fork()
    if pid == 0:
        signal.alarm(ATTACK_S)
        try:
            achieved = function()
            said = (achieved is not None, achieved or "turned away")
        except BaseException as error:
            said = (False, f"{type(error).__name__}: {error}")
        os.write(write_fd, json.dumps(said).encode())
        os._exit(0)
    os.close(write_fd)
    _, status = os.waitpid(pid, 0)
    os.set_blocking(read_fd, False)
    try:
        text = os.read(read_fd, 65536)
    except BlockingIOError:
        text = b""
    os.close(read_fd)
    if not text:
        return False, f"killed by signal {os.WTERMSIG(status)}"
    worked, words = json.loads(text)
    return worked, words


import pygame

pygame.display.set_mode((64, 64))
pygame.display.flip()
for name, function in attacks.items():
    if AIM.get("only") in (None, name):
        worked, how = attempt(function)
        print(json.dumps({"attack": name, "worked": worked, "how": how}), file=TOLD, flush=True)
print(json.dumps({"finished": True}), file=TOLD, flush=True)
while True:
    pygame.event.wait()
