"""The kinds of titles, a file each; a manifest's ``kind`` is the name of one."""

from __future__ import annotations

from collections.abc import Mapping

from render_node.title.kinds import libretro, native, pygame, sdk
from render_node.title.kinds.kind import Kind

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (libretro.KIND, native.KIND, pygame.KIND, sdk.KIND)}
