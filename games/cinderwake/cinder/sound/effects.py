"""The sounds of what happens."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .synth import Wave, decay, delayed, mixed, noise, sine, soft_saw, sweep, triangle


def _shot() -> Wave:
    return decay(triangle(sweep(1150, 420, 0.09)), attack_s=0.002, half_s=0.022) * 0.5


def _hit() -> Wave:
    return decay(noise(0.05, 1, smooth=3), half_s=0.012) * 0.45


def _blocked() -> Wave:
    return decay(mixed(sine(sweep(1900, 1800, 0.16)), sine(sweep(2710, 2650, 0.16)) * 0.6), half_s=0.03) * 0.35


def _kill() -> Wave:
    boom = decay(sine(sweep(260, 60, 0.32)), half_s=0.07) * 0.9
    return mixed(boom, decay(noise(0.3, 2, smooth=10), half_s=0.05) * 0.7)


def _big_kill() -> Wave:
    boom = decay(sine(sweep(170, 36, 0.6)), half_s=0.13)
    return mixed(boom, decay(noise(0.55, 3, smooth=22), half_s=0.1) * 0.9)


def _dash() -> Wave:
    return mixed(
        decay(noise(0.28, 4, smooth=6), attack_s=0.03, half_s=0.06) * 0.7,
        decay(sine(sweep(240, 720, 0.22)), attack_s=0.01, half_s=0.06) * 0.4,
    )


def _nova() -> Wave:
    return mixed(
        decay(sine(sweep(420, 30, 1.1)), attack_s=0.01, half_s=0.26) * 1.1,
        decay(noise(1.0, 5, smooth=26), attack_s=0.02, half_s=0.22),
        decay(soft_saw(sweep(90, 45, 0.9)), half_s=0.2) * 0.5,
    )


def _chime(notes_hz: tuple[float, ...], gap_s: float, half_s: float) -> Wave:
    voices = [
        delayed(
            decay(
                mixed(sine(sweep(hz, hz, half_s * 6)), sine(sweep(hz * 2, hz * 2, half_s * 6)) * 0.3), half_s=half_s
            ),
            index * gap_s,
        )
        for index, hz in enumerate(notes_hz)
    ]
    return mixed(*voices) * 0.42


def _hurt() -> Wave:
    return mixed(
        decay(soft_saw(sweep(320, 70, 0.5)), half_s=0.12) * 0.9,
        decay(noise(0.4, 6, smooth=14), half_s=0.09) * 0.8,
    )


def _portal() -> Wave:
    return decay(sine(sweep(130, 390, 0.5)), attack_s=0.2, half_s=0.12) * 0.4


def _foe_shot() -> Wave:
    return decay(soft_saw(sweep(520, 300, 0.12)), half_s=0.03) * 0.28


def _charge() -> Wave:
    return mixed(
        decay(noise(0.35, 7, smooth=8), attack_s=0.02, half_s=0.08) * 0.7,
        decay(soft_saw(sweep(130, 320, 0.3)), half_s=0.08) * 0.4,
    )


def _beam() -> Wave:
    return decay(mixed(soft_saw(sweep(210, 196, 0.6)), soft_saw(sweep(317, 296, 0.6)) * 0.6), half_s=0.16) * 0.5


def _alarm() -> Wave:
    horn = decay(soft_saw(sweep(110, 104, 0.7), 7), attack_s=0.05, half_s=0.3)
    return mixed(horn, delayed(horn, 0.62)) * 0.7


def _boss_down() -> Wave:
    parts = [delayed(_big_kill(), 0.16 * index) * (1 - 0.12 * index) for index in range(5)]
    return mixed(*parts, delayed(_nova(), 0.7))


def _over() -> Wave:
    return _chime((392.0, 329.6, 261.6, 196.0), 0.24, 0.22)


EFFECTS: Mapping[str, tuple[Callable[[], Wave], float]] = {
    "shot": (_shot, 0.16),
    "hit": (_hit, 0.22),
    "blocked": (_blocked, 0.3),
    "kill": (_kill, 0.42),
    "big_kill": (_big_kill, 0.6),
    "dash": (_dash, 0.45),
    "nova": (_nova, 0.8),
    "nova_ready": (lambda: _chime((523.3, 784.0, 1046.5), 0.07, 0.1), 0.5),
    "hurt": (_hurt, 0.8),
    "bubble_burst": (lambda: _chime((880.0, 660.0), 0.05, 0.06), 0.6),
    "ember": (lambda: _chime((1318.5,), 0.0, 0.025), 0.2),
    "gift": (lambda: _chime((659.3, 880.0, 1318.5), 0.06, 0.08), 0.55),
    "portal": (_portal, 0.32),
    "foe_shot": (_foe_shot, 0.22),
    "charge": (_charge, 0.42),
    "beam": (_beam, 0.5),
    "boss": (_alarm, 0.6),
    "boss_down": (_boss_down, 0.8),
    "wave": (lambda: _chime((293.7, 440.0), 0.12, 0.16), 0.5),
    "cleared": (lambda: _chime((440.0, 587.3, 740.0, 880.0), 0.08, 0.14), 0.5),
    "chain_up": (lambda: _chime((740.0, 987.8), 0.05, 0.07), 0.36),
    "chain_lost": (lambda: _chime((330.0, 262.0), 0.08, 0.08), 0.4),
    "over": (_over, 0.6),
    "move": (lambda: _chime((660.0,), 0.0, 0.02), 0.3),
    "take": (lambda: _chime((660.0, 990.0), 0.05, 0.06), 0.45),
}
"""By what happens, or the menu's name for it: how it is made, and its volume."""
