"""``libretro``: an emulator core by its C interface, with content."""

from __future__ import annotations

from render_node.title.kinds.kind import Kind

KIND = Kind(
    name="libretro",
    program="render_node.title.libretro.program",
    packages=("farplay_sdk", "numpy"),
    environment={"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
)
