"""All checks in the order of the report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from farplay.doctor.findings import Finding, Group, Level, ok
from farplay.doctor.ice_checks import check_ice
from farplay.doctor.machine_checks import check_fonts, check_machine, check_software
from wire.worker_control import IceSpec


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the machine is meant to be used for."""

    data_dir: Path
    port: int
    """TCP port that browsers open."""
    media_ports: tuple[int, int]
    """UDP ports for media; (0, 0) is any."""
    ice: IceSpec
    """How players find their way to it."""


def examine(wishes: Wishes) -> Iterator[Finding]:
    """Yield each finding as soon as it is known; a check that breaks is itself a finding."""
    yield from check_machine(wishes.data_dir)
    yield from check_software()
    yield from check_fonts()
    try:
        # Imported late: a library that is missing was named above, and its import would end everything.
        from farplay.doctor.kind_checks import check_kinds
        from farplay.doctor.media_checks import check_media
        from farplay.doctor.network_checks import check_network
        from farplay.doctor.sandbox_checks import check_sandbox
    except ImportError as error:
        advice = "Install Farplay anew: make setup, or pip install --force-reinstall farplay"
        yield Finding(Group.SOFTWARE, "Imports", Level.FAILS, str(error), advice)
        return
    yield from check_media()
    yield from check_sandbox()
    yield from check_network(wishes.port, wishes.media_ports)
    yield from check_ice(wishes.ice)
    yield check_titles()
    yield from check_kinds()


def check_titles() -> Finding:
    """The bundled titles can be read."""
    from farplay.title_folders import bundled_titles
    from wire.errors import WireError

    try:
        names = [title.manifest.names["en"] for title in bundled_titles()]
    except WireError as error:
        return Finding(Group.TITLES, "Bundled", Level.LACKS, error.detail, "Install Farplay anew.")
    if not names:
        return Finding(Group.TITLES, "Bundled", Level.LACKS, "none found", "Install Farplay anew.")
    return ok(Group.TITLES, "Bundled", ", ".join(names))
