"""Find the TURN server coturn and the firewall's ``nft``, installing them if need be; print their paths.

Tests run them: a real relay, and a real NAT before a node. Farplay itself needs neither.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.debian_package import install

HOW_TO = """No {program} was found, and none could be installed. Any of these helps:
  - set {variable} to a {program} program
  - apt-get install --no-install-recommends {package}   (as root; a service that comes with it need not run)
What was tried: {tried}"""


class NoTool(Exception):
    """No usable program; the text says what was tried and what would help."""


def find_coturn() -> str:
    """Return the path of coturn's ``turnserver``, installing it if need be.

    Raises:
        NoTool: with all ways to get one, and why they failed here.
    """
    return _find("turnserver", package="coturn", variable="COTURN_BIN")


def find_nft() -> str:
    """Return the path of ``nft``, installing it if need be.

    Raises:
        NoTool: with all ways to get one, and why they failed here.
    """
    return _find("nft", package="nftables", variable="NFT_BIN")


def _find(program: str, *, package: str, variable: str) -> str:
    if wished := os.environ.get(variable):
        if not shutil.which(wished):
            raise NoTool(f"{variable}={wished}: no such program")
        return wished
    if found := shutil.which(program):
        return found
    tried = install(package)
    if found := shutil.which(program):
        return found
    raise NoTool(HOW_TO.format(program=program, package=package, variable=variable, tried=tried))


if __name__ == "__main__":
    try:
        print(find_coturn(), find_nft(), sep="\n")
    except NoTool as error:
        sys.exit(str(error))
