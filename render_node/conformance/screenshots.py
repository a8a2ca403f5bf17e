"""Pictures of a title at the steps of a check, for its developer to look at."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

from render_node.conformance.stage import Stage


def save_screenshot(stage: Stage, path: Path) -> None:
    """Write the newest picture as PNG; nothing if there is none.

    Raises:
        OSError: it cannot be written.
    """
    picture = stage.picture()
    if picture is None:
        return
    pixels, width, height = picture
    rows = np.frombuffer(pixels, np.uint8).reshape(height, width, 4)[:, :, 2::-1]
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", format="image2", options={"update": "1"}) as container:
        stream = container.add_stream("png")
        stream.width, stream.height, stream.pix_fmt = width, height, "rgb24"
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rows), format="rgb24")
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
