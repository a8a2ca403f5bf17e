"""A core's options: what it offers, and what the title's manifest chose. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


class BadOption(Exception):
    """An option that the manifest sets is unknown to the core, or does not take that value."""


def read_chosen(settings: Iterable[str]) -> dict[str, str]:
    """Read ``key=value`` settings.

    Raises:
        BadOption: one has no ``=``.
    """
    chosen = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals:
            raise BadOption(f"--option {setting}: write it as key=value")
        chosen[key] = value
    return chosen


def read_offer(offered: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the values that each option may have, its default first, from ``Description; default|other|…``."""
    return {key: tuple(words.partition("; ")[2].split("|")) for key, words in offered.items()}


def values_of(offer: Mapping[str, tuple[str, ...]], chosen: Mapping[str, str]) -> dict[str, str]:
    """Return each option's value.

    Raises:
        BadOption: with what the core offers instead.
    """
    for key, value in chosen.items():
        if key not in offer:
            raise BadOption(f"this core has no option {key}; it has: {', '.join(sorted(offer)) or 'none'}")
        if value not in offer[key]:
            raise BadOption(f"{key} cannot be {value!r}; it can be: {', '.join(offer[key])}")
    return {key: chosen.get(key, values[0]) for key, values in offer.items()}
