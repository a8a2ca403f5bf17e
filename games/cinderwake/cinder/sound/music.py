"""The music: one loop in three layers that are always in step, so that a fight can add to a calm.

Making a layer takes too long for one frame, so that a layer is a generator: it pauses after each bar and returns its
left and right waves.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeAlias

import numpy as np

from .synth import RATE_HZ, Wave, add_round, decay, noise, sine, soft_saw, sweep, times, triangle

Layer: TypeAlias = Generator[None, None, tuple[Wave, Wave]]

BEAT_S = 60 / 104
BARS = 8
LOOP_S = BARS * 4 * BEAT_S

_CHORDS = ((50, 57, 60, 65), (46, 53, 57, 62), (41, 48, 57, 60), (48, 55, 58, 64)) * 2
"""Dm7, Bbmaj7, F, C7sus as MIDI notes, a bar each, twice."""
_ROOTS = (38, 34, 29, 36) * 2
_ARP = (0, 2, 3, 1, 2, 3, 2, 1, 0, 3, 2, 1, 3, 2, 1, 2)
_TUNE = ((0, 74, 3), (3, 72, 1), (4, 69, 4), (8, 65, 3), (11, 67, 1), (12, 69, 4), (16, 74, 2), (18, 77, 2),
         (20, 76, 3), (23, 72, 1), (24, 69, 3), (27, 67, 1), (28, 64, 4))  # fmt: skip
"""Start, note and length in beats."""


def _hz(note: int) -> float:
    return float(440 * 2 ** ((note - 69) / 12))


def _tone(note: int, seconds: float) -> Wave:
    return times(seconds) * np.float32(_hz(note))


def _empty() -> Wave:
    return np.zeros(round(LOOP_S * RATE_HZ), np.float32)


def calm_layer() -> Layer:
    """Make slow chords, left and right, and a bass under them."""
    left, right = _empty(), _empty()
    bar_s = 4 * BEAT_S
    long_s = bar_s * 1.25
    swell = np.clip(np.minimum(times(long_s) / 0.7, (long_s - times(long_s)) / 0.9), 0, 1)
    for bar, chord in enumerate(_CHORDS):
        for index, note in enumerate(chord):
            turns = _tone(note, long_s)
            add_round(left, soft_saw(turns * np.float32(0.9975), 3) * swell * 0.055, bar * bar_s)
            add_round(right, soft_saw(turns * np.float32(1.0025) + index * 0.2, 3) * swell * 0.055, bar * bar_s)
        bass = decay(sine(_tone(_ROOTS[bar] + 12, bar_s)), attack_s=0.05, half_s=0.8) * 0.26
        for side in (left, right):
            add_round(side, bass, bar * bar_s)
        yield
    return left, right


def pulse_layer() -> Layer:
    """Make a beat and a running bass."""
    both, left, right = _empty(), _empty(), _empty()
    kick = decay(sine(sweep(120, 42, 0.22)), attack_s=0.002, half_s=0.06) * 0.55
    hat = decay(noise(0.06, 8), attack_s=0.001, half_s=0.012) * 0.07
    clap = decay(noise(0.16, 9, smooth=3), attack_s=0.002, half_s=0.03) * 0.16
    for beat in range(BARS * 4):
        add_round(both, kick, beat * BEAT_S)
        if beat % 2:
            add_round(both, clap, beat * BEAT_S)
        add_round(left if beat % 2 else right, hat, (beat + 0.5) * BEAT_S)
        root = _ROOTS[beat // 4] + 12
        for half in range(2):
            bass = decay(soft_saw(_tone(root + (12 if half else 0), 0.26), 4), half_s=0.07) * 0.2
            add_round(both, bass, (beat + half / 2) * BEAT_S)
        if beat % 4 == 3:
            yield
    return both + left, both + right


def blaze_layer() -> Layer:
    """Make a fast broken chord and a tune above it."""
    left, right = _empty(), _empty()
    for bar, chord in enumerate(_CHORDS):
        plucks = [decay(triangle(_tone(note + 12, 0.3)), half_s=0.06) * 0.12 for note in chord]
        for step, which in enumerate(_ARP):
            add_round(left if step % 2 else right, plucks[which], (bar * 4 + step / 4) * BEAT_S)
        yield
    for start, note, beats in _TUNE:
        seconds = beats * BEAT_S * 1.1
        turns = _tone(note, seconds)
        vibrato = 0.004 * sine(times(seconds) * np.float32(5.2)) * np.minimum(times(seconds) / 0.5, 1)
        voice = decay(soft_saw(turns + vibrato.cumsum() / RATE_HZ * 60, 4), attack_s=0.03, half_s=0.5) * 0.13
        for side, late in ((left, 0.0), (right, 0.011)):
            add_round(side, voice, start * BEAT_S + late)
            add_round(side, voice * 0.35, (start + 0.75) * BEAT_S + late)
        yield
    return left, right
