"""Runs a pygame program unmodified: hooks pygame first, then runs the program as ``__main__``."""

from __future__ import annotations

import importlib
import os

from render_node.title.launch_spec import LaunchSpec
from render_node.title.pygame_hooks import sound_hook
from render_node.title.pygame_hooks.event_hook import EventHook
from render_node.title.python_program import run_as_main
from render_node.title.ring_writer import RingWriter
from render_node.title.worker_link import WorkerLink


def run(spec: LaunchSpec, link: WorkerLink, ring: RingWriter) -> None:
    """Run the title; returns when the program ends, raises what it raises."""
    os.environ.update(sound_hook.environment(spec.sound_fd))
    pygame = importlib.import_module("pygame")
    EventHook(pygame, link, ring, (spec.width_px, spec.height_px), spec.fps, spec.sound_fd).install()
    run_as_main(spec)
