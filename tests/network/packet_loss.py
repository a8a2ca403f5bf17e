"""Which packets a link loses: each by itself, or in bursts."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Protocol, TypeAlias


@dataclass(frozen=True, slots=True)
class UniformLoss:
    """Every packet is lost with the same chance, whatever became of the one before."""

    share: float


@dataclass(frozen=True, slots=True)
class BurstLoss:
    """Losses in bursts: Gilbert's model with a bad state that loses everything and a good one that loses nothing.

    E. N. Gilbert, "Capacity of a burst-noise channel", Bell System Technical Journal 39 (1960).
    """

    share: float
    """Of all packets, in the long run."""
    mean_burst_packets: float
    """Packets lost in a row, on average; 1 is the least."""


Loss: TypeAlias = UniformLoss | BurstLoss


class LossProcess(Protocol):
    """Decides packet by packet."""

    def loses(self) -> bool:
        """Tell whether the next packet is lost."""
        ...


def loss_process(loss: Loss | None, chance: random.Random) -> LossProcess:
    """Return what decides.

    Raises:
        ValueError: a share outside 0..1, or bursts shorter than a packet.
    """
    match loss:
        case None:
            return _Independent(0.0, chance)
        case UniformLoss(share):
            _check_share(share)
            return _Independent(share, chance)
        case BurstLoss(share, mean_burst_packets):
            _check_share(share)
            if mean_burst_packets < 1 or share * (mean_burst_packets + 1) > mean_burst_packets:
                raise ValueError(f"bursts of {mean_burst_packets} packets cannot lose a share of {share}")
            return _Gilbert(share, mean_burst_packets, chance)


def _check_share(share: float) -> None:
    if not 0 <= share <= 1:
        raise ValueError(f"a link cannot lose a share of {share}")


class _Independent:
    def __init__(self, share: float, chance: random.Random) -> None:
        self._share = share
        self._chance = chance

    def loses(self) -> bool:
        return self._share > 0 and self._chance.random() < self._share


class _Gilbert:
    def __init__(self, share: float, mean_burst_packets: float, chance: random.Random) -> None:
        self._bad_to_good = 1 / mean_burst_packets
        self._good_to_bad = self._bad_to_good * share / (1 - share)
        self._bad = False
        self._chance = chance

    def loses(self) -> bool:
        if self._bad:
            self._bad = self._chance.random() >= self._bad_to_good
        else:
            self._bad = self._chance.random() < self._good_to_bad
        return self._bad
