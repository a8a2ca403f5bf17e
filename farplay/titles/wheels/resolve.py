"""From ``python.requires`` of a title or runtime to the wheels that meet it."""

from __future__ import annotations

import json
import platform
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement

from farplay.failures import CommandFailure, ExitStatus
from farplay.titles.wheels.given import Given, normalised
from farplay.titles.wheels.pip_run import pip_install
from wire.package_lock import BadLock, LockedWheel, PackageLock, read_lock, write_lock


def resolve(requires: tuple[str, ...], given: Given, minor: int) -> PackageLock:
    """Find the wheels; asks the package index.

    What is given is kept in its version, and is not among the wheels.

    Args:
        requires: The manifest's ``python.requires``.
        given: What is there already.
        minor: Minor version of the Python 3 that they are for.

    Raises:
        CommandFailure: there are none, or they contradict each other or what is given.
    """
    with tempfile.TemporaryDirectory(prefix="farplay-wheels-") as folder:
        work = Path(folder)
        constraints, report = work / "constraints.txt", work / "report.json"
        constraints.write_text("".join(f"{name}=={version}\n" for name, version in sorted(given.versions.items())))
        fixed = ["--dry-run", "--report", str(report), "--constraint", str(constraints)]
        pip_install([*fixed, "--target", str(work / "none"), *requires], work, minor)
        found = json.loads(report.read_text())["install"]
    _check_markers([*((text, "") for text in requires), *_dependencies(found)], minor)
    wheels = sorted((_locked(each) for each in found), key=lambda wheel: wheel.name)
    own = tuple(wheel for wheel in wheels if wheel.name not in given.versions)
    try:
        return read_lock(write_lock(PackageLock(requires, platform.machine(), own)))
    except BadLock as error:
        raise CommandFailure(ExitStatus.BAD_TITLE, f"These wheels cannot be locked: {error}.") from error


def _locked(found: dict[str, Any]) -> LockedWheel:
    """Return a wheel from pip's report (https://pip.pypa.io/en/stable/reference/installation-report/)."""
    about, source = found["metadata"], found["download_info"]
    file = unquote(urlsplit(source["url"]).path.rsplit("/", 1)[-1])
    return LockedWheel(normalised(about["name"]), about["version"], file, source["archive_info"]["hashes"]["sha256"])


def _dependencies(found: Iterable[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield what the wheels require, with each extra that was asked for."""
    for each in found:
        for text in each["metadata"].get("requires_dist", ()):
            yield from ((text, extra) for extra in ("", *each.get("requested_extras", ())))


def _check_markers(requires: Iterable[tuple[str, str]], minor: int) -> None:
    """Refuse what depends on the version of Python, where pip has looked at its own instead of the one that is meant.

    Source: pip chooses wheels by ``--python-version``, but evaluates environment markers for the Python it runs on.
    """
    here, meant = dict(default_environment()), dict(default_environment())
    meant |= {"python_version": f"3.{minor}", "python_full_version": f"3.{minor}.0"}
    here |= {"python_full_version": f"{here['python_version']}.0"}
    for text, extra in requires:
        marker = Requirement(text).marker
        if marker is not None and _holds(marker, here, extra) != _holds(marker, meant, extra):
            words = f"{text!r} is needed or not by the version of Python, and this one is 3.{sys.version_info.minor}."
            raise CommandFailure(ExitStatus.BAD_TITLE, words, f"Lock it once with a Farplay on Python 3.{minor}.")


def _holds(marker: Marker, environment: dict[str, Any], extra: str) -> bool:
    return marker.evaluate({**environment, "extra": extra})
