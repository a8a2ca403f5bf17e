"""Sound: SDL's disk driver writes the mixer's output into an inherited pipe; this tells the worker its format.

The pipe's reader is the mixer's clock (``SDL_DISKAUDIODELAY`` 0), so nothing here keeps time. What waits between the
two is latency: the pipe is one page, and the stream by which the driver writes loses its buffer.
"""

from __future__ import annotations

from types import ModuleType

from render_node.title.pygame_hooks.stdio_stream import unbuffer
from render_node.title.worker_link import WorkerLink
from wire.title_ipc import Sound


def environment(sound_fd: int) -> dict[str, str]:
    """Return the variables that make SDL write sound into a descriptor."""
    return {
        "SDL_AUDIODRIVER": "disk",
        "SDL_DISKAUDIOFILE": f"/proc/self/fd/{sound_fd}",
        "SDL_DISKAUDIODELAY": "0",
    }


class SoundHook:
    """Watches the mixer, which titles start in many ways (``pygame.init``, ``mixer.init``, at any time)."""

    def __init__(self, pygame: ModuleType, link: WorkerLink, sound_fd: int) -> None:
        self._pygame = pygame
        self._link = link
        self._fd = sound_fd
        self._told: tuple[int, int, int] | None = None

    def poll(self) -> None:
        """Report the mixer's format if it is another one than last time."""
        mixer = self._pygame.mixer
        found: tuple[int, int, int] | None = mixer.get_init() if mixer else None
        if found == self._told or found is None:
            return
        rate_hz, size, channels = found
        if channels <= 2 and self._link.send(Sound(rate_hz, channels, size < 0, abs(size))):
            self._told = found
            unbuffer(self._fd)
