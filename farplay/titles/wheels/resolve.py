"""From a title's ``python.requires`` to the wheels that meet it."""

from __future__ import annotations

import json
import platform
import re
import tempfile
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from farplay.failures import CommandFailure, ExitStatus
from farplay.titles.wheels.lock import BadLock, LockedWheel, WheelLock, read_lock, write_lock
from farplay.titles.wheels.pip_run import pip_install
from render_node.title.kinds import KINDS


def offered(kind: str) -> dict[str, str]:
    """Return what titles of a kind find without asking: versions by the distribution's normalised name."""
    modules = metadata.packages_distributions()
    names = {name for module in KINDS[kind].packages for name in modules.get(module, ())}
    return {normalised(name): metadata.version(name) for name in names}


def normalised(name: str) -> str:
    """Return a distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def resolve(requires: tuple[str, ...], kind: str) -> WheelLock:
    """Find the wheels; asks the package index.

    What the kind offers is kept at the version that is installed here, and is not among the wheels.

    Raises:
        CommandFailure: there are none, or they contradict each other or what the kind offers.
    """
    has = offered(kind)
    with tempfile.TemporaryDirectory(prefix="farplay-wheels-") as folder:
        work = Path(folder)
        constraints, report = work / "constraints.txt", work / "report.json"
        constraints.write_text("".join(f"{name}=={version}\n" for name, version in sorted(has.items())))
        fixed = ["--dry-run", "--report", str(report), "--constraint", str(constraints)]
        pip_install([*fixed, "--target", str(work / "none"), *requires], work)
        found = json.loads(report.read_text())["install"]
    wheels = sorted((_locked(each) for each in found), key=lambda wheel: wheel.name)
    lock = WheelLock(requires, platform.machine(), tuple(wheel for wheel in wheels if wheel.name not in has))
    try:
        return read_lock(write_lock(lock))
    except BadLock as error:
        raise CommandFailure(ExitStatus.BAD_TITLE, f"These wheels cannot be locked: {error}.") from error


def _locked(found: dict[str, Any]) -> LockedWheel:
    """Return a wheel from pip's report (https://pip.pypa.io/en/stable/reference/installation-report/)."""
    about, source = found["metadata"], found["download_info"]
    file = unquote(urlsplit(source["url"]).path.rsplit("/", 1)[-1])
    return LockedWheel(normalised(about["name"]), about["version"], file, source["archive_info"]["hashes"]["sha256"])


def clashes(contents: Iterable[tuple[str, str]], kind: str) -> list[tuple[str, str]]:
    """Return the wheels that hold what a title of this kind is given already.

    Args:
        contents: Distribution and top-level name of everything that the wheels hold.
        kind: The title's kind.

    Returns:
        Distribution and the module's name.
    """
    given = {*KINDS[kind].packages, "render_node", "wire"}
    modules = {(wheel, name.split(".", 1)[0]) for wheel, name in contents}
    return sorted((wheel, module) for wheel, module in modules if module in given)
