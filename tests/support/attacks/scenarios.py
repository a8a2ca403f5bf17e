"""Hostile titles that are ended: what each does, why its session ends, and which wall ends it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from render_node.session.core import group_limits
from render_node.session.io import (
    frame_ring,
    storage_watch,
    title_link,
    title_process,
    title_storage,
    title_walls,
)
from wire.errors import Reason
from wire.sandbox import Wall

SHOWS = """
import os, socket, struct
pygame.display.set_mode((64, 64))
pygame.display.flip()
"""
WORKER = (
    SHOWS
    + """
def inherited(kind):
    for number in os.listdir("/proc/self/fd"):
        try:
            if kind in os.readlink(f"/proc/self/fd/{number}"):
                return int(number)
        except OSError:
            continue
worker = socket.socket(fileno=inherited("socket:"))
worker.setblocking(True)
"""
)
GOES_ON = "\nwhile True: pygame.event.wait()"
MIB = 1 << 20

Patches = tuple[tuple[Any, str, Any], ...]
LENIENT: Patches = ((title_link.TitleLink, "_violate", lambda self, words, final: None),)
PATIENT: Patches = ((title_process, "FIRST_FRAME_S", 3600.0), (title_process, "HUNG_S", 3600.0))
ROOMY: Patches = ((title_walls, "SAVE_MAX_BYTES", 1 << 50), (title_walls, "SCRATCH_MAX_BYTES", 1 << 50),
                  (title_walls, "ENTRIES_MAX", 10**9), (title_storage, "DEPTH_MAX", 10**9))  # fmt: skip
UNSEEN: Patches = ((title_process, "WATCH_INTERVAL_S", 0.1), (title_process, "FIRST_FRAME_S", 1.5))
UNHEARD: Patches = ((title_process, "WATCH_INTERVAL_S", 0.1), (title_process, "HUNG_S", 1.0))
SMALL: Patches = ((title_walls, "SAVE_MAX_BYTES", 4 * MIB), (title_walls, "SCRATCH_MAX_BYTES", 4 * MIB),
                  (title_walls, "ENTRIES_MAX", 200), (storage_watch, "INTERVAL_S", 0.1))  # fmt: skip
LITTLE_MEMORY: Patches = ((group_limits, "MEMORY_LEAST_MIB", 240), (title_walls, "PROCESSES_MAX", 80))
"""As small as the attacks are, so that they need not take long."""

UNSEALED: Patches = ((frame_ring, "_SEALS", 0),)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One hostile title."""

    program: str
    reason: Reason
    wall: str
    """What ends it, in a word, for the table."""
    violations: int = 0
    """At least so many are counted."""
    setting: Patches = ()
    """Bounds made small, so that it need not take long."""
    off: Patches = ()
    """How that wall is switched off in the worker."""
    walls_off: frozenset[Wall] = field(default_factory=frozenset)
    """Or around the title."""


def _messages(expression: str) -> str:
    return f"{WORKER}for message in {expression}:\n    worker.send(message){GOES_ON}"


def _protocol(expression: str) -> Scenario:
    return Scenario(_messages(expression), Reason.TITLE_VIOLATION, "protocol", violations=1, off=LENIENT)


def _storage(program: str) -> Scenario:
    return Scenario(SHOWS + program + GOES_ON, Reason.TITLE_STORAGE, "storage", setting=SMALL, off=ROOMY)


def _memory(program: str) -> Scenario:
    return Scenario(
        SHOWS + program + GOES_ON,
        Reason.TITLE_MEMORY,
        "group",
        violations=1,
        setting=LITTLE_MEMORY,
        walls_off=frozenset({Wall.GROUP}),
    )


