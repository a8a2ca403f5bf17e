"""Entry inside the sandbox: ``python -I -S .../render_node/title/__main__.py SPEC``.

Python is started without ``site``, so that only the standard library and what is named in the specification can be
imported; the builtins that ``site`` adds are put back, because titles use them.
"""

import json
import site
import sys

if __name__ == "__main__":
    paths = json.loads(sys.argv[1])
    sys.path[:0] = [paths["launcher_path"], paths["packages_path"]]
    site.setquit()
    site.setcopyright()
    site.sethelper()

    from render_node.title.launch_spec import LaunchSpec
    from render_node.title.launcher import run

    run(LaunchSpec.from_json(sys.argv[1]))
