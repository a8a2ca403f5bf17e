"""Who runs a title: the node in a session, or a replay. ``run`` hands the title's class to whichever it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from farplay_sdk.title import Title

Host: TypeAlias = Callable[[type[Title]], None]
"""Runs a title to its end."""

_hosts: list[Host] = []


def run(title_class: type[Title]) -> None:
    """Run a title; the last line of its program. Returns when the session has ended.

    Raises:
        SystemExit: the program was started by hand, where there is nobody to play it.
    """
    if not _hosts:
        raise SystemExit("This is a Farplay title. To play it in your browser: farplay title run FOLDER")
    _hosts[-1](title_class)


def install(host: Host) -> None:
    """Let ``run`` hand titles to this host from now on."""
    _hosts.append(host)
