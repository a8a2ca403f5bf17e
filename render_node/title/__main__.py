"""Entry inside the sandbox: ``python -I -S .../render_node/title/__main__.py SPEC``.

Python is started without ``site``, so that only the standard library and what is named in the specification can be
imported; the builtins that ``site`` adds are put back, because titles use them. The launcher shuts itself in before
it reads anything of the title.
"""

import json
import site
import sys

if __name__ == "__main__":
    paths = json.loads(sys.argv[1])
    sys.path[:0] = [paths["launcher_path"], paths["packages_path"]]

    from render_node.title.confinement import GroupJoin
    from render_node.title.launch_spec import LaunchSpec

    spec = LaunchSpec.from_json(sys.argv[1])
    if spec.warden_info_fd is not None:
        from render_node.title.warden import watch_over

        watch_over(spec.warden_info_fd, spec.worker_pid, spec.confinement.user_id)
    joining = GroupJoin(spec.group_fds)

    from render_node.title.launcher import run

    try:
        joining.wait()
        spec.confinement.apply()
    except OSError as error:
        sys.exit(f"launcher: {error}")

    site.setquit()
    site.setcopyright()
    site.sethelper()
    run(spec)
