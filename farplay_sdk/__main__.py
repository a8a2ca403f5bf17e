"""``python -m farplay_sdk replay PROGRAM LOG``: run a log again and print what the game's state is then."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from farplay_sdk.input_log import LogUnreadable, read_log
from farplay_sdk.machine import BadTitle, StateUnreadable
from farplay_sdk.replay import replay_program


def main() -> None:
    """Print the number of ticks and the state's SHA-256; what the title raises is shown as Python shows it."""
    parser = argparse.ArgumentParser(prog="python -m farplay_sdk")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser("replay", help="run an input log again and print the state's hash")
    command.add_argument("program", type=Path, help="the title's entry, such as main.py")
    command.add_argument("log", type=Path, help="an input log, such as crash.jsonl")
    arguments = parser.parse_args()
    sys.path.insert(0, str(arguments.program.resolve().parent))
    try:
        with arguments.log.open(encoding="utf-8") as lines:
            log = read_log(lines)
        machine = replay_program(arguments.program, log)
        print(f"{machine.tick} ticks, state {machine.digest()}")
    except (OSError, UnicodeDecodeError, LogUnreadable, BadTitle, StateUnreadable) as error:
        sys.exit(f"{arguments.log}: {error}")


if __name__ == "__main__":
    main()
