"""Text input: TEXTINPUT events, and telling the page when the title wants text (phones show their keyboard)."""

from __future__ import annotations

from types import ModuleType

from render_node.title.pygame_hooks.hooking import post, replace
from render_node.title.worker_link import WorkerLink
from wire.frame_story import TextInput


class TextHook:
    """Applies ``Text`` events and answers for ``pygame.key.start_text_input`` and ``stop_text_input``.

    As in SDL on a computer, text events come from the start until the title stops them; but only an explicit start
    tells the page, because most titles never want a phone's keyboard to cover their picture.
    """

    def __init__(self, pygame: ModuleType, link: WorkerLink) -> None:
        self._pygame = pygame
        self._link = link
        self._active = True
        self._told = False

    def install(self) -> None:
        """Replace the two functions."""
        self._start = replace(self._pygame.key, "start_text_input", self._on_start)
        self._stop = replace(self._pygame.key, "stop_text_input", self._on_stop)

    def apply(self, text: str) -> None:
        """Take text as the player's layout or input method made it."""
        if self._active:
            post(self._pygame, self._pygame.TEXTINPUT, text=text, window=None)

    def _on_start(self) -> None:
        self._start()
        self._active = True
        self._tell(True)

    def _on_stop(self) -> None:
        self._stop()
        self._active = False
        self._tell(False)

    def _tell(self, wanted: bool) -> None:
        if wanted != self._told and self._link.send(TextInput(wanted)):
            self._told = wanted
