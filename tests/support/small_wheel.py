"""Small wheels in a folder that pip takes for its index, so that nothing is asked of the network."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

RAYS: Mapping[str, str] = {
    "rays/__init__.py": "from importlib.metadata import version\n\nNAME = f\"rays {version('rays')}\"\n",
    "rays/colours.py": "def warm(step):\n    return (255, 120 + step % 100, 40)\n",
    "rays-1.4.0.data/scripts/rays": "#!python\nprint('a command')\n",
}


def wheel(folder: Path, name: str, version: str, files: Mapping[str, str], *, tag: str = "py3-none-any",
          requires: tuple[str, ...] = ()) -> Path:  # fmt: skip
    """Write a wheel (PEP 427) and return its path."""
    about = f"{name}-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {each}\n" for each in requires)
    content = {
        **files,
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
        f"{about}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    lines = [f"{path},sha256={_digest(text)},{len(text.encode())}" for path, text in content.items()]
    content[f"{about}/RECORD"] = "\n".join([*lines, f"{about}/RECORD,,", ""])
    path = folder / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for inside, text in content.items():
            archive.writestr(inside, text)
    return path


def as_the_index(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let pip find the wheels of this folder and nothing else."""
    folder.mkdir()
    for name, value in (("CONFIG_FILE", "/dev/null"), ("NO_INDEX", "1"), ("FIND_LINKS", str(folder))):
        monkeypatch.setenv(f"PIP_{name}", value)
    monkeypatch.delenv("PIP_INDEX_URL", raising=False)
    return folder


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
