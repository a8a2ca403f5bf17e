"""What the doctor makes of what it sees, on machines unlike this one."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from farplay.doctor import kind_checks, machine_checks, media_checks, network_checks, sandbox_checks, sandbox_view
from farplay.doctor.findings import Finding, Group, Level, as_json, is_healthy, ok, summary
from farplay.doctor.ice_checks import check_ice, judge_stun, judge_turn
from farplay.doctor.report import print_report
from farplay.doctor.requirements import read_requirement
from render_node.agent.core.capacity import Measurement, choose
from render_node.agent.core.trust_levels import EXPECTED, NEEDED
from render_node.agent.io.capacity_probe import EncoderFindings
from render_node.agent.io.ice_probe import IceReach
from render_node.agent.io.sandbox_probe import SandboxFinding
from wire.sandbox import Profile, SandboxSpec, Trust, Wall
from wire.worker_control import IceSpec, StunServer, TurnServer, TurnTransport

LACKS = Finding(Group.NETWORK, "b", Level.LACKS, "words", "do this")
FAILS = Finding(Group.NETWORK, "c", Level.FAILS, "words", "do that")


def by_name(findings: Iterator[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


def needs_advice(finding: Finding) -> None:
    assert (finding.advice != "") is (finding.level is not Level.OK), finding


@pytest.mark.parametrize(
    ("findings", "healthy", "words"),
    [
        ([ok(Group.MACHINE, "a", "w")], True, "nothing is missing"),
        ([ok(Group.MACHINE, "a", "w"), LACKS], True, "One thing could be better"),
        ([LACKS, LACKS], True, "2 things could be better"),
        ([LACKS, FAILS], False, "does not run here yet: one thing to mend"),
    ],
)
def test_the_whole(findings: list[Finding], healthy: bool, words: str) -> None:
    assert is_healthy(findings) is healthy
    assert words in summary(findings)
    assert as_json(findings)["healthy"] is healthy
    assert as_json(findings)["findings"][-1]["level"] == findings[-1].level
    page = io.StringIO()
    assert print_report(iter(findings), Console(file=page, width=80)) is healthy
    assert summary(findings) in page.getvalue()
    assert all(finding.advice in page.getvalue() for finding in findings)


@pytest.mark.parametrize(
    ("line", "version", "allowed"),
    [
        ("aiortc<1.17,>=1.16", "1.16.3", True),
        ("aiortc<1.17,>=1.16", "1.17.0", False),
        ("aiortc<1.17,>=1.16", "1.9.9", False),
        ("sqlalchemy[asyncio]>=2.0.40", "2.0.40", True),
        ("sqlalchemy[asyncio]>=2.0.40", "2.0.4", False),
        ("numpy >=2.2", "3", True),
        ("numpy>=2.2", "2.2rc1", True),
        ("anything", "0.0.1", True),
        ("one==1.0", "1", True),
        ("one>1,<=2", "2.0.1", False),
    ],
)
def test_versions(line: str, version: str, allowed: bool) -> None:
    requirement = read_requirement(line)
    assert requirement is not None
    assert requirement.allows(version) is allowed


@pytest.mark.parametrize("line", ['pytest; extra == "dev"', "uvloop>=1 ; sys_platform == 'win32'", "???"])
def test_lines_that_hold_elsewhere_are_left_out(line: str) -> None:
    assert read_requirement(line) is None


def test_a_missing_and_a_wrong_library_are_named_and_the_good_ones_counted() -> None:
    wanted = read_requirement("av>=18.1,<19.1")
    assert wanted is not None
    missing, wrong = machine_checks.judge_library(wanted, None), machine_checks.judge_library(wanted, "19.1.0")
    right = machine_checks.judge_library(wanted, "18.9")
    assert (missing.level, wrong.level, right.level) == (Level.FAILS, Level.FAILS, Level.OK)
    assert "av>=18.1,<19.1" in wrong.words
    assert "pip install" in missing.advice
    joined = list(machine_checks.join_libraries([right, right, wrong, right, right]))
    assert joined[0] is wrong
    assert joined[1].words == "av 18.9, av 18.9, av 18.9 and 1 more"


@pytest.mark.parametrize(
    ("finding", "level"),
    [
        (machine_checks.judge_system("Linux", "aarch64", "6.1"), Level.OK),
        (machine_checks.judge_system("Linux", "riscv64", "6.1"), Level.FAILS),
        (machine_checks.judge_system("Darwin", "arm64", "25"), Level.FAILS),
        (machine_checks.judge_disk(50 << 20, "/"), Level.FAILS),
        (machine_checks.judge_disk(500 << 20, "/"), Level.LACKS),
        (machine_checks.judge_disk(5 << 30, "/"), Level.OK),
        (machine_checks.judge_resources(1, 4 << 30), Level.LACKS),
        (machine_checks.judge_resources(4, 512 << 20), Level.LACKS),
        (machine_checks.judge_resources(2, 4 << 30), Level.OK),
        (machine_checks.judge_python((3, 10), "CPython 3.10"), Level.FAILS),
        (machine_checks.judge_python((3, 14), "CPython 3.14"), Level.OK),
        (media_checks.judge_gpus(["AMD x"], ["/dev/dri/renderD128"]), Level.LACKS),
        (media_checks.judge_gpus([], []), Level.OK),
        (network_checks.judge_tcp(8080, True, 8080), Level.OK),
        (network_checks.judge_tcp(8080, False, 8081), Level.LACKS),
        (network_checks.judge_tcp(8080, False, None), Level.FAILS),
        (network_checks.judge_udp_range(0, 0, [], 1), Level.OK),
        (network_checks.judge_udp_range(40000, 40009, [40001], 1), Level.OK),
        (network_checks.judge_udp_range(40000, 40001, [40001], 1), Level.LACKS),
        (network_checks.judge_udp_range(40000, 40000, [40000], 1), Level.FAILS),
        (network_checks.judge_localhost(["127.0.0.1", "::1"]), Level.OK),
        (network_checks.judge_localhost(["203.0.113.7"]), Level.FAILS),
        (network_checks.judge_localhost([]), Level.FAILS),
    ],
)
def test_one_thing_each(finding: Finding, level: Level) -> None:
    assert finding.level is level
    needs_advice(finding)


def test_reach_says_where_a_browser_trusts_the_page() -> None:
    found = by_name(network_checks.judge_reach(8081, ["192.0.2.7"]))
    assert "http://localhost:8081" in found["This machine"].words
    assert "--lan" in found["Other devices"].words
    assert by_name(network_checks.judge_reach(8081, []))["Other devices"].level is Level.LACKS


def test_encoders_are_judged_one_by_one() -> None:
    found = EncoderFindings(
        ("h264_qsv", "libx264", "libvpx"), {"ultrafast": 5.0, "superfast": 8.0, "libvpx": 21.0, "h264_qsv": 1.5},
        {"h264_nvenc": "no libnvidia-encode.so.1", "h264_amf": "no libamfrt"},
    )  # fmt: skip
    judged = by_name(media_checks.judge_encoders(found, ["NVIDIA H100"]))
    for finding in judged.values():
        needs_advice(finding)
    assert judged["H.264"].words == "libx264, 5.0 ms a frame at 720p"
    assert judged["VP8"].level is Level.LACKS, "slower than the pictures come"
    assert judged["H.264 on NVIDIA"].level is Level.LACKS
    assert "libnvidia-encode" in judged["H.264 on NVIDIA"].words
    assert judged["H.264 on Intel"].level is Level.OK
    assert "H.264 on AMD" not in judged, "there is no such hardware"
    broken = by_name(media_checks.judge_encoders(EncoderFindings((), {}, {"libx264": "no"}), []))
    assert (broken["H.264"].level, broken["VP8"].level) == (Level.FAILS, Level.LACKS)
    chosen = choose(Measurement(2, 8 << 30, ("libx264",), {"ultrafast": 5.0}))
    assert media_checks.judge_capacity(chosen).words.startswith("2 can play at once")


OUTSIDE = {name: f"{name}:[1]" for name in sandbox_view.NAMESPACES}
INSIDE: dict[str, Any] = {
    "namespaces": {name: f"{name}:[2]" for name in sandbox_view.NAMESPACES},
    "interfaces": ["lo"],
    "writable": [],
    "homes": [],
    "capabilities": 0,
    "no_new_privileges": True,
    "nests": False,
    "memory_bounded": True,
}


@pytest.mark.parametrize(
    ("hole", "wall", "words"),
    [
        ({}, None, ""),
        ({"namespaces": {**INSIDE["namespaces"], "net": "net:[1]"}}, "Namespaces", "net"),
        ({"interfaces": ["lo", "eth0"]}, "Network", "eth0"),
        ({"writable": ["/usr"]}, "Files", "/usr"),
        ({"homes": ["/home"]}, "Files", "/home"),
        ({"capabilities": 1 << 21}, "Privileges", "gain"),
        ({"no_new_privileges": False}, "Privileges", "gain"),
        ({"nests": True}, "Privileges", "gain"),
        ({"memory_bounded": False}, "Limits", "not bounded"),
    ],
)
def test_a_hole_in_any_wall_is_named(hole: dict[str, Any], wall: str | None, words: str) -> None:
    judged = by_name(sandbox_view.judge_walls(INSIDE | hole, OUTSIDE))
    assert [name for name, finding in judged.items() if finding.level is Level.FAILS] == ([wall] if wall else [])
    if wall is not None:
        assert words in judged[wall].words
        needs_advice(judged[wall])


def found_walls(profile: Profile, *, faults: dict[Wall, str] | None = None) -> SandboxFinding:
    faults = faults or {}
    held = tuple(wall for wall in Wall if wall in EXPECTED[profile] and wall not in faults)
    return SandboxFinding(SandboxSpec(profile, held, bubblewrap="/usr/bin/bwrap"), faults, "bwrap: not allowed")


@pytest.mark.parametrize("profile", Profile)
def test_each_missing_wall_says_what_to_do_and_who_may_play(profile: Profile) -> None:
    whole = by_name(sandbox_checks.judge_sandbox(found_walls(profile), "advice"))
    assert {name for name, finding in whole.items() if finding.level is not Level.OK} == (
        {"Profile"} if profile is Profile.POD else set()
    )
    for wall in EXPECTED[profile] - sandbox_view.SEEN:
        found = found_walls(profile, faults={wall: "not here"})
        judged = by_name(sandbox_checks.judge_sandbox(found, "advice"))
        name = str(wall).replace("_", " ").capitalize()
        assert (judged[name].level, judged[name].words) == (Level.LACKS, "missing: not here")
        needs_advice(judged[name])
        refused = wall in NEEDED[profile][Trust.UNTRUSTED]
        assert ("refused" in judged["Untrusted titles"].words) is refused
        assert "refused" not in judged["Bundled titles"].words, "those always run"


def test_advice_on_namespaces_fits_the_machine() -> None:
    assert "apt install bubblewrap" in sandbox_checks.namespaces_advice([], False)
    assert "sysctl" in sandbox_checks.namespaces_advice(["/usr/bin/bwrap"], False)
    ubuntu = sandbox_checks.namespaces_advice(["/usr/bin/bwrap"], True)
    assert "profile farplay-bwrap /usr/bin/bwrap flags=(unconfined)" in ubuntu
    assert "userns," in ubuntu
    assert "apparmor_restrict_unprivileged_userns=0" in ubuntu


STUN, TURN = StunServer("stun.example.org", 3478), TurnServer("turn.example.org", 5349, TurnTransport.TLS)


def test_servers_that_help_are_named_with_what_they_gave() -> None:
    reach = IceReach("8.8.4.4", "", "8.8.8.8", "")
    for found in (judge_stun(STUN, reach), judge_turn(TURN, reach)):
        assert found.level is Level.OK
    assert judge_stun(STUN, reach).words == "stun:stun.example.org:3478 sees this machine as 8.8.4.4"
    assert judge_turn(TURN, reach).words == "turns:turn.example.org:5349 relays at 8.8.8.8"


def test_servers_that_do_not_help_are_said_with_what_to_do() -> None:
    reach = IceReach(None, f"{STUN.uri} did not answer", None, f"{TURN.uri} refused")
    asked, relayed = judge_stun(STUN, reach), judge_turn(TURN, reach)
    assert (asked.level, relayed.level) == (Level.LACKS, Level.LACKS)
    assert "outgoing UDP to port 3478" in asked.advice
    assert "outgoing TCP to port 5349" in relayed.advice
    assert judge_turn(replace(TURN, transport=TurnTransport.UDP), reach).advice.count("UDP") == 1


@pytest.mark.parametrize("address", ["10.0.0.5", "192.168.1.2", "127.0.0.1"])
def test_a_relay_at_a_private_address_reaches_nobody(address: str) -> None:
    found = judge_turn(TURN, IceReach(None, "", address, ""))
    assert found.level is Level.LACKS
    assert "external-ip" in found.advice


def test_a_node_that_is_reached_by_itself_is_asked_nothing() -> None:
    assert list(check_ice(IceSpec())) == []


def test_what_the_kinds_of_titles_need() -> None:
    assert "in software" in kind_checks.judge_opengl("llvmpipe (LLVM 15.0.6, 256 bits)", "").words
    assert kind_checks.judge_opengl("NVIDIA H100", "").words == "NVIDIA H100"
    none = kind_checks.judge_opengl("", "libEGL.so.1 is missing")
    needs_advice(none)
    assert (none.level, "libEGL.so.1" in none.words) == (Level.LACKS, True)
    assert "sudo apt install xvfb" in kind_checks.judge_native(["xvfb"]).words
    assert "pulseaudio" in kind_checks.judge_native([]).words
    assert "nestopia, snes9x" in kind_checks.judge_libretro(["nestopia", "snes9x"]).words
    assert "bring their own" in kind_checks.judge_libretro([]).words
