"""``runtime.toml``: what a runtime layer is made of, and how a title names one. Read from text.

A runtime is a read-only base layer that titles share: Debian packages for native programs, wheels for Python ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from wire.ids import TITLE_ID_PATTERN
from wire.manifest_reader import ManifestError, ManifestReader, open_manifest, toml
from wire.manifest_values import Choice, Flag, Text, Whole
from wire.package_fields import DEBIAN_PACKAGES, PYTHON_REQUIRES, PYTHON_VERSION, SHA256, VERSION, python_minor

RUNTIME_FILE = "runtime.toml"
RUNTIME_LOCK_FILE = "runtime.lock"
"""Names the Debian packages and wheels of a runtime with their digests; lies beside its ``runtime.toml``."""

RUNTIME_VERSION = 1
RUNTIME_MAX_BYTES = 2 << 30
"""An archive's most."""

_NAME = Text(64, TITLE_ID_PATTERN, "a-z, 0-9, '.', '_' and '-', with a letter or digit at both ends")


@dataclass(frozen=True, slots=True)
class RuntimePin:
    """The one runtime that a title runs on; without a digest none."""

    name: str = field(default="", metadata=toml("runtime.name", _NAME, "Name of the runtime that it runs on."))
    version: str = field(default="", metadata=toml("runtime.version", VERSION, "Version of that runtime."))
    sha256: str = field(
        default="",
        metadata=toml("runtime.sha256", SHA256, "Digest of its archive, as `farplay runtime build` prints it."),
    )
    archive_bytes: int = field(
        default=0,
        metadata=toml("runtime.bytes", Whole(1, RUNTIME_MAX_BYTES), "Size of its archive.", unit="bytes"),
    )

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


NO_RUNTIME = RuntimePin()
"""Of a title without one."""


@dataclass(frozen=True, slots=True)
class RuntimeManifest:
    """A checked ``runtime.toml``."""

    name: str = field(metadata=toml("name", _NAME, "Name of the runtime."))
    version: str = field(
        metadata=toml("version", VERSION, "Version; another one whenever what the runtime holds changes.")
    )
    debian_packages: tuple[str, ...] = field(
        default=(),
        metadata=toml("debian.packages", DEBIAN_PACKAGES, "Debian packages that it holds."),
    )
    debian_dependencies: bool = field(
        default=True,
        metadata=toml(
            "debian.dependencies",
            Flag(),
            "Whether it also holds what these packages depend on, the C library and essential packages aside.",
        ),
    )
    python_requires: tuple[str, ...] = field(
        default=(),
        metadata=toml("python.requires", PYTHON_REQUIRES, "Python packages that it holds, with what they require."),
    )
    python_version: str = field(
        default="",
        metadata=toml(
            "python.version",
            PYTHON_VERSION,
            "Python that its packages are for, where one of them is compiled for one version only.",
        ),
    )

    @property
    def python_minor(self) -> int:
        """Minor version of the Python 3 that it is for; 0 if any will do."""
        return python_minor(self.python_version)


@dataclass(frozen=True, slots=True)
class _Format:
    """The format that a ``runtime.toml`` is written in."""

    runtime: int = field(
        metadata=toml(
            "runtime", Choice((RUNTIME_VERSION,)), "Version of this format, which stands in the first line."
        )
    )
    manifest: RuntimeManifest


RUNTIME_FORMAT = _Format
"""Described class of a whole ``runtime.toml``."""


def parse_runtime(text: str) -> RuntimeManifest:
    """Read the text of a ``runtime.toml``.

    Raises:
        ManifestError: ``malformed``, with every fault and its line, or the first of very many.
    """
    read = open_manifest(text, RUNTIME_FILE)
    manifest = read.read(_Format).manifest
    if read.fits("debian.packages", "python.requires") and not (manifest.debian_packages or manifest.python_requires):
        read.note(("name",), "is of nothing: write [debian] with packages, or [python] with requires")
    if read.has("debian.dependencies") and not manifest.debian_packages:
        read.note(("debian", "dependencies"), "means something only with debian.packages")
    if read.has("python.version") and not manifest.python_requires:
        read.note(("python", "version"), "means something only with python.requires")
    if read.faults:
        raise ManifestError(read.faults, RUNTIME_FILE)
    return manifest


def note_pin(read: ManifestReader) -> None:
    """Note what a title's ``[runtime]`` lacks: it names one runtime as a whole or none."""
    fields = ("runtime.name", "runtime.version", "runtime.sha256", "runtime.bytes")
    if any(map(read.has, fields)):
        for path in fields:
            if not read.has(path):
                read.note(tuple(path.split(".")), "is missing: `farplay runtime list` prints the whole table to copy")


def pin_fault(pin: RuntimePin, title_python_minor: int, runtime: RuntimeManifest) -> str | None:
    """Return why a title cannot run on a runtime, in words; None if it can.

    Args:
        pin: The title's.
        title_python_minor: Minor version of the Python 3 that the title says it needs; 0 if it says none.
        runtime: What lies under the pin's digest.
    """
    if (runtime.name, runtime.version) != (pin.name, pin.version):
        return f"runtime.sha256 is that of {runtime.name} {runtime.version}, and title.toml names {pin}"
    if runtime.python_minor not in (0, title_python_minor):
        return (
            f"the runtime {pin} is for Python {runtime.python_version}: say so in title.toml, "
            f'[python] version = "{runtime.python_version}"'
        )
    return None