SCENARIOS: Mapping[str, Scenario] = {
    "frames_of_any_size": _protocol("[b'\\x02' + os.urandom(23) for _ in range(20)]"),
    "frame_slot_beyond": _protocol("[struct.pack('!BBHHIIQ', 2, 3, 64, 64, 1, 0, 1)] * 8"),
    "frame_without_size": _protocol("[struct.pack('!BBHHIIQ', 2, 0, 0, 0, 1, 0, 1)] * 8"),
    "other_version": _protocol("[b'\\x01\\x09\\0\\0\\0\\1']"),
    "unknown_kinds": _protocol("[b'\\xff', b'\\x41\\0', b'\\x42', b'\\x43'] * 2"),
    "large_cursor": _protocol("[b'\\x03\\x05\\0\\xff\\xff\\0\\0' + bytes(16000)] * 8"),
    "large_messages": _protocol("[bytes(40000)] * 8"),
    "impossible_sound": _protocol("[struct.pack('!BIBBB', 6, 4294967295, 255, 9, 7)] * 8"),
    "flood": _protocol("iter(lambda: b'\\x05\\x07\\x01', None)"),
    "flood_of_sizes": _protocol(
        "(struct.pack('!BBHHIIQ', 2, n % 3, 16 + n % 100, 16 + n % 70, n, 0, n) for n in range(10**9))"
    ),
    "closes_its_socket": Scenario(
        f"{WORKER}worker.close(){GOES_ON.replace('pygame.event.wait()', 'pygame.time.wait(100)')}",
        Reason.TITLE_VIOLATION,
        "protocol",
        violations=1,
        setting=((title_process, "EXIT_WAIT_S", 0.3),),
        off=((title_process, "EXIT_WAIT_S", 3600.0),),
    ),
    "never_draws": Scenario(
        "while True: pygame.time.wait(10)", Reason.TITLE_NO_PICTURE, "watch", setting=UNSEEN, off=PATIENT
    ),
    "stands_still": Scenario(f"{SHOWS}while True: pass", Reason.TITLE_HUNG, "watch", setting=UNHEARD, off=PATIENT),
    "fills_its_saves": _storage("open(os.environ['FARPLAY_SAVE_DIR'] + '/big', 'wb').write(os.urandom(8 << 20))"),
    "saves_many_files": _storage("for n in range(400): open(os.environ['FARPLAY_SAVE_DIR'] + f'/{n}', 'w').close()"),
    "saves_many_folders": _storage("os.makedirs(os.environ['FARPLAY_SAVE_DIR'] + '/d' * 300)"),
    "eats_memory": _memory("held = bytearray(300 << 20)\nheld[::4096] = b'x' * len(held[::4096])"),
    "eats_memory_in_files": _memory(
        "held = bytearray(50 << 20)\nheld[::4096] = b'x' * len(held[::4096])\n"
        "file = os.memfd_create('held')\n"
        "for _ in range(200): os.write(file, bytes(1 << 20))"
    ),
    "forbidden_call": Scenario(
        f"{SHOWS}import ctypes\n"
        "ctypes.CDLL(None).syscall(ctypes.c_long(175 if os.uname().machine == 'x86_64' else 105), b'', 0, b'')"
        f"{GOES_ON}",
        Reason.TITLE_VIOLATION,
        "seccomp",
        violations=1,
        walls_off=frozenset({Wall.SECCOMP}),
    ),
    "prints_megabytes": Scenario(f"{SHOWS}sys.stdout.write('x' * 3_000_000)", Reason.TITLE_QUIT, ""),
    "exits_at_once": Scenario("raise SystemExit", Reason.TITLE_QUIT, ""),
    "crashes": Scenario(f"{SHOWS}os.abort()", Reason.TITLE_CRASHED, ""),
    "kills_its_group": Scenario(f"{SHOWS}os.killpg(0, 9)", Reason.TITLE_CRASHED, ""),
}
"""Those without a wall end by themselves; the point is that nothing stays."""

POD_SCENARIOS: Mapping[str, Scenario] = {
    "fills_its_scratch": _storage("open(os.environ['TMPDIR'] + '/big', 'wb').write(os.urandom(8 << 20))"),
}
"""Elsewhere the folder for temporary files has a size of its own."""
