"""``pygame``: an ordinary pygame program, unmodified, with pygame's functions hooked."""

from __future__ import annotations

from render_node.title.kinds.kind import Kind

KIND = Kind(
    name="pygame",
    program="render_node.title.pygame_hooks.program",
    packages=("pygame", "numpy"),
    environment={
        "PYGAME_HIDE_SUPPORT_PROMPT": "1",
        "SDL_VIDEODRIVER": "dummy",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    },
)
