"""Sounds made of sines. Pure: arrays of floats from -1 to 1, one channel, ``RATE_HZ``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 48000
Wave: TypeAlias = NDArray[np.float64]
BAR_S = 4.0
_SCALE = (0, 2, 4, 7, 9)
"""A major pentatonic: no two notes of it quarrel."""
NOTES = 14
"""Plucked notes, for paths of growing length."""
_ROOT = 62
_CHORDS = ((38, 57, 62, 66), (35, 59, 62, 66), (43, 59, 62, 67), (45, 57, 61, 64))
"""D, B minor, G and A as MIDI notes."""


def pitch_hz(note: float) -> float:
    """Return a MIDI note's frequency."""
    return float(440.0 * 2 ** ((note - 69) / 12))


def scale_note(step: int) -> int:
    """Return the MIDI note of a step of the scale."""
    octave, degree = divmod(step, len(_SCALE))
    return _ROOT + 12 * octave + _SCALE[degree]


def pluck(note: float, seconds: float = 1.1, *, soft: float = 0.006) -> Wave:
    """Return a note like a finger on a kalimba: its overtones die first."""
    t = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    hertz = pitch_hz(note)
    wave = np.zeros_like(t)
    for overtone, weight, decay in ((1, 1.0, 4.0), (2.0, 0.22, 8.0), (3.01, 0.12, 14.0), (5.9, 0.05, 26.0)):
        wave += weight * np.sin(2 * np.pi * hertz * overtone * t) * np.exp(-decay * t / seconds)
    envelope = np.minimum(t / soft, 1.0) * np.minimum((seconds - t) / 0.05, 1.0)
    return np.asarray(0.7 * wave * envelope)


def drop(start_hz: float, end_hz: float, seconds: float = 0.18) -> Wave:
    """Return a drop of water."""
    t = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    phase = 2 * np.pi * np.cumsum(np.geomspace(start_hz, end_hz, len(t))) / RATE_HZ
    envelope = np.minimum(t / 0.004, 1) * np.exp(-5 * t / seconds) * np.minimum((seconds - t) / 0.01, 1)
    return np.asarray(np.sin(phase) * envelope)


def together(*parts: tuple[float, Wave]) -> Wave:
    """Mix waves that begin after some seconds."""
    mixed = np.zeros(max(int(at * RATE_HZ) + len(wave) for at, wave in parts))
    for at, wave in parts:
        begin = int(at * RATE_HZ)
        mixed[begin : begin + len(wave)] += wave
    return mixed


def _run(steps: tuple[int, ...], gap_s: float, volume: float, seconds: float) -> Wave:
    return together(*((gap_s * n, volume * pluck(scale_note(step), seconds)) for n, step in enumerate(steps)))


def effects() -> dict[str, Callable[[], Wave]]:
    """Return makers of all short sounds by name."""
    return {
        **{f"note{step}": partial(_run, (step,), 0.0, 0.42, 0.8) for step in range(NOTES)},
        "back": lambda: 0.35 * drop(700, 330),
        "cut": lambda: 0.4 * drop(420, 180, 0.24),
        "joined": partial(_run, (5, 7, 10), 0.07, 0.4, 1.4),
        "solved": partial(_run, (0, 2, 4, 5, 7, 9, 10, 12), 0.11, 0.36, 2.6),
        "press": lambda: 0.3 * drop(500, 900, 0.12),
        "hint": partial(_run, (12, 10, 12), 0.09, 0.3, 1.0),
    }


def music() -> Iterator[Wave]:
    """Yield a slow loop, two bars to a chord: breathing tones and a few drops. All bars have the same length."""
    rng = np.random.default_rng(23)
    length = int(BAR_S * RATE_HZ)
    tail = np.zeros(length)
    for bar in range(2 * len(_CHORDS)):
        made = _bar(_CHORDS[bar // 2], rng)
        made[:length] += tail
        tail = made[length : 2 * length]
        yield made[:length]


def _bar(chord: tuple[int, ...], rng: np.random.Generator) -> Wave:
    t = np.arange(int(2 * BAR_S * RATE_HZ)) / RATE_HZ
    swell = np.sin(np.pi * np.clip(t / (1.6 * BAR_S), 0, 1)) ** 2
    mixed = np.zeros_like(t)
    for index, note in enumerate(chord):
        for drift in (-0.0012, 0.0013):
            mixed += (0.055 if index else 0.07) * np.sin(2 * np.pi * pitch_hz(note) * (1 + drift) * t)
    mixed *= swell
    for step in range(8):
        if rng.random() < 0.34:
            begin = int(step * BAR_S / 8 * RATE_HZ)
            plucked = 0.075 * pluck(int(rng.choice(chord[1:])) + 12, 2.4, soft=0.02)
            mixed[begin : begin + len(plucked)] += plucked
    return np.asarray(mixed)
