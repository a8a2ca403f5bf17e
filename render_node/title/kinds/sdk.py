"""``sdk``: a class with a fixed tick, written with ``farplay_sdk``."""

from __future__ import annotations

from render_node.title.kinds.kind import Kind

KIND = Kind(
    name="sdk",
    program="render_node.title.sdk.program",
    packages=("farplay_sdk", "numpy", "moderngl", "_moderngl", "glcontext"),
    environment={"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
)
