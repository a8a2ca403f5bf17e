"""The part of ``libretro.h`` (API version 1) that is used here: numbers, structures, callback types."""

from __future__ import annotations

import ctypes
from ctypes import CFUNCTYPE, POINTER, c_bool, c_char_p, c_double, c_float, c_int16, c_size_t, c_uint, c_void_p
from enum import IntEnum

API_VERSION = 1
MEMORY_SAVE_RAM = 0
DEVICE_JOYPAD, DEVICE_ANALOG = 1, 5
JOYPAD_MASK = 256
"""Id by which a core asks for all buttons of a pad at once."""


class Environment(IntEnum):
    """What a core asks its host; the bit of experimental ones is part of the number."""

    GET_CAN_DUPE = 3
    SHUTDOWN = 7
    GET_SYSTEM_DIRECTORY = 9
    SET_PIXEL_FORMAT = 10
    GET_VARIABLE = 15
    SET_VARIABLES = 16
    GET_VARIABLE_UPDATE = 17
    GET_SAVE_DIRECTORY = 31
    SET_SYSTEM_AV_INFO = 32
    SET_GEOMETRY = 37
    GET_INPUT_BITMASKS = 51 | 0x10000


class PixelFormat(IntEnum):
    """Layout of the pixels that a core hands out, in native byte order."""

    XRGB1555 = 0
    XRGB8888 = 1
    RGB565 = 2


class Joypad(IntEnum):
    """Buttons of the RetroPad, which is laid out like a Super Nintendo's."""

    B = 0
    Y = 1
    SELECT = 2
    START = 3
    UP = 4
    DOWN = 5
    LEFT = 6
    RIGHT = 7
    A = 8
    X = 9
    L = 10
    R = 11
    L2 = 12
    R2 = 13
    L3 = 14
    R3 = 15


class SystemInfo(ctypes.Structure):
    """``retro_system_info``."""

    _fields_ = [  # ctypes wants this list
        ("library_name", c_char_p),
        ("library_version", c_char_p),
        ("valid_extensions", c_char_p),
        ("need_fullpath", c_bool),
        ("block_extract", c_bool),
    ]


class GameInfo(ctypes.Structure):
    """``retro_game_info``."""

    _fields_ = [
        ("path", c_char_p),
        ("data", c_void_p),
        ("size", c_size_t),
        ("meta", c_char_p),
    ]


class Geometry(ctypes.Structure):
    """``retro_game_geometry``."""

    _fields_ = [
        ("base_width", c_uint),
        ("base_height", c_uint),
        ("max_width", c_uint),
        ("max_height", c_uint),
        ("aspect_ratio", c_float),
    ]


class Timing(ctypes.Structure):
    """``retro_system_timing``."""

    _fields_ = [("fps", c_double), ("sample_rate", c_double)]


class AvInfo(ctypes.Structure):
    """``retro_system_av_info``."""

    _fields_ = [("geometry", Geometry), ("timing", Timing)]


class Variable(ctypes.Structure):
    """``retro_variable``."""

    _fields_ = [("key", c_char_p), ("value", c_char_p)]


EnvironmentCallback = CFUNCTYPE(c_bool, c_uint, c_void_p)
VideoCallback = CFUNCTYPE(None, c_void_p, c_uint, c_uint, c_size_t)
SampleCallback = CFUNCTYPE(None, c_int16, c_int16)
SampleBatchCallback = CFUNCTYPE(c_size_t, c_void_p, c_size_t)
PollCallback = CFUNCTYPE(None)
StateCallback = CFUNCTYPE(c_int16, c_uint, c_uint, c_uint, c_uint)

SIGNATURES = {
    "retro_api_version": (c_uint, []),
    "retro_init": (None, []),
    "retro_deinit": (None, []),
    "retro_set_environment": (None, [EnvironmentCallback]),
    "retro_set_video_refresh": (None, [VideoCallback]),
    "retro_set_audio_sample": (None, [SampleCallback]),
    "retro_set_audio_sample_batch": (None, [SampleBatchCallback]),
    "retro_set_input_poll": (None, [PollCallback]),
    "retro_set_input_state": (None, [StateCallback]),
    "retro_set_controller_port_device": (None, [c_uint, c_uint]),
    "retro_get_system_info": (None, [POINTER(SystemInfo)]),
    "retro_get_system_av_info": (None, [POINTER(AvInfo)]),
    "retro_load_game": (c_bool, [POINTER(GameInfo)]),
    "retro_unload_game": (None, []),
    "retro_run": (None, []),
    "retro_serialize_size": (c_size_t, []),
    "retro_serialize": (c_bool, [c_void_p, c_size_t]),
    "retro_unserialize": (c_bool, [c_void_p, c_size_t]),
    "retro_get_memory_data": (c_void_p, [c_uint]),
    "retro_get_memory_size": (c_size_t, [c_uint]),
}
"""Result and arguments of every function that is called."""
