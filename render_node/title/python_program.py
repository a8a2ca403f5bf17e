"""A title's own Python program, run as ``python FILE`` would run it."""

from __future__ import annotations

import os
import runpy
import sys

from render_node.title.launch_spec import LaunchSpec


def run_as_main(spec: LaunchSpec) -> None:
    """Run the program as ``__main__``; returns when it ends, raises what it raises.

    Whatever the launcher needs must be imported by now: its folder leaves the import path, and the title's own heads
    it, and ends with its own packages and its runtime's.
    """
    program = os.path.join(spec.folder, spec.entry)
    sys.path.remove(spec.launcher_path)
    sys.path.insert(0, os.path.dirname(program))
    sys.path.extend(spec.site_packages)
    os.chdir(spec.folder)
    sys.argv[:] = [program, *spec.arguments]
    runpy.run_path(program, run_name="__main__")
