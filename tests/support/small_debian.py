"""Small Debian packages in a folder that apt takes for its only source, so that nothing is asked of the network."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

_APT_CONF = """
Dir::Etc::sourcelist "{folder}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::State "{folder}/state";
Dir::Cache "{folder}/cache";
APT::Sandbox::User "root";
"""


def deb(
    folder: Path,
    name: str,
    version: str,
    files: Mapping[str, bytes | str],
    *,
    links: Mapping[str, str] | None = None,
    fields: str = "",
) -> Path:
    """Write a package of this machine's architecture and return its path.

    Args:
        folder: Where to.
        name: Its name.
        version: Its version.
        files: Content by absolute path; what begins like a script may be run.
        links: Targets by absolute path.
        fields: Further lines of its control file.
    """
    root = folder / f"{name}.root"
    for path, content in files.items():
        place = root / path[1:]
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content if isinstance(content, bytes) else content.encode())
        place.chmod(0o755 if place.read_bytes().startswith(b"#!") else 0o644)
    for path, target in (links or {}).items():
        (root / path[1:]).parent.mkdir(parents=True, exist_ok=True)
        (root / path[1:]).symlink_to(target)
    (root / "DEBIAN").mkdir()
    about = f"Package: {name}\nVersion: {version}\nArchitecture: {_architecture()}\nMaintainer: T <t@t>\n{fields}"
    (root / "DEBIAN" / "control").write_text(f"{about}Description: for tests\n")
    package = folder / f"{name}_{version}_{_architecture()}.deb"
    subprocess.run(
        ["dpkg-deb", "-Znone", "--root-owner-group", "--build", root, package], check=True, stdout=subprocess.DEVNULL
    )
    shutil.rmtree(root)
    return package


def as_the_sources(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let apt find the packages of this folder as they are now, and nothing else."""
    stanzas = []
    for path in sorted(folder.glob("*.deb")):
        content = path.read_bytes()
        control = subprocess.run(["dpkg-deb", "-f", path], check=True, capture_output=True, text=True).stdout
        digest = hashlib.sha256(content).hexdigest()
        stanzas.append(f"{control}Filename: ./{path.name}\nSize: {len(content)}\nSHA256: {digest}\n")
    (folder / "Packages").write_text("\n".join(stanzas))
    (folder / "sources.list").write_text(f"deb [trusted=yes] copy:{folder} ./\n")
    (folder / "apt.conf").write_text(_APT_CONF.format(folder=folder))
    for part in ("state/lists/partial", "cache/archives/partial"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    monkeypatch.setenv("APT_CONFIG", str(folder / "apt.conf"))
    environment = {**os.environ, "LC_ALL": "C"}
    subprocess.run(["apt-get", "-qq", "update"], check=True, env=environment, capture_output=True)


def _architecture() -> str:
    return subprocess.run(["dpkg", "--print-architecture"], check=True, capture_output=True, text=True).stdout.strip()
