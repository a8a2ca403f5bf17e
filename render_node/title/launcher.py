"""Runs a pygame program unmodified: hooks pygame first, then runs the program as ``__main__``."""

from __future__ import annotations

import faulthandler
import importlib
import os
import runpy
import socket
import sys

from render_node.title import sound_hook
from render_node.title.event_hook import EventHook
from render_node.title.launch_spec import LaunchSpec
from render_node.title.ring_writer import RingWriter
from render_node.title.worker_link import WorkerLink
from wire.title_ipc import Hello, RingLayout


def run(spec: LaunchSpec) -> None:
    """Run the title; returns when the program ends, raises what it raises.

    Args:
        spec: Descriptors in it become this process's own and are closed for its children.
    """
    faulthandler.enable()
    for descriptor in (spec.socket_fd, spec.ring_fd, spec.sound_fd):
        os.set_inheritable(descriptor, False)
    link = WorkerLink(socket.socket(fileno=spec.socket_fd))
    link.send(Hello(os.getpid()))
    os.environ.update(sound_hook.environment(spec.sound_fd))
    pygame = importlib.import_module("pygame")
    ring = RingWriter(spec.ring_fd, RingLayout())
    EventHook(pygame, link, ring, (spec.width_px, spec.height_px), spec.fps).install()
    _run_program(spec)


def _run_program(spec: LaunchSpec) -> None:
    program = os.path.join(spec.folder, spec.entry)
    sys.path.remove(spec.launcher_path)
    sys.path.insert(0, os.path.dirname(program))
    os.chdir(spec.folder)
    sys.argv[:] = [program, *spec.arguments]
    runpy.run_path(program, run_name="__main__")
