"""The walls that bubblewrap builds, seen from inside a sandbox that is built the way titles get it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any

from farplay.doctor.findings import Finding, Group, Level, ok
from render_node.session.io.sandbox import NAMESPACES as BUILT
from render_node.session.io.sandbox import PACKAGES_PATH, PROBE_TIMEOUT_S, SAVE_PATH, walls
from render_node.session.io.title_files import environment, interpreter
from render_node.session.io.title_walls import ADDRESS_SPACE_BYTES
from wire.sandbox import Wall

NAMESPACES = ("user", "pid", "net", "mnt", "ipc", "uts")

SEEN = BUILT | {Wall.LIMITS}
"""The walls that this look settles."""

BUG_ADVICE = "This should not be: update bubblewrap and the kernel, and tell the project."

_LOOK = r"""
import ctypes, json, mmap, os, resource, socket, sys
status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines() if ":" in line)
bound = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_AS, (bound, bound))
def strays(place):
    # The interpreter's own folders are shown to titles wherever they lie.
    names = set(os.listdir(place)) if os.path.isdir(place) else set()
    if sys.base_prefix.startswith(place + "/"):
        names.discard(sys.base_prefix[len(place) + 1 :].split("/")[0])
    return names
try:
    mmap.mmap(-1, bound + (1 << 30)).close()
    bounded = False
except (OSError, ValueError, MemoryError):
    bounded = True
print(json.dumps({
    "namespaces": {n: os.readlink(f"/proc/self/ns/{n}") for n in ("user", "pid", "net", "mnt", "ipc", "uts")},
    "interfaces": [name for _, name in socket.if_nameindex()],
    "writable": [p for p in ("/", "/usr", "/farplay", "/title", "/dev", "/etc") if os.access(p, os.W_OK)],
    "homes": [p for p in ("/home", "/root", "/var", "/sys", "/run") if strays(p)],
    "capabilities": int(status["CapEff"], 16),
    "no_new_privileges": status["NoNewPrivs"].strip() == "1",
    "nests": ctypes.CDLL(None).unshare(0x10000000) == 0,
    "memory_bounded": bounded,
}))
"""


def judge_walls(inside: Mapping[str, Any], outside: Mapping[str, str]) -> Iterator[Finding]:
    """What a program in the sandbox saw, against what is seen outside."""
    shared = [name for name in NAMESPACES if inside["namespaces"].get(name) == outside.get(name)]
    own = ", ".join(name for name in NAMESPACES if name not in shared)
    yield _wall("Namespaces", not shared, f"own {own}", f"shared with this machine: {', '.join(shared)}")
    others = [name for name in inside["interfaces"] if name != "lo"]
    yield _wall("Network", not others, "none but its own loopback", f"titles reach {', '.join(others)}")
    open_places = [*inside["writable"], *inside["homes"]]
    yield _wall("Files", not open_places, "read-only, and no home folders", f"titles reach {', '.join(open_places)}")
    bare = inside["capabilities"] == 0 and inside["no_new_privileges"] and not inside["nests"]
    words = "no capabilities, none to be gained, no sandboxes within"
    yield _wall("Privileges", bare, words, "titles may gain privileges")
    gib = ADDRESS_SPACE_BYTES // 2**30
    yield _wall("Limits", inside["memory_bounded"], f"{gib} GiB of memory is enforced", "memory is not bounded")


def _wall(name: str, stands: bool, words: str, hole: str) -> Finding:
    if stands:
        return ok(Group.SANDBOX, name, words)
    return Finding(Group.SANDBOX, name, Level.FAILS, hole, BUG_ADVICE)


def look_inside(program: str) -> Iterator[Finding]:
    """Build the walls and look at each.

    Args:
        program: Bubblewrap.
    """
    try:
        done = subprocess.run(
            [program, *walls(), "--", *interpreter(), "-c", _LOOK, str(ADDRESS_SPACE_BYTES)],
            env=environment(SAVE_PATH, "/tmp", PACKAGES_PATH), stdin=subprocess.DEVNULL, capture_output=True,
            timeout=PROBE_TIMEOUT_S, check=False,
        )  # fmt: skip
        inside = json.loads(done.stdout)
    except (OSError, subprocess.TimeoutExpired, ValueError) as error:
        yield Finding(Group.SANDBOX, "Inside", Level.FAILS, f"could not be looked at: {error}", BUG_ADVICE)
        return
    yield from judge_walls(inside, {name: os.readlink(f"/proc/self/ns/{name}") for name in NAMESPACES})
