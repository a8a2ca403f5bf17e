"""Find a Firefox, installing one if there is none; print its path.

Any build will do: Firefox is driven over WebDriver BiDi and plays VP8, so nothing of it depends on packaged codecs.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.debian_package import install

NAMES = ("firefox-esr", "firefox")

HOW_TO = """No Firefox was found, and none could be installed. Any of these helps:
  - set FIREFOX_BIN to a Firefox binary
  - put one of {names} on PATH
  - apt-get install --no-install-recommends firefox-esr   (as root)
What was tried: {tried}"""


class NoBrowser(Exception):
    """No usable browser; the text says what was tried and what would help."""


def _on_path() -> str | None:
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def find_firefox() -> str:
    """Return the path of a Firefox, installing one if need be.

    Raises:
        NoBrowser: with all ways to get one, and why they failed here.
    """
    if wished := os.environ.get("FIREFOX_BIN"):
        if not shutil.which(wished):
            raise NoBrowser(f"FIREFOX_BIN={wished}: no such program")
        return wished
    if found := _on_path():
        return found
    tried = install("firefox-esr")
    if found := _on_path():
        return found
    raise NoBrowser(HOW_TO.format(names=", ".join(NAMES), tried=tried))


if __name__ == "__main__":
    try:
        print(find_firefox())
    except NoBrowser as error:
        sys.exit(str(error))
