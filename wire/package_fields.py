"""What ``title.toml`` and ``runtime.toml`` both hold: versions, and packages of Python and Debian by name."""

from __future__ import annotations

from wire.manifest_values import Text, Texts

_SPECIFIER = r"(===|[<>=!~]=|[<>]) *[A-Za-z0-9.*+!_-]+"
_REQUIREMENT = (
    r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])? *(\[[A-Za-z0-9._, -]*\])? *"
    rf"({_SPECIFIER}( *, *{_SPECIFIER})*)? *(;[A-Za-z0-9_.<>=!~()*'\" -]*)?"
)
"""PEP 508 without addresses: what lies at one may be no wheel, and building it would run its code."""

VERSION = Text(
    64,
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]{1,32})?",
    "a semantic version like 1.2.3 or 1.2.3-beta.1",
)
PYTHON_REQUIRES = Texts(64, 200, _REQUIREMENT, "requirements of Python packages by name, such as shapely>=2")
PYTHON_VERSION = Text(8, r"3\.(1[1-9]|[2-9][0-9])", "a version such as 3.13")
DEBIAN_PACKAGES = Texts(64, 100, r"[a-z0-9][a-z0-9.+-]+", "names of Debian packages")
SHA256 = Text(64, r"[0-9a-f]{64}", "a SHA-256 as 64 characters of 0-9 and a-f")


def python_minor(version: str) -> int:
    """Return the minor version of a Python 3, 0 for an empty text."""
    return int(version.partition(".")[2] or 0)
