"""``native``: any Linux program, on an X server and a sound server of its own."""

from __future__ import annotations

from render_node.title.kinds.kind import Kind

KIND = Kind(
    name="native",
    program="render_node.title.native.program",
    packages=("numpy",),
    environment={
        "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    },
    sockets=True,
)
