"""Tries walls on itself, inside whatever else is built: each in a child of its own, in the way that titles get them.

Run as ``python -I -S .../render_node/title/wall_probe.py IMPORT_PATH CONFINEMENTS``; prints, as JSON, for each named
confinement why it cannot be applied, or an empty text.
"""

import json
import os
import sys


def main() -> None:
    """Try all of them."""
    sys.path.insert(0, sys.argv[1])
    from render_node.title.confinement import Confinement

    faults = {}
    for name, fields in json.loads(sys.argv[2]).items():
        read_fd, write_fd = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                Confinement.of(fields | {"inherited": [write_fd]}).apply()
            except Exception as error:
                os.write(write_fd, str(error).encode())
            os._exit(0)
        os.close(write_fd)
        with os.fdopen(read_fd) as pipe:
            faults[name] = pipe.read()
        _, status = os.waitpid(pid, 0)
        if status != 0 and not faults[name]:
            faults[name] = f"the probe ended with status {status}"
    print(json.dumps(faults))


if __name__ == "__main__":
    main()
