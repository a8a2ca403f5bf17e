"""What each kind of title costs: start to first picture, and for native ones what capture adds and standing still.

Run it on a quiet machine: ``python -m tests.bench.kinds``. All titles are warm: everything was read once before.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from render_node.session.io.title_files import interpreter
from tests.support.deadlines import until
from tests.support.running_title import RunningTitle, running
from tests.support.squares_rom import ARGUMENTS, build_squares
from wire.input_events import Key

ROOT = Path(__file__).resolve().parents[2]
WINDOW = ROOT / "tests" / "support" / "x11_window.py"
STARTS = 11
"""Of which the first is not counted."""
STILL_S = 5.0
KEY_T = 23


def window_program(folder: Path) -> Path:
    """Return the test's window as a program of its own."""
    program = folder / "window"
    program.write_text(f"#!{interpreter()[0]}\n{WINDOW.read_text()}")
    program.chmod(0o755)
    return program


async def first_picture_ms(make: Callable[[Path], Path], kind: str, arguments: tuple[str, ...]) -> list[float]:
    """Return how long each start took to the first picture."""
    found = []
    for _ in range(STARTS):
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            title_folder = folder / "made"
            title_folder.mkdir()
            program = make(title_folder)
            begun = time.perf_counter()
            async with running(folder, program, kind=kind, arguments=arguments) as title:
                while not title.frames:
                    assert not title.ends, title.ends
                    await asyncio.sleep(0.001)
                found.append((time.perf_counter() - begun) * 1000)
    return found[1:]


def cpu_s(title: RunningTitle) -> dict[str, float]:
    """Return the processor time of each process in the sandbox, by name."""
    root = psutil.Process(title.process._child._process.pid)
    return {
        f"{process.name()} {process.pid}": sum(process.cpu_times()[:2]) for process in root.children(recursive=True)
    }


async def native_figures() -> None:
    """Print what capture adds, and what a window that stands still costs."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        program = window_program(folder)
        arrivals_us: list[int] = []
        async with running(folder, program, kind="native", arguments=("600x340",)) as title:
            note = title.note

            def remember(frame: object) -> None:
                arrivals_us.append(time.monotonic_ns() // 1000)
                note(frame)  # type: ignore[arg-type]

            title.note = remember  # type: ignore[method-assign]
            await title.shows(1)
            before = cpu_s(title)
            await asyncio.sleep(STILL_S)
            after = cpu_s(title)
            print(f"standing still for {STILL_S:.0f} s, processor time in ms:")
            for name, seconds in after.items():
                print(f"  {name:24} {1000 * (seconds - before.get(name, 0.0)):6.0f}")
            arrivals_us.clear()
            title.send(Key(KEY_T, True), Key(KEY_T, False))

            async def drawn() -> bool:
                return sum("drawn_us" in told for told in title.told()) >= 100

            await until(drawn, 20.0, "a hundred pictures")
            drawn_us = [told["drawn_us"] for told in title.told() if "drawn_us" in told]
    added = [
        min(later - at for later in arrivals_us if later >= at) / 1000
        for at in drawn_us
        if any(later >= at for later in arrivals_us)
    ]
    p99 = statistics.quantiles(added, n=100)[98]
    print(f"drawn by the program to taken by the worker: p50 {statistics.median(added):.2f} ms, p99 {p99:.2f} ms")


async def main() -> None:
    """Print everything."""
    kinds: dict[str, tuple[Callable[[Path], Path], tuple[str, ...]]] = {
        "pygame": (lambda folder: ROOT / "games" / "testcard" / "testcard.py", ()),
        "sdk": (lambda folder: ROOT / "games" / "prismfall" / "prismfall.py", ()),
        "libretro": (build_squares, ARGUMENTS),
        "native": (window_program, ()),
    }
    print("start to first picture, ms:")
    for kind, (make, arguments) in kinds.items():
        taken = await first_picture_ms(make, kind, arguments)
        print(f"  {kind:9} median {statistics.median(taken):4.0f}, slowest of {len(taken)} {max(taken):4.0f}")
    await native_figures()


if __name__ == "__main__":
    asyncio.run(main())
