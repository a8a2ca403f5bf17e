"""``farplay doctor``: what this machine has and lacks, each line with what to do about it."""

from __future__ import annotations

import asyncio
import os
import platform
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

PYTHON_MIN = (3, 11)
UDP_TIMEOUT_S = 1.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One line."""

    name: str
    works: bool
    words: str
    advice: str = ""
    """What to do; only shown when it does not work."""
    needed: bool = True
    """Whether Farplay cannot run without it."""


def check_system() -> Finding:
    """Linux on a processor for which wheels exist."""
    system, machine = platform.system(), platform.machine()
    works = sys.platform == "linux" and machine in ("x86_64", "aarch64")
    return Finding("system", works, f"{system} {machine}", "Farplay's server needs Linux or WSL2 on x86-64 or arm64.")


def check_python() -> Finding:
    """A supported interpreter."""
    found = sys.version_info[:2]
    words = f"{platform.python_implementation()} {platform.python_version()}"
    return Finding("python", found >= PYTHON_MIN, words, "Install Python 3.11 or newer.")


def check_encoders() -> Finding:
    """H.264 encoders that really encode."""
    from render_node.agent.core.capacity import Measurement, choose
    from render_node.agent.io.capacity_probe import probe_encoders
    from render_node.agent.io.machine import usable_cores, usable_memory_bytes

    found = asyncio.run(probe_encoders())
    measured = Measurement(usable_cores(), usable_memory_bytes(), found.opened, found.encode_ms)
    chosen = choose(measured)
    words = (
        f"{', '.join(found.opened)}; {chosen.encode_ms_720p:.1f} ms a frame at 720p, "
        f"room for {chosen.slots} session{'s' if chosen.slots > 1 else ''}"
    )
    if found.opened:
        return Finding("encoders", True, words)
    refused = "; ".join(f"{name}: {why}" for name, why in found.refused.items())
    return Finding("encoders", False, refused[:300] or "the probe failed", "Reinstall PyAV: pip install --force av")


def check_sandbox() -> Finding:
    """The walls that titles are put behind."""
    from render_node.agent.io.sandbox_probe import probe_sandbox

    found = probe_sandbox()
    if found.profile != "none":
        return Finding("sandbox", True, found.detail)
    advice = (
        "Install bubblewrap (apt install bubblewrap), and allow unprivileged user namespaces: "
        "sysctl kernel.unprivileged_userns_clone=1, or on Ubuntu kernel.apparmor_restrict_unprivileged_userns=0."
    )
    return Finding("sandbox", False, found.detail[:300], advice)


def check_udp() -> Finding:
    """A datagram to ourselves arrives."""
    try:
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
        ):
            receiver.bind(("127.0.0.1", 0))
            receiver.settimeout(UDP_TIMEOUT_S)
            token = os.urandom(16)
            sender.sendto(token, receiver.getsockname())
            works = receiver.recv(64) == token
    except OSError as error:
        return Finding("udp", False, str(error), "Allow UDP on the loopback interface in this machine's firewall.")
    return Finding("udp", works, "loopback works", "Another program answered; check the firewall.")


def check_titles() -> Finding:
    """The bundled titles can be read."""
    from farplay.title_folders import bundled_titles
    from wire.errors import WireError

    try:
        titles = bundled_titles()
    except WireError as error:
        return Finding("titles", False, error.detail, "Reinstall Farplay.", needed=False)
    names = ", ".join(title.manifest.id for title in titles)
    return Finding("titles", bool(titles), names or "none found", "Reinstall Farplay.", needed=False)


CHECKS: tuple[Callable[[], Finding], ...] = (
    check_system,
    check_python,
    check_encoders,
    check_sandbox,
    check_udp,
    check_titles,
)


def examine() -> Iterator[Finding]:
    """Yield each finding as soon as it is known."""
    for check in CHECKS:
        yield check()
