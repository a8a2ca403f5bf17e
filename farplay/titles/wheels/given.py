"""What a Python title finds without requiring it: what its kind offers, and what its runtime holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from render_node.title.kinds import KINDS
from wire.package_lock import PackageLock
from wire.title_manifest import SITE_PACKAGES

_LAUNCHERS = ("render_node", "wire")


@dataclass(frozen=True, slots=True)
class Given:
    """Packages that are there already."""

    versions: Mapping[str, str]
    """By the distribution's normalised name. Whatever is required has to go with these."""
    modules: frozenset[str]
    """What nothing else may be called."""

    def clashes(self, contents: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return the wheels that hold what is there already.

        Args:
            contents: Distribution and top-level name of everything that the wheels hold.

        Returns:
            Distribution and the module's name.
        """
        modules = {(wheel, name.split(".", 1)[0]) for wheel, name in contents}
        return sorted((wheel, module) for wheel, module in modules if module in self.modules)


def given_by(kinds: Iterable[str]) -> Given:
    """Return what titles of any of these kinds find, in the versions that are installed here."""
    packages = frozenset(package for kind in kinds for package in KINDS[kind].packages)
    modules = metadata.packages_distributions()
    names = {name for module in packages for name in modules.get(module, ())}
    versions = {normalised(name): metadata.version(name) for name in names}
    return Given(versions, packages | {*_LAUNCHERS})


def with_runtime(given: Given, runtime: Path, lock: PackageLock) -> Given:
    """Return what a title finds that runs on a runtime, whose folder is unpacked here.

    Raises:
        OSError: it cannot be read.
    """
    folder = runtime / SITE_PACKAGES
    names = [path.name for path in folder.iterdir() if path.suffix != ".dist-info"] if folder.is_dir() else []
    modules = given.modules | {name.split(".", 1)[0] for name in names}
    return Given({**given.versions, **{wheel.name: wheel.version for wheel in lock.wheels}}, modules)


def normalised(name: str) -> str:
    """Return a distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()
