"""The walls around titles: each built and looked at the way titles get it, and how far titles may be trusted here."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from farplay.doctor.findings import Finding, Group, Level, ok
from farplay.doctor.sandbox_view import BUG_ADVICE, SEEN, look_inside
from render_node.agent.core.trust_levels import EXPECTED, NEEDED, lacks
from render_node.agent.io.sandbox_probe import SandboxFinding, probe_sandbox
from render_node.session.core.group_limits import MEMORY_LEAST_MIB
from render_node.session.io.sandbox import candidates
from wire.sandbox import Profile, Trust, Wall

APPARMOR_SWITCH = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
"""Where Ubuntu (from 23.10 on) says whether ordinary users may make namespaces that do anything."""

INSTALL_ADVICE = "Install bubblewrap: sudo apt install bubblewrap"
USERNS_ADVICE = (
    "Allow user namespaces: sudo sysctl -w kernel.unprivileged_userns_clone=1 user.max_user_namespaces=15000. "
    "A container needs --security-opt seccomp=unconfined, or its titles stay in the pod profile."
)
KERNEL_ADVICE = "Use a newer kernel: Landlock needs Linux 5.13, its scopes 6.12, seccomp filters 3.17."
WORDS: Mapping[Wall, str] = {
    Wall.CAPABILITIES: "no capabilities, none to be gained",
    Wall.OWN_USER: "a user of its own",
    Wall.SECCOMP: "a filter on system calls",
    Wall.LANDLOCK: "files checked by Landlock",
    Wall.SCOPES: "signals stay within the session",
    Wall.LIMITS: "limits on each process",
    Wall.GROUP: f"memory (at least {MEMORY_LEAST_MIB} MiB), processes and processor time bounded for each session",
    Wall.DESCRIPTORS: "no open files but its own",
}
"""What each wall gives a title."""

ADVICE: Mapping[Wall, str] = {
    Wall.OWN_USER: "Run the node as root, with Python and the data folder where every user may enter, such as "
    "/usr/local and /var/lib/farplay.",
    Wall.SECCOMP: KERNEL_ADVICE,
    Wall.LANDLOCK: f"{KERNEL_ADVICE} Some kernels have it switched off: add landlock to the lsm= boot parameter.",
    Wall.SCOPES: KERNEL_ADVICE,
    Wall.GROUP: "Run the node where it may make control groups: as root, or as a user of a machine with systemd "
    "(log in there, or sudo loginctl enable-linger USER). In a container, mount /sys/fs/cgroup writable.",
}
"""What to do about each wall that a machine may lack."""


def apparmor_advice(program: str) -> str:
    """Return what to do where AppArmor keeps ordinary users from making namespaces (Ubuntu 24.04).

    Args:
        program: Path of bubblewrap.
    """
    profile = f"abi <abi/4.0>,\\nprofile farplay-bwrap {program} flags=(unconfined) {{\\n  userns,\\n}}\\n"
    return (
        "AppArmor keeps bubblewrap from making namespaces. Allow that program, and no other:\n"
        f"printf '{profile}' | sudo tee /etc/apparmor.d/farplay-bwrap && "
        "sudo apparmor_parser -r /etc/apparmor.d/farplay-bwrap\n"
        "Or allow all programs: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
    )


def namespaces_advice(programs: list[str], restricted: bool) -> str:
    """Return what to do where the ``userns`` profile cannot be built.

    Args:
        programs: The bubblewraps that were tried.
        restricted: Whether AppArmor restricts user namespaces here.
    """
    if not programs:
        return INSTALL_ADVICE
    return apparmor_advice(programs[0]) if restricted else USERNS_ADVICE


def judge_sandbox(found: SandboxFinding, advice: str) -> Iterator[Finding]:
    """Say which profile titles get, each wall that cannot be seen from inside, and which titles may run behind all.

    Args:
        found: What the probe saw.
        advice: What to do if there are no namespaces.
    """
    profile = found.spec.profile
    if profile is Profile.USERNS:
        yield ok(Group.SANDBOX, "Profile", f"userns, built by {found.spec.bubblewrap}")
    else:
        words = f"pod: no namespaces here ({found.namespaces_fault[:300]})"
        yield Finding(Group.SANDBOX, "Profile", Level.LACKS, words, advice)
    seen = SEEN if profile is Profile.USERNS else frozenset()
    for wall in Wall:
        if wall in EXPECTED[profile] - seen:
            yield _wall(wall, found.faults.get(wall))
    yield from (_trust(trust, found) for trust in Trust)


def _wall(wall: Wall, fault: str | None) -> Finding:
    name = f"{wall}".replace("_", " ").capitalize()
    if fault is None:
        return ok(Group.SANDBOX, name, WORDS[wall])
    return Finding(Group.SANDBOX, name, Level.LACKS, f"missing: {fault}", ADVICE.get(wall, BUG_ADVICE))


def _trust(trust: Trust, found: SandboxFinding) -> Finding:
    names = {Trust.BUNDLED: "Bundled", Trust.APPROVED: "Approved", Trust.UNTRUSTED: "Untrusted"}
    name = f"{names[trust]} titles"
    walls = lacks(trust, found.spec.profile, found.spec.walls)
    if walls:
        words = f"refused, for want of: {', '.join(walls)}"
        return Finding(
            Group.SANDBOX, name, Level.LACKS, words, "Mend these walls, or approve the titles that you trust."
        )
    missing = NEEDED[found.spec.profile][Trust.UNTRUSTED] - set(found.spec.walls)
    if missing:
        return Finding(Group.SANDBOX, name, Level.LACKS, "run, behind fewer walls", "Mend the walls named above.")
    return ok(Group.SANDBOX, name, "run")


def check_sandbox() -> Iterator[Finding]:
    """Build the walls and look at each."""
    found = probe_sandbox()
    yield from judge_sandbox(found, namespaces_advice(candidates(), _restricted()))
    if found.spec.bubblewrap:
        yield from look_inside(found.spec.bubblewrap)


def _restricted() -> bool:
    try:
        return APPARMOR_SWITCH.read_text().strip() == "1" and os.geteuid() != 0
    except OSError:
        return False
