"""Connects a title's process to its worker and runs the program of its kind."""

from __future__ import annotations

import faulthandler
import importlib
import os
import socket

from render_node.title.kinds import KINDS
from render_node.title.launch_spec import LaunchSpec
from render_node.title.ring_writer import RingWriter
from render_node.title.worker_link import WorkerLink
from wire.title_ipc import Hello, RingLayout


def run(spec: LaunchSpec) -> None:
    """Run the title; returns when it ends, raises what it raises.

    Args:
        spec: Descriptors in it become this process's own and are closed for its children.
    """
    faulthandler.enable()
    for descriptor in (spec.socket_fd, spec.ring_fd, spec.sound_fd):
        os.set_inheritable(descriptor, False)
    link = WorkerLink(socket.socket(fileno=spec.socket_fd))
    link.send(Hello(os.getpid()))
    program = importlib.import_module(KINDS[spec.kind].program)
    program.run(spec, link, RingWriter(spec.ring_fd, RingLayout()))
