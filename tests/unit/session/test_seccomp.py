"""The filter's assembler against an interpreter of its instructions, and what titles' filters decide."""

from __future__ import annotations

import errno
import platform
import re
import struct
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from render_node.session.core.seccomp import ALLOW, KILL_PROCESS, Argument, Rule, assemble, refuse
from render_node.session.core.syscall_numbers import ARCHITECTURES, NEWEST, X32_BIT, Architecture, known_calls, number
from render_node.session.core.title_filter import AF_INET, AF_INET6, AF_UNIX, title_filter

X86_64, AARCH64 = Architecture.X86_64, Architecture.AARCH64
NO_ARGUMENTS = (0,) * 6
LONGEST = 4096
"""BPF_MAXINSNS: the kernel takes no longer program."""


def decide(program: bytes, architecture: int, nr: int, arguments: Sequence[int] = NO_ARGUMENTS) -> int:
    """Run a program as the kernel does (linux/filter.h); every instruction that ours do not use is an error."""
    data = struct.pack("=IIQ6Q", nr, architecture, 0, *arguments)
    code = [struct.unpack_from("=HBBI", program, at) for at in range(0, len(program), 8)]
    at = accumulator = 0
    while True:
        operation, jump_true, jump_false, k = code[at]
        at += 1
        if operation == 0x20:
            (accumulator,) = struct.unpack_from("=I", data, k)
        elif operation == 0x54:
            accumulator &= k
        elif operation == 0x05:
            at += k
        elif operation in (0x15, 0x25, 0x35):
            holds = {0x15: accumulator == k, 0x25: accumulator > k, 0x35: accumulator >= k}[operation]
            at += jump_true if holds else jump_false
        else:
            assert operation == 0x06, hex(operation)
            return int(k)


def expected(rules: Sequence[Rule], architecture: Architecture, nr: int, arguments: Sequence[int]) -> int:
    if architecture is X86_64 and nr >= X32_BIT:
        return KILL_PROCESS
    for rule in rules:
        if nr in {number(call, architecture) for call in rule.calls} and all(
            ((arguments[each.index] & each.mask) == each.value) is each.equal for each in rule.when
        ):
            return rule.action
    return refuse(errno.ENOSYS) if nr > NEWEST else ALLOW


WORDS = st.one_of(st.integers(0, 2**64 - 1), st.sampled_from([0, 1, 0o6000, 1 << 32, (1 << 32) | 5, 2**64 - 1]))


@st.composite
def conditions(draw: st.DrawFn) -> Argument:
    mask = draw(WORDS.filter(bool))
    return Argument(draw(st.integers(0, 5)), mask, draw(WORDS) & mask, draw(st.booleans()))


RULES = st.lists(
    st.builds(
        Rule,
        st.lists(st.sampled_from(known_calls()), min_size=1, max_size=3).map(tuple),
        st.sampled_from([KILL_PROCESS, refuse(errno.EPERM), refuse(errno.ENOSYS), ALLOW]),
        st.lists(conditions(), max_size=3).map(tuple),
    ),
    max_size=6,
)


@given(RULES, st.permutations(list(Architecture)), st.data())
def test_a_program_decides_as_its_rules_say(
    rules: list[Rule], architectures: list[Architecture], data: st.DataObject
) -> None:
    program = assemble(rules, architectures)
    architecture = data.draw(st.sampled_from(architectures))
    named = [number(call, architecture) for rule in rules for call in rule.calls]
    numbers = st.one_of(
        st.sampled_from([nr for nr in named if nr is not None] or [0]),
        st.integers(0, NEWEST + 2),
        st.integers(X32_BIT - 1, 2**32 - 1),
    )
    nr = data.draw(numbers)
    near = [
        value for rule in rules for each in rule.when for value in (each.value, each.mask, each.value ^ each.mask)
    ]
    arguments = data.draw(st.lists(st.one_of(WORDS, st.sampled_from(near or [0])), min_size=6, max_size=6))
    assert decide(program, architecture, nr, arguments) == expected(rules, architecture, nr, arguments)


@given(RULES, st.integers(0, 2**32 - 1), st.integers(0, 500))
def test_another_architecture_is_killed(rules: list[Rule], architecture: int, nr: int) -> None:
    if architecture != X86_64:
        assert decide(assemble(rules, [X86_64]), architecture, nr) == KILL_PROCESS


@pytest.mark.parametrize("nr", [X32_BIT, X32_BIT | 39, X32_BIT | 512, 2**32 - 1])
def test_x32_is_killed(nr: int) -> None:
    assert decide(assemble([], [X86_64]), X86_64, nr) == KILL_PROCESS


