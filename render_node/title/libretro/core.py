"""A libretro core: a shared library that is loaded into this process and run frame by frame.

A core calls back while it runs. What goes wrong in a callback cannot pass through C, so it is kept and raised when
the core has returned.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from render_node.title.libretro import api
from render_node.title.libretro.api import Environment, PixelFormat
from render_node.title.libretro.options import read_offer, values_of

_SAMPLE = struct.Struct("=hh")


class CoreUnusable(Exception):
    """The library is no core, or refuses the content; the text says which."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A frame as the core made it; ``raw`` is borrowed until the core runs again."""

    raw: NDArray[np.uint8]
    size: tuple[int, int]
    pitch: int
    layout: PixelFormat


class Core:
    """Owns the loaded core; ``close`` unloads its game."""

    def __init__(
        self,
        library: Path,
        *,
        system_folder: Path,
        save_folder: Path,
        options: Mapping[str, str],
        on_picture: Callable[[Picture], None],
        on_input: Callable[[int, int, int, int], int],
    ) -> None:
        """Load the library and start it.

        Args:
            library: The shared library.
            system_folder: Where it may look for firmware.
            save_folder: Where it may write by itself.
            options: What the title sets; all others are the core's defaults.
            on_picture: Takes each new frame.
            on_input: Answers for port, device, index and id of ``retro_input_state_t``.

        Raises:
            CoreUnusable: it cannot be loaded.
        """
        self._folders = {
            Environment.GET_SYSTEM_DIRECTORY: str(system_folder).encode(),
            Environment.GET_SAVE_DIRECTORY: str(save_folder).encode(),
        }
        self._chosen = options
        self._offer: dict[str, tuple[str, ...]] = {}
        self._values: dict[bytes, bytes] = {}
        self._sound = bytearray()
        self._layout = PixelFormat.XRGB1555
        self._fault: Exception | None = None
        self._timing = api.Timing()
        self.is_over = False
        """The core asked to be ended."""
        self._library = _load(library)
        self._callbacks = {
            "retro_set_environment": api.EnvironmentCallback(self._guarded(self._environment, False)),
            "retro_set_video_refresh": api.VideoCallback(self._guarded(self._video(on_picture), None)),
            "retro_set_audio_sample": api.SampleCallback(self._guarded(self._on_sample, None)),
            "retro_set_audio_sample_batch": api.SampleBatchCallback(self._guarded(self._on_batch, 0)),
            "retro_set_input_poll": api.PollCallback(lambda: None),
            "retro_set_input_state": api.StateCallback(self._guarded(on_input, 0)),
        }
        for setter, callback in self._callbacks.items():
            self._call(setter, callback)
        self._call("retro_init")

    @property
    def fps(self) -> float:
        """Frames per second at which it wants to run."""
        return float(self._timing.fps)

    @property
    def sample_rate_hz(self) -> int:
        """Frames of sound per second; a core may change it while it runs."""
        return round(float(self._timing.sample_rate))

    def load(self, content: Path) -> None:
        """Load the content.

        Raises:
            CoreUnusable: the core does not take it.
            BadOption: an option is set that the core has not offered by now.
        """
        info = api.SystemInfo()
        self._call("retro_get_system_info", info)
        try:
            self._content = None if info.need_fullpath else content.read_bytes()
        except OSError as error:
            raise CoreUnusable(f"the content {content.name} cannot be read: {error.strerror}") from error
        game = api.GameInfo(path=str(content).encode())
        if self._content is not None:
            game.data = ctypes.cast(ctypes.c_char_p(self._content), ctypes.c_void_p)
            game.size = len(self._content)
        if not self._call("retro_load_game", game):
            name = (info.library_name or b"the core").decode(errors="replace")
            raise CoreUnusable(f"{name} does not take {content.name}")
        # A core that offers no options never comes by _on_options.
        values_of(self._offer, self._chosen)
        av_info = api.AvInfo()
        self._call("retro_get_system_av_info", av_info)
        self._timing = av_info.timing

    def plug_pads(self, ports: int) -> None:
        """Put an ordinary pad into the first ports."""
        for port in range(ports):
            self._call("retro_set_controller_port_device", port, api.DEVICE_JOYPAD)

    def run(self) -> bytes:
        """Run one frame, which calls back with its picture.

        Returns:
            Its sound: frames of signed 16-bit stereo at ``sample_rate_hz``.
        """
        self._call("retro_run")
        sound = bytes(self._sound)
        self._sound.clear()
        return sound

    def save_state(self) -> bytes | None:
        """Return the machine's state, or None if the core has none."""
        size = self._call("retro_serialize_size")
        state = ctypes.create_string_buffer(size)
        return state.raw if size and self._call("retro_serialize", state, size) else None

    def load_state(self, state: bytes) -> bool:
        """Go on from a state; False if the core does not take it."""
        return bool(self._call("retro_unserialize", state, len(state)))

    def save_ram(self) -> NDArray[np.uint8]:
        """Return the memory that a cartridge's battery keeps, itself and not a copy; empty if there is none."""
        size = self._call("retro_get_memory_size", api.MEMORY_SAVE_RAM)
        address = self._call("retro_get_memory_data", api.MEMORY_SAVE_RAM) if size else None
        return _memory(address, size) if address else np.empty(0, np.uint8)

    def close(self) -> None:
        """Unload the content."""
        self._call("retro_unload_game")
        self._call("retro_deinit")

    def _call(self, name: str, *arguments: Any) -> Any:
        result = getattr(self._library, name)(*arguments)
        if self._fault is not None:
            fault, self._fault = self._fault, None
            raise fault
        return result

    def _guarded(self, callback: Callable[..., Any], otherwise: Any) -> Callable[..., Any]:
        def guarded(*arguments: Any) -> Any:
            try:
                return callback(*arguments)
            except Exception as error:
                self._fault = self._fault or error
                return otherwise

        return guarded

    def _video(self, on_picture: Callable[[Picture], None]) -> Callable[[int | None, int, int, int], None]:
        def refresh(address: int | None, width: int, height: int, pitch: int) -> None:
            if address and width and height:
                row = width * (4 if self._layout is PixelFormat.XRGB8888 else 2)
                raw = _memory(address, pitch * (height - 1) + row)
                on_picture(Picture(raw, (width, height), pitch, self._layout))

        return refresh

    def _on_sample(self, left: int, right: int) -> None:
        self._sound += _SAMPLE.pack(left, right)

    def _on_batch(self, address: int, frames: int) -> int:
        self._sound += ctypes.string_at(address, frames * _SAMPLE.size)
        return frames

    def _environment(self, command: int, data: int | None) -> bool:
        try:
            asked = Environment(command)
        except ValueError:
            return False
        answer = _ANSWERS[asked]
        return answer(self, asked, data)

    def _on_flag(self, asked: Environment, data: int | None) -> bool:
        if data:
            ctypes.c_bool.from_address(data).value = asked is Environment.GET_CAN_DUPE
        return True

    def _on_yes(self, asked: Environment, data: int | None) -> bool:
        return True

    def _on_shutdown(self, asked: Environment, data: int | None) -> bool:
        self.is_over = True
        return True

    def _on_folder(self, asked: Environment, data: int | None) -> bool:
        if data:
            ctypes.c_char_p.from_address(data).value = self._folders[asked]
        return True

    def _on_pixel_format(self, asked: Environment, data: int | None) -> bool:
        wanted = ctypes.c_int.from_address(data).value if data else -1
        if wanted not in tuple(PixelFormat):
            return False
        self._layout = PixelFormat(wanted)
        return True

    def _on_options(self, asked: Environment, data: int | None) -> bool:
        offered, size = {}, ctypes.sizeof(api.Variable)
        while data:
            variable = api.Variable.from_address(data)
            if variable.key is None:
                break
            offered[variable.key.decode()] = (variable.value or b"").decode(errors="replace")
            data += size
        self._offer = read_offer(offered)
        chosen = values_of(self._offer, self._chosen)
        self._values = {key.encode(): value.encode() for key, value in chosen.items()}
        return True

    def _on_option(self, asked: Environment, data: int | None) -> bool:
        variable = api.Variable.from_address(data) if data else None
        if variable is None or variable.key not in self._values:
            return False
        variable.value = self._values[variable.key]
        return True

    def _on_av_info(self, asked: Environment, data: int | None) -> bool:
        if data:
            self._timing = api.Timing.from_buffer_copy(api.AvInfo.from_address(data).timing)
        return True


