"""A hostile title: tries one attack after the other, each in a process of its own, and tells what became of it.

An attack returns in words what it achieved, or nothing if it was turned away without an error. Attacks do no lasting
harm where they succeed, since they are also run with walls switched off. Those that leave processes come last.
"""

import json
import os
import signal
from collections.abc import Callable

import files
import kernel
import network
import processes
import pygame
import resources
import ring
from attacking import attacks

ATTACK_S = 15
PARTS = (files, processes, network, kernel, ring, resources)
"""Each adds its attacks to the list as it is imported."""


def attempt(function: Callable[[], str | None]) -> tuple[bool, str]:
    """Run one attack in a process of its own; return whether it worked, and how it went."""
    read_fd, write_fd = os.pipe()
    pid = os.fork()
    if pid == 0:
        signal.alarm(ATTACK_S)
        try:
            achieved = function()
            said = (achieved is not None, achieved or "turned away")
        except BaseException as error:
            said = (False, f"{type(error).__name__}: {error}")
        os.write(write_fd, json.dumps(said).encode())
        os._exit(0)
    os.close(write_fd)
    _, status = os.waitpid(pid, 0)
    os.set_blocking(read_fd, False)
    try:
        text = os.read(read_fd, 65536)
    except BlockingIOError:
        text = b""
    os.close(read_fd)
    if not text:
        return False, f"killed by signal {os.WTERMSIG(status)}"
    worked, words = json.loads(text)
    return worked, words


pygame.display.set_mode((64, 64))
pygame.display.flip()
for name, function in attacks.items():
    worked, how = attempt(function)
    print(json.dumps({"attack": name, "worked": worked, "how": how}), flush=True)
print(json.dumps({"finished": True}), flush=True)
while True:
    pygame.event.wait()
