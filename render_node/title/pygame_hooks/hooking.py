"""Replaces functions of pygame's modules before the title can import them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any


def replace(module: ModuleType, name: str, replacement: Callable[..., Any] | type) -> Any:
    """Put ``replacement`` at ``module.name`` and return what was there, or None if this pygame lacks it.

    pygame-ce shows some of it at its top too (``pygame.Clock``); that name is replaced with it.
    """
    original = getattr(module, name, None)
    if original is not None:
        setattr(module, name, replacement)
        package = sys.modules.get(module.__name__.partition(".")[0])
        if getattr(package, name, None) is original:
            setattr(package, name, replacement)
    return original


def post(pygame: ModuleType, kind: int, **attributes: Any) -> None:
    """Put an event into pygame's queue; SDL too drops events when it is full or not yet there."""
    try:
        pygame.event.post(pygame.event.Event(kind, attributes))
    except pygame.error:
        return
