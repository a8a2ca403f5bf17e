"""Tells libvpx frame by frame which references to use; PyAV has no call for it.

FFmpeg's wrapper of libvpx reads the flags from a frame's metadata, which PyAV cannot write. A filter can.
"""

from __future__ import annotations

from fractions import Fraction

from av.filter import Graph
from av.filter.context import FilterContext
from av.video.format import VideoFormat
from av.video.frame import VideoFrame

from render_node.session.media import RTP_VIDEO_CLOCK_HZ

METADATA_KEY = "vp8-flags"


class FrameFlags:
    """Filter graphs for pictures of one size, one for each value of the flags, of which there are a handful."""

    def __init__(self, width_px: int, height_px: int) -> None:
        self._size = width_px, height_px
        self._graphs: dict[int, tuple[Graph, FilterContext, FilterContext]] = {}

    def mark(self, picture: VideoFrame, flags: int) -> VideoFrame:
        """Return the picture with these VP8_EFLAG_* bits; its pixels are shared, not copied."""
        _, source, sink = self._graphs.get(flags) or self._open(flags)
        source.push(picture)
        marked = sink.pull()
        assert isinstance(marked, VideoFrame)
        return marked

    def _open(self, flags: int) -> tuple[Graph, FilterContext, FilterContext]:
        width, height = self._size
        graph = Graph()
        time_base = Fraction(1, RTP_VIDEO_CLOCK_HZ)
        source = graph.add_buffer(
            width=width, height=height, format=VideoFormat("yuv420p", width, height), time_base=time_base
        )
        marker = graph.add("metadata", f"mode=add:key={METADATA_KEY}:value={flags}")
        sink = graph.add("buffersink")
        source.link_to(marker)
        marker.link_to(sink)
        graph.configure()
        self._graphs[flags] = graph, source, sink
        return self._graphs[flags]
