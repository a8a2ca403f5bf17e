"""Titles that draw with OpenGL, on whatever EGL finds: a graphics processor, or Mesa's llvmpipe in software.

No window: an EGL context without a surface, made with moderngl. The last step in OpenGL turns the picture into the
host's pixel order, and reading it back runs while the host plays the tick's sound.
"""

from __future__ import annotations

from typing import Any

import moderngl
import numpy as np

from farplay_sdk.canvas import Canvas
from farplay_sdk.title import Title

GL_VERSION = 330
"""OpenGL 3.3 core, which every driver of the last ten years has."""

_UNIT = 15
"""Texture unit of the last step: the highest that OpenGL 3.3 promises, out of the titles' way."""

_CORNERS = """
#version 330
void main() { gl_Position = vec4(vec2(gl_VertexID & 1, gl_VertexID >> 1) * 4.0 - 1.0, 0.0, 1.0); }
"""
_TO_BGRX = """
#version 330
uniform sampler2D picture;
out vec4 bgrx;
void main() {
    ivec2 place = ivec2(gl_FragCoord.xy);
    bgrx = texelFetch(picture, ivec2(place.x, textureSize(picture, 0).y - 1 - place.y), 0).bgra;
}
"""


class NoOpenGL(Exception):
    """No OpenGL can be had here; the text says why and what to install."""


class GLTitle(Title):
    """A title that draws with OpenGL instead of into an array: override these two in place of ``draw``."""

    def start_gl(self, context: moderngl.Context) -> None:
        """Make programs, buffers and textures; called once after ``start``, and not at all in a replay."""

    def draw_gl(self, target: moderngl.Framebuffer) -> None:
        """Draw the game as it is now; must not change it.

        Args:
            target: Colour and depth of ``size``, bound, holding what was drawn last time. Bind it again after
                rendering into framebuffers of your own.
        """

    def open_canvas(self) -> Canvas:
        """Return what this title draws on; for hosts.

        Raises:
            NoOpenGL: there is no EGL with OpenGL 3.3.
        """
        return _GlCanvas(self)


class _GlCanvas:
    """Owns the context, the title's framebuffer and the one that is read back."""

    def __init__(self, title: GLTitle) -> None:
        self._title = title
        context = _open_context()
        self._context = context
        picture = context.texture(title.size, 4)
        picture.filter = (moderngl.NEAREST, moderngl.NEAREST)
        self._picture = picture
        self._target = context.framebuffer([picture], context.depth_renderbuffer(title.size))
        output = context.framebuffer([context.renderbuffer(title.size, 4)])
        self._output = output
        program = context.program(vertex_shader=_CORNERS, fragment_shader=_TO_BGRX)
        program["picture"] = _UNIT
        self._turn = context.vertex_array(program, [])
        self._scope = context.scope(output, moderngl.NOTHING)
        self._read_back = context.buffer(reserve=title.size[0] * title.size[1] * 4)
        self._bgrx = np.empty(title.size[0] * title.size[1] * 4, np.uint8)
        self._target.use()
        self._target.clear()
        title.start_gl(context)

    def draw(self) -> None:
        """Let the title draw and begin to read the picture back."""
        self._target.use()
        self._title.draw_gl(self._target)
        with self._scope:
            self._picture.use(_UNIT)
            self._turn.render(moderngl.TRIANGLES, vertices=3)
        self._output.read_into(self._read_back, components=4, alignment=1)

    def pixels(self) -> memoryview:
        """Return the picture as BGRX rows; waits until it has been read back."""
        self._read_back.read_into(self._bgrx)
        return self._bgrx.data


def _open_context() -> moderngl.Context:
    keywords: dict[str, Any] = {"standalone": True, "backend": "egl", "require": GL_VERSION}
    try:
        return moderngl.create_context(**keywords)
    except Exception as error:
        raise NoOpenGL(
            f"no OpenGL here ({error}); on Debian and Ubuntu: apt install libegl1 libgl1-mesa-dri"
        ) from error
