"""Attacks on files: the machine's, the node's, other players', and its own that are read by others."""

import os
import signal
from contextlib import suppress

from attacking import AIM, MIB, SAVE, attack, read, saved


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