_ANSWERS: dict[Environment, Callable[[Core, Environment, int | None], bool]] = {
    Environment.GET_CAN_DUPE: Core._on_flag,
    Environment.GET_VARIABLE_UPDATE: Core._on_flag,
    Environment.SHUTDOWN: Core._on_shutdown,
    Environment.GET_SYSTEM_DIRECTORY: Core._on_folder,
    Environment.GET_SAVE_DIRECTORY: Core._on_folder,
    Environment.SET_PIXEL_FORMAT: Core._on_pixel_format,
    Environment.SET_VARIABLES: Core._on_options,
    Environment.GET_VARIABLE: Core._on_option,
    Environment.SET_SYSTEM_AV_INFO: Core._on_av_info,
    Environment.SET_GEOMETRY: Core._on_yes,
    Environment.GET_INPUT_BITMASKS: Core._on_yes,
}


def _load(path: Path) -> ctypes.CDLL:
    try:
        library = ctypes.CDLL(str(path))
        for name, (result, arguments) in api.SIGNATURES.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
    except (OSError, AttributeError) as error:
        raise CoreUnusable(f"{path.name} is not a libretro core: {error}") from error
    if library.retro_api_version() != api.API_VERSION:
        raise CoreUnusable(f"{path.name} speaks another version of the libretro interface")
    return library


def _memory(address: int, size: int) -> NDArray[np.uint8]:
    return np.ctypeslib.as_array((ctypes.c_uint8 * size).from_address(address))
