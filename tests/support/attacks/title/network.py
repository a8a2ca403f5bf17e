"""Attacks through sockets and shared memory."""

import ctypes
import socket

from attacking import AIM, attack, libc, read


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
