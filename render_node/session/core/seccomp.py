"""Assembles a seccomp filter, a classic BPF program over ``struct seccomp_data``, from a list of rules.

Written here because the filter is the wall of the ``pod`` profile and must not depend on a system library that may be
absent (libseccomp, which the Python bindings load). Nothing but what our rules need is offered: masked comparisons.

A program answers for the architectures that it was made for and kills callers of any other, and of x86-64's x32
table, whose numbers would slip past the rules. Rules are tried in order; the first that fits decides.

Source: seccomp(2), ``linux/filter.h``, ``linux/seccomp.h``, ``linux/audit.h``.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from render_node.session.core.syscall_numbers import NEWEST, X32_BIT, Architecture, number

ALLOW = 0x7FFF0000
KILL_PROCESS = 0x80000000
_ERRNO = 0x00050000
_ENOSYS = 38

_LOAD, _JUMP, _JUMP_EQUAL, _JUMP_GREATER, _JUMP_NOT_LESS, _AND, _RETURN = 0x20, 0x05, 0x15, 0x25, 0x35, 0x54, 0x06
_NUMBER_AT, _ARCHITECTURE_AT, _ARGUMENTS_AT = 0, 4, 16
_INSTRUCTION = struct.Struct("=HBBI")
_WORD = 0xFFFFFFFF


def refuse(errno: int) -> int:
    """Return the action that makes a call fail with an error number."""
    return _ERRNO | errno


@dataclass(frozen=True, slots=True)
class Argument:
    """A condition on one argument of a call: ``(argument & mask) == value``, or its opposite."""

    index: int
    """0 to 5."""
    mask: int
    """64 bits; a C ``int`` is the lower 32, as the kernel ignores the others."""
    value: int
    equal: bool = True


@dataclass(frozen=True, slots=True)
class Rule:
    """What happens to some calls, where all conditions hold."""

    calls: tuple[str, ...]
    action: int
    when: tuple[Argument, ...] = ()


_Instruction = tuple[int, int, int, int]


def assemble(rules: Sequence[Rule], architectures: Sequence[Architecture]) -> bytes:
    """Return the program as an array of native ``struct sock_filter``, 8 bytes each.

    Args:
        rules: Tried in order; a call that fits none is allowed, one newer than our table does not exist (ENOSYS).
        architectures: Who may call; others are killed.
    """
    program: list[_Instruction] = [(_LOAD, 0, 0, _ARCHITECTURE_AT)]
    for architecture in architectures:
        block = _block(rules, architecture)
        # A conditional jump reaches 255 instructions, a plain one everything.
        program += [(_JUMP_EQUAL, 1, 0, architecture), (_JUMP, 0, 0, len(block)), *block]
    program.append((_RETURN, 0, 0, KILL_PROCESS))
    return b"".join(_INSTRUCTION.pack(*instruction) for instruction in program)


def _block(rules: Sequence[Rule], architecture: Architecture) -> list[_Instruction]:
    block: list[_Instruction] = [(_LOAD, 0, 0, _NUMBER_AT)]
    if architecture is Architecture.X86_64:
        block += [(_JUMP_NOT_LESS, 0, 1, X32_BIT), (_RETURN, 0, 0, KILL_PROCESS)]
    for rule in rules:
        for call in rule.calls:
            nr = number(call, architecture)
            if nr is not None:
                block += _for_call(nr, rule)
    return [*block, (_JUMP_GREATER, 0, 1, NEWEST), (_RETURN, 0, 0, refuse(_ENOSYS)), (_RETURN, 0, 0, ALLOW)]


def _for_call(nr: int, rule: Rule) -> list[_Instruction]:
    """Decide one call, or leave its number in the accumulator for the next rule."""
    if not rule.when:
        return [(_JUMP_EQUAL, 0, 1, nr), (_RETURN, 0, 0, rule.action)]
    body: list[_Instruction] = [(_RETURN, 0, 0, rule.action)]
    for condition in reversed(rule.when):
        body = _condition(condition, len(body)) + body
    return [(_JUMP_EQUAL, 0, len(body), nr), *body, (_LOAD, 0, 0, _NUMBER_AT)]


def _condition(condition: Argument, body: int) -> list[_Instruction]:
    """Fall through where the condition holds, else jump over what follows, ``body`` instructions."""
    at = _ARGUMENTS_AT + 8 * condition.index
    low = (condition.mask & _WORD, condition.value & _WORD, at)
    high = (condition.mask >> 32, condition.value >> 32, at + 4)
    words = [word for word in (low, high) if word[0]]
    checks: list[_Instruction] = []
    for place, (mask, value, offset) in enumerate(reversed(words)):
        last = place == 0
        miss = body + len(checks)
        if condition.equal:
            jump = (_JUMP_EQUAL, 0, miss, value)
        else:
            # Words that differ settle it: over the checks of the next word. The last word must differ itself.
            jump = (_JUMP_EQUAL, miss, 0, value) if last else (_JUMP_EQUAL, 0, len(checks), value)
        checks = [(_LOAD, 0, 0, offset), (_AND, 0, 0, mask), jump, *checks]
    return checks
