"""Sounds made of sines and noise. Pure: arrays of floats from -1 to 1, one channel, ``RATE_HZ``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 48000
Wave: TypeAlias = NDArray[np.float64]
BEAT_S = 60 / 92
BARS = 8
_CHORDS = ((45, 57, 60, 64), (41, 57, 60, 65), (48, 55, 60, 64), (43, 55, 59, 62))
"""A minor, F, C, G as MIDI notes, two bars each."""

_CLIMB = (0, 3, 5, 7, 10, 12, 15, 17)
"""Semitones by which hits rise as a rally goes on."""


def pitch_hz(note: float) -> float:
    """Return a MIDI note's frequency."""
    return float(440.0 * 2 ** ((note - 69) / 12))


def _time(seconds: float) -> Wave:
    return np.arange(int(seconds * RATE_HZ)) / RATE_HZ


def tone(hertz: float, seconds: float, *, attack_s: float = 0.004, decay: float = 4.0, bright: float = 0.3) -> Wave:
    """Return a struck note."""
    t = _time(seconds)
    envelope = np.minimum(t / attack_s, 1.0) * np.exp(-decay * t / seconds) * np.minimum((seconds - t) / 0.02, 1.0)
    wave = np.sin(2 * np.pi * hertz * t) + bright * np.sin(4 * np.pi * hertz * t) * np.exp(-6 * t / seconds)
    return np.asarray(wave * envelope / (1 + bright))


def sweep(start_hz: float, end_hz: float, seconds: float, *, noise: float = 0.0, decay: float = 4.0) -> Wave:
    """Return a tone that glides, with breath."""
    t = _time(seconds)
    phase = 2 * np.pi * np.cumsum(np.geomspace(start_hz, end_hz, len(t))) / RATE_HZ
    breath = np.random.default_rng(3).standard_normal(len(t) + 7)
    soft = np.convolve(breath, np.ones(8) / 8, "valid")
    wave = np.sin(phase) * (1 - noise) + soft * noise
    return np.asarray(
        wave * np.minimum(t / 0.004, 1) * np.exp(-decay * t / seconds) * np.minimum((seconds - t) / 0.01, 1)
    )


def together(*parts: tuple[float, Wave]) -> Wave:
    """Mix waves that begin after some seconds."""
    length = max(int(at * RATE_HZ) + len(wave) for at, wave in parts)
    mixed = np.zeros(length)
    for at, wave in parts:
        begin = int(at * RATE_HZ)
        mixed[begin : begin + len(wave)] += wave
    return mixed


def effects() -> dict[str, Callable[[], Wave]]:
    """Return makers of all short sounds by name."""
    return {
        **{f"hit{step}": partial(_hit, 57 + semitones) for step, semitones in enumerate(_CLIMB)},
        "wall": lambda: 0.5 * sweep(190, 90, 0.12, noise=0.25),
        "pulse": lambda: 0.8 * sweep(520, 70, 0.42, noise=0.35, decay=5),
        "goal": lambda: together(
            (0, 0.8 * sweep(300, 40, 0.9, noise=0.3, decay=5)),
            *((0.07 * n, 0.3 * tone(pitch_hz(note), 1.3)) for n, note in enumerate((57, 60, 64, 69, 72, 76))),
        ),
        "glyph": lambda: together(
            *((0.05 * n, 0.35 * tone(pitch_hz(81 + note), 0.5)) for n, note in enumerate((0, 3, 7)))
        ),
        "ward": lambda: together((0, 0.4 * tone(1760, 0.3)), (0.02, 0.3 * tone(2349, 0.4))),
        "serve": lambda: 0.5 * tone(pitch_hz(76), 0.3, bright=0.1),
        "move": lambda: 0.25 * tone(pitch_hz(69), 0.1),
        "join": lambda: together((0, 0.35 * tone(pitch_hz(64), 0.3)), (0.08, 0.35 * tone(pitch_hz(71), 0.4))),
        "won": lambda: together(
            *(
                (0.13 * n, 0.35 * tone(pitch_hz(note), 1.6, decay=3))
                for n, note in enumerate((57, 64, 69, 73, 76, 81))
            )
        ),
    }


def _hit(note: float) -> Wave:
    return together((0, 0.6 * tone(pitch_hz(note + 12), 0.35, decay=7, bright=0.5)), (0, 0.5 * sweep(240, 70, 0.08)))


def music() -> Iterator[Wave]:
    """Yield a calm loop bar by bar: a pad, a bass and a few plucked notes. All bars have the same length."""
    rng = np.random.default_rng(11)
    tail = np.zeros(int(4 * BEAT_S * RATE_HZ))
    for bar in range(BARS):
        made = _bar(_CHORDS[bar // 2 % len(_CHORDS)], rng, odd=bar % 2 == 1)
        made[: len(tail)] += tail
        length = int(4 * BEAT_S * RATE_HZ)
        tail = made[length:]
        yield made[:length]


def _bar(chord: tuple[int, ...], rng: np.random.Generator, *, odd: bool) -> Wave:
    beat = BEAT_S
    parts = [(0.0, 0.30 * tone(pitch_hz(chord[0]), 2.4 * beat, decay=3, bright=0.5))]
    parts.append((2.5 * beat, 0.22 * tone(pitch_hz(chord[0]), 1.2 * beat, decay=3, bright=0.5)))
    t = _time(5 * beat)
    swell = np.sin(np.pi * np.clip(t / (5 * beat), 0, 1)) ** 1.4
    pad = sum(
        np.sin(2 * np.pi * pitch_hz(note) * (1 + drift) * t) for note in chord[1:] for drift in (-0.0016, 0.0017)
    )
    parts.append((0.0, np.asarray(0.035 * swell * pad)))
    for step in range(8):
        if rng.random() < (0.62 if odd else 0.5):
            note = int(rng.choice(chord[1:])) + 12 * int(rng.integers(1, 3))
            parts.append((step * beat / 2, 0.10 * tone(pitch_hz(note), 1.4 * beat, decay=5, bright=0.2)))
    made = together(*parts)
    return np.pad(made, (0, max(int(5 * beat * RATE_HZ) + RATE_HZ - len(made), 0)))
