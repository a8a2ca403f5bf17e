"""Runs a title of the kind ``sdk``: its program hands a class to ``farplay_sdk.run``, which plays it here."""

from __future__ import annotations

from farplay_sdk import host
from render_node.title.launch_spec import LaunchSpec
from render_node.title.python_program import run_as_main
from render_node.title.ring_writer import RingWriter
from render_node.title.sdk.session_host import SessionHost
from render_node.title.worker_link import WorkerLink


def run(spec: LaunchSpec, link: WorkerLink, ring: RingWriter) -> None:
    """Run the title; returns when the session has ended, raises what the title raises.

    Raises:
        SystemExit: the program never called ``run``.
    """
    session = SessionHost(spec, link, ring)
    host.install(session.play)
    run_as_main(spec)
    if not session.played:
        raise SystemExit(f"{spec.entry} never called farplay_sdk.run(YourTitle)")
