"""What kind of device a browser runs on, in two words of a short list. The User-Agent text itself is never kept.

Source: the order of tests follows what browsers claim: Edge, Opera and Samsung's also say Chrome, Chrome also says
Safari, and every Android also says Linux (MDN, "Browser detection using the user agent").
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class BrowserKind(StrEnum):
    """A browser's family."""

    EDGE = "edge"
    OPERA = "opera"
    SAMSUNG = "samsung"
    FIREFOX = "firefox"
    CHROME = "chrome"
    SAFARI = "safari"
    OTHER = "other"


class SystemKind(StrEnum):
    """An operating system's family."""

    ANDROID = "android"
    IPHONE = "iphone"
    IPAD = "ipad"
    WINDOWS = "windows"
    CHROMEOS = "chromeos"
    MACOS = "macos"
    TV = "tv"
    LINUX = "linux"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class DeviceLabel:
    """How a device is shown in a player's list."""

    browser: BrowserKind
    system: SystemKind


_BROWSERS = (
    (BrowserKind.EDGE, ("Edg/", "EdgA/", "EdgiOS/")),
    (BrowserKind.OPERA, ("OPR/", "OPT/")),
    (BrowserKind.SAMSUNG, ("SamsungBrowser/",)),
    (BrowserKind.FIREFOX, ("Firefox/", "FxiOS/")),
    (BrowserKind.CHROME, ("Chrome/", "CriOS/", "Chromium/")),
    (BrowserKind.SAFARI, ("Safari/",)),
)
_SYSTEMS = (
    (
        SystemKind.TV,
        ("SMART-TV", "SmartTV", "Web0S", "webOS.TV", "Tizen", "BRAVIA", "AFTT", "GoogleTV", "Android TV"),
    ),
    (SystemKind.IPHONE, ("iPhone",)),
    (SystemKind.IPAD, ("iPad",)),
    (SystemKind.ANDROID, ("Android",)),
    (SystemKind.WINDOWS, ("Windows",)),
    (SystemKind.CHROMEOS, ("CrOS",)),
    (SystemKind.MACOS, ("Macintosh",)),
    (SystemKind.LINUX, ("Linux", "X11")),
)


def label_of(user_agent: str) -> DeviceLabel:
    """Return the label for a User-Agent header; anything unknown is ``other``."""
    browser = next((kind for kind, marks in _BROWSERS if any(m in user_agent for m in marks)), BrowserKind.OTHER)
    system = next((kind for kind, marks in _SYSTEMS if any(m in user_agent for m in marks)), SystemKind.OTHER)
    return DeviceLabel(browser, system)
