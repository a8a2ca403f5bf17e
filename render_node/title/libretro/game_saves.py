"""What a game keeps in the player's save folder: the cartridge's battery, and the state that the player saved."""

from __future__ import annotations

from pathlib import Path

from render_node.title.libretro.core import Core
from render_node.title.save_file import KeptFile, replace_file


class GameSaves:
    """Reads and writes ``NAME.srm`` and ``NAME.state``, as other libretro hosts call them."""

    def __init__(self, core: Core, folder: Path, name: str) -> None:
        self._core = core
        self._battery = KeptFile(folder / f"{name}.srm")
        self._state = folder / f"{name}.state"

    def load_battery(self) -> None:
        """Put what was kept into the cartridge; of another size it is left alone."""
        memory = self._core.save_ram()
        if self._battery.path.is_file():
            kept = self._battery.path.read_bytes()
            if len(kept) == len(memory):
                memory[:] = bytearray(kept)
        self._battery.written = memory.tobytes()

    def keep_battery(self) -> None:
        """Write the cartridge's memory down if it has changed; ``settle`` waits for it."""
        self._battery.keep(self._core.save_ram().tobytes())

    def settle(self) -> None:
        """Wait until the battery's memory is on the disk."""
        self._battery.settle()

    def save_state(self) -> str:
        """Write the machine's state down; return what happened, in words."""
        state = self._core.save_state()
        if state is None:
            return "this core has no states to save"
        return "state saved" if replace_file(self._state, state) else "the state could not be saved"

    def load_state(self) -> str:
        """Go on from the saved state; return what happened, in words."""
        if not self._state.is_file():
            return "no state was saved yet"
        taken = self._core.load_state(self._state.read_bytes())
        return "state loaded" if taken else "the core does not take the saved state"
