"""Find the TURN server coturn, installing it if there is none; print its path. Tests run it, Farplay does not."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.debian_package import install

HOW_TO = """No coturn was found, and none could be installed. Any of these helps:
  - set COTURN_BIN to a turnserver program
  - apt-get install --no-install-recommends coturn   (as root; its service need not run)
What was tried: {tried}"""


class NoCoturn(Exception):
    """No usable program; the text says what was tried and what would help."""


def find_coturn() -> str:
    """Return the path of coturn's ``turnserver``, installing it if need be.

    Raises:
        NoCoturn: with all ways to get one, and why they failed here.
    """
    if wished := os.environ.get("COTURN_BIN"):
        if not shutil.which(wished):
            raise NoCoturn(f"COTURN_BIN={wished}: no such program")
        return wished
    if found := shutil.which("turnserver"):
        return found
    tried = install("coturn")
    if found := shutil.which("turnserver"):
        return found
    raise NoCoturn(HOW_TO.format(tried=tried))


if __name__ == "__main__":
    try:
        print(find_coturn())
    except NoCoturn as error:
        sys.exit(str(error))
