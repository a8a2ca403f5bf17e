"""What a node gives every session, and what a worker is told of a title within that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath

from render_node.agent.core.trust_levels import lacks
from wire.errors import Reason, WireError
from wire.sandbox import SandboxSpec
from wire.title_about import AFK_MAX_S
from wire.title_manifest import SITE_PACKAGES, InstalledTitle
from wire.title_options import settle
from wire.worker_control import EncoderSpec, IceSpec, TitleSpec


@dataclass(frozen=True, slots=True)
class NodeOffer:
    """What this node gives every session."""

    slots: int
    titles: tuple[InstalledTitle, ...]
    saves: PurePath
    """Folder of all save folders."""
    ice: IceSpec
    encoder: EncoderSpec
    sandbox: SandboxSpec
    """The walls that hold here."""
    owner_pid: int
    """The agent's process id, which names what it owns."""
    abandon_s: float
    start_timeout_s: float
    afk_pause_max_s: int = AFK_MAX_S
    """Most that a title may ask for, as ``NodeConfig`` says."""
    afk_end_max_s: int = AFK_MAX_S
    python_minor: int = 0
    """Minor version of the Python 3 that titles run on."""

    def unfit(self, title: InstalledTitle, options: Mapping[str, str]) -> tuple[Reason, str] | None:
        """Return why a title must not or cannot run here with these options, None if it may."""
        walls = lacks(title.trust, self.sandbox.profile, self.sandbox.walls)
        if walls:
            needs = f"a title that is {title.trust} needs walls that this machine lacks"
            return Reason.TITLE_UNTRUSTED, f"{needs}: {', '.join(walls)}"
        if title.manifest.python_minor not in (0, self.python_minor):
            words = f"it needs Python {title.manifest.python_version}, and this node has 3.{self.python_minor}"
            return Reason.NO_CAPABILITY, words
        try:
            settle(title.manifest.options, options)
        except WireError as error:
            return error.reason, error.detail
        return None


def title_spec(title: InstalledTitle, offer: NodeOffer, options: Mapping[str, str]) -> TitleSpec:
    """Return what a worker needs to run an installed title, within this node's limits.

    Args:
        title: The title.
        offer: What this node gives.
        options: What was set for the session.

    Raises:
        WireError: ``malformed`` for what the title does not let be set.
    """
    manifest = title.manifest
    arguments, environment = settle(manifest.options, options)
    return TitleSpec(
        title_id=manifest.id,
        version=manifest.version,
        kind=manifest.kind,
        folder=title.folder,
        entry=manifest.entry,
        arguments=(*manifest.arguments, *arguments),
        environment=tuple(f"{name}={value}" for name, value in {**manifest.environment, **environment}.items()),
        width_px=manifest.width_px,
        height_px=manifest.height_px,
        fps=manifest.fps,
        follow_display=manifest.follow_display,
        memory_mib=manifest.about.memory_mib,
        afk_pause_s=min(manifest.about.afk_pause_s, offer.afk_pause_max_s),
        afk_end_s=min(manifest.about.afk_end_s, offer.afk_end_max_s),
        site_packages=SITE_PACKAGES if manifest.python_requires else "",
        runtime=title.runtime,
    )