def ask(architecture: Architecture, call: str, *arguments: int, own_namespaces: bool = True) -> int:
    nr = number(call, architecture)
    assert nr is not None
    program = title_filter(architecture, own_namespaces=own_namespaces)
    return decide(program, architecture, nr, [*arguments, *NO_ARGUMENTS][:6])


@pytest.mark.parametrize("architecture", Architecture)
@pytest.mark.parametrize("own_namespaces", [True, False])
def test_titles_filters_fit_into_the_kernel(architecture: Architecture, own_namespaces: bool) -> None:
    program = title_filter(architecture, own_namespaces=own_namespaces)
    assert 0 < len(program) // 8 < LONGEST
    assert len(program) % 8 == 0


@pytest.mark.parametrize("architecture", Architecture)
def test_what_a_title_may_and_may_not(architecture: Architecture) -> None:
    perm, nosys, family = refuse(errno.EPERM), refuse(errno.ENOSYS), refuse(errno.EAFNOSUPPORT)
    assert ask(architecture, "clone", 0x3D0F00) == ALLOW, "a thread"
    assert ask(architecture, "clone", 17) == ALLOW, "a process"
    for flag in (0x20000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000):
        assert ask(architecture, "clone", 17 | flag) == perm
    assert ask(architecture, "clone3") == nosys
    for number_of_family in range(46):
        allowed = number_of_family in (AF_UNIX, AF_INET, AF_INET6)
        assert (ask(architecture, "socket", number_of_family) == ALLOW) is allowed
        assert ask(architecture, "socket", number_of_family, own_namespaces=False) == family
        assert (ask(architecture, "socketpair", number_of_family) == ALLOW) is (number_of_family == AF_UNIX)
    assert ask(architecture, "socket", AF_INET | 1 << 40) == ALLOW, "the kernel reads 32 bits of an int"
    assert ask(architecture, "fchmodat", -100 % 2**64, 0, 0o755) == ALLOW
    assert ask(architecture, "fchmodat", -100 % 2**64, 0, 0o2755) == perm
    assert ask(architecture, "fchmod", 3, 0o4755) == perm
    assert ask(architecture, "openat", 0, 0, 0o100, 0o644) == ALLOW
    assert ask(architecture, "openat", 0, 0, 0, 0o4755) == ALLOW, "what is no mode is not looked at"
    assert ask(architecture, "openat", 0, 0, 0o101, 0o4755) == perm
    assert ask(architecture, "openat", 0, 0, 0o20200002, 0o2755) == perm
    assert ask(architecture, "mknodat", 0, 0, 0o100644) == ALLOW
    assert ask(architecture, "mknodat", 0, 0, 0o060644) == perm
    assert ask(architecture, "mknodat", 0, 0, 0o020644) == perm
    assert ask(architecture, "ioctl", 0, 0x5413) == ALLOW
    assert ask(architecture, "ioctl", 0, 0x5412) == perm
    assert ask(architecture, "ioctl", 0, 0x5412 | 1 << 32) == perm
    assert ask(architecture, "shmget") == ALLOW
    assert ask(architecture, "shmget", own_namespaces=False) == nosys
    assert ask(architecture, "prlimit64", 77) == ALLOW
    assert ask(architecture, "prlimit64", 77, own_namespaces=False) == perm
    assert ask(architecture, "prlimit64", 0, own_namespaces=False) == ALLOW
    assert ask(architecture, "init_module") == KILL_PROCESS
    for call in ("ptrace", "unshare", "setns", "mount", "bpf", "perf_event_open", "userfaultfd", "keyctl"):
        assert ask(architecture, call) == perm
    assert ask(architecture, "io_uring_setup") == nosys


def test_both_tables_are_those_of_the_kernel() -> None:
    """Against the headers where they are installed; the calls of both tables never share a number within one."""
    for architecture in Architecture:
        numbers = [nr for call in known_calls() if (nr := number(call, architecture)) is not None]
        assert len(numbers) == len(set(numbers))
        assert max(numbers) <= NEWEST
    assert ARCHITECTURES[platform.machine()] in Architecture
    headers = {
        X86_64: Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
        AARCH64: Path("/usr/include/asm-generic/unistd.h"),
    }
    for architecture, path in headers.items():
        found = re.findall(r"#define __NR(?:3264)?_(\w+) (\d+)$", path.read_text() if path.exists() else "", re.M)
        for call, nr in found:
            if call in known_calls():
                assert number(call, architecture) == int(nr), call
