"""The game's words. Few, and in the neon font's capitals."""

from __future__ import annotations

from collections.abc import Mapping

from ..rules.things import Kind
from ..rules.upgrades import Upgrade

KIND_NAMES: Mapping[Kind, str] = {
    Kind.MOTE: "motes",
    Kind.HUNTER: "hunters",
    Kind.DART: "darts",
    Kind.BLOOM: "blooms",
    Kind.WEAVER: "weavers",
    Kind.SHARD: "shards",
    Kind.SPLINTER: "splinters",
    Kind.SOWER: "sowers",
    Kind.MINE: "mines",
    Kind.AEGIS: "aegis",
    Kind.LANCER: "lancers",
}

BOSS_NAMES: Mapping[Kind, str] = {
    Kind.WARDEN: "the warden",
    Kind.LOOM: "the loom",
    Kind.COMET: "the comet",
}

UPGRADE_WORDS: Mapping[Upgrade, tuple[str, str]] = {
    Upgrade.TWIN: ("twin flame", "one more shot"),
    Upgrade.FUSE: ("quick fuse", "shoot faster"),
    Upgrade.CORE: ("hot core", "stronger shots"),
    Upgrade.PIERCE: ("needle", "shots go through"),
    Upgrade.LINE: ("long burn", "fiercer fire line"),
    Upgrade.SWIFT: ("swift", "dash more often"),
    Upgrade.MAGNET: ("magnet", "draw embers in"),
    Upgrade.HEART: ("hearth", "one more life"),
    Upgrade.MEND: ("mend", "heal one life"),
    Upgrade.ORBIT: ("satellite", "a circling spark"),
    Upgrade.NOVA: ("supernova", "a larger nova"),
    Upgrade.CHAIN: ("slow wick", "chains last longer"),
}
