"""Sound from arithmetic: tones, noise and envelopes as mono float arrays from -1 to 1."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 48_000

Wave: TypeAlias = NDArray[np.float32]


def times(seconds: float) -> Wave:
    """Return the time of each sample."""
    at: Wave = np.arange(round(seconds * RATE_HZ), dtype=np.float32) / np.float32(RATE_HZ)
    return at


def sweep(start_hz: float, end_hz: float, seconds: float) -> Wave:
    """Return the phase, in turns, of a tone that glides from one pitch to another."""
    steps = times(seconds) / max(seconds, 1e-6)
    pitch = start_hz * (end_hz / start_hz) ** steps
    return (np.cumsum(pitch) / RATE_HZ).astype(np.float32)


def sine(turns: Wave) -> Wave:
    """Return a sine."""
    wave: Wave = np.sin(turns * np.float32(2 * np.pi))
    return wave


def soft_saw(turns: Wave, harmonics: int = 5) -> Wave:
    """Return a saw of few harmonics, which does not alias."""
    total = np.zeros_like(turns)
    for number in range(1, harmonics + 1):
        total += sine(turns * number) / number
    return total * np.float32(0.6)


def triangle(turns: Wave) -> Wave:
    """Return a triangle."""
    wave: Wave = np.abs((turns % 1.0) * 4 - 2) - 1
    return wave


def noise(seconds: float, seed: int, *, smooth: int = 1) -> Wave:
    """Return noise; the higher ``smooth``, the darker."""
    raw = np.random.default_rng(seed).uniform(-1, 1, round(seconds * RATE_HZ) + smooth).astype(np.float32)
    if smooth == 1:
        return raw[1:]
    total = np.cumsum(raw)
    dark = (total[smooth:] - total[:-smooth]) / np.float32(smooth**0.5)
    return dark.astype(np.float32)


def decay(wave: Wave, *, attack_s: float = 0.004, half_s: float = 0.06) -> Wave:
    """Return a wave that rises at once and fades by half every ``half_s``; it ends in silence."""
    at = np.arange(len(wave), dtype=np.float32) / RATE_HZ
    shape = np.minimum(at / attack_s, 1) * 0.5 ** (at / half_s)
    tail = min(len(wave), RATE_HZ // 200)
    shape[-tail:] *= np.linspace(1, 0, tail, dtype=np.float32)
    return (wave * shape).astype(np.float32)


def mixed(*waves: Wave) -> Wave:
    """Return waves that begin together."""
    total = np.zeros(max(len(wave) for wave in waves), np.float32)
    for wave in waves:
        total[: len(wave)] += wave
    return total


def delayed(wave: Wave, seconds: float) -> Wave:
    """Return a wave that begins later."""
    return np.concatenate([np.zeros(round(seconds * RATE_HZ), np.float32), wave])


def add_round(target: Wave, wave: Wave, at_s: float) -> None:
    """Add a wave into a loop; what goes beyond its end comes in at its beginning."""
    start = round(at_s * RATE_HZ) % len(target)
    first = min(len(wave), len(target) - start)
    target[start : start + first] += wave[:first]
    rest = wave[first:][: len(target)]
    target[: len(rest)] += rest


def pcm(left: Wave, right: Wave | None = None, *, peak: float = 0.8) -> NDArray[np.int16]:
    """Return interleaved stereo, ``(samples, 2)``, softly limited to ``peak``."""
    both = np.stack([left, left if right is None else right], axis=1)
    return (np.tanh(both) * np.float32(peak * 32767)).astype(np.int16)
