"""A small title that keeps every promise, and the same one with one fault planted in each."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

ARTWORK = Path(__file__).resolve().parents[2] / "farplay" / "titles" / "templates" / "pygame" / "artwork.png"

MANIFEST = """manifest = 1
id = "planted"
version = "1.0.0"
kind = "pygame"
entry = "main.py"
name = "Planted"
licence = "CC0-1.0"
artwork = "artwork.png"
devices = ["keyboard"]
sound = true
saves = ["best.txt"]
[rating]
age = 0
[picture]
width = 320
height = 180
fps = 30
min_fps = 5
max_width = 320
[needs]
cpu_percent = 6400
memory_mib = 256
"""

PROGRAM = """
import array, math, os, sys, threading, pygame
pygame.mixer.pre_init(48000, -16, 2, 512)
pygame.init()
screen, clock, x, frame, pads = pygame.display.set_mode((320, 180)), pygame.time.Clock(), 0, 0, []
beep = pygame.mixer.Sound(buffer=array.array("h", [int(9000 * math.sin(n / 9)) for n in range(19200)]))
beep.play(-1)
open(os.path.join(os.environ["FARPLAY_SAVE_DIR"], "best.txt"), "w").write("1")
while True:
    frame += 1
    for event in pygame.event.get():
        if event.type == pygame.QUIT:
            sys.exit()
        if event.type == pygame.JOYDEVICEADDED:
            pads.append(pygame.joystick.Joystick(event.device_index))
        if event.type == pygame.KEYDOWN:
            x += 40
        if event.type == pygame.MOUSEBUTTONDOWN and not event.touch:
            x += 40
        if event.type == pygame.FINGERDOWN:
            x += 40
        if event.type == pygame.JOYBUTTONDOWN:
            x += 40
    screen.fill((20, 30, 40))
    pygame.draw.rect(screen, (250, 200, 90), (x % 320, 60, 40, 40))
    pygame.draw.rect(screen, (frame % 2 * 90, 0, 0), (0, 175, 5, 5))
    pygame.display.flip()
    clock.tick(30)
"""

SDK_PROGRAM = """
from farplay_sdk import Title, run

class Planted(Title):
    size, tick_hz = (320, 180), 30

    def start(self):
        self.x = self.luck = 0

    def update(self, inputs):
        self.x += 7 * len(inputs.player.keyboard.downs)
        self.luck = self.random.randrange(1000)

    def draw(self, frame):
        frame[:] = (20, 30, 40)
        frame[60:100, self.x % 280 : self.x % 280 + 40] = (250, 200, 90)
        frame[170:180, :5] = self.luck % 250

    def save_state(self):
        return f"{self.x} {self.luck}".encode()

    def load_state(self, state):
        self.x, self.luck = map(int, state.split())

run(Planted)
"""

_SDK = ('kind = "pygame"', 'kind = "sdk"'), ("sound = true", "sound = false"), ('["best.txt"]', '["state"]')

_KEYS = "if event.type == pygame.KEYDOWN:\n            x += 40"


@dataclass(frozen=True)
class Fault:
    """One planted fault."""

    finding: str
    """The requirement that must fail."""
    program: tuple[str, str] = ("", "")
    """What stands in the program, and what stands there instead."""
    manifest: tuple[str, str] = ("", "")
    files: Callable[[Path], object] | None = None
    """Changes the folder."""
    sdk: bool = False
    """Whether it is planted into the title of the kind ``sdk``, which has a state."""
    runs: bool = True
    """Whether only running it shows the fault."""


def _device(device: str, event: str) -> Fault:
    ignored = (f"event.type == pygame.{event}", "False")
    return Fault(f"device-{device}", ignored, ('"keyboard"', f'"{device}"'))


FAULTS: Mapping[str, Fault] = {
    "shows nothing": Fault("start", ("pygame.display.flip()", "pass")),
    "crashes at start": Fault("start", ("pygame.init()", "raise SystemError('planted')")),
    "ends by itself": Fault("draws", ("frame += 1", "frame += 1\n    if frame > 3: sys.exit()")),
    "writes into its folder": Fault("start", ("pygame.init()", "open('log.txt', 'w')")),
    "draws one colour": Fault("draws", ("pygame.draw.rect(", "(lambda *_: None)(")),
    "is slow": Fault("frame-rate", ("clock.tick(30)", "clock.tick(3)")),
    "takes more processor": Fault("cpu", ("clock.tick(30)", "[n for n in range(10**6)]"), ("6400", "1")),
    "takes more memory": Fault("memory", manifest=("memory_mib = 256", "memory_mib = 8")),
    "draws larger": Fault("size", ("(320, 180)", "(640, 360)")),
    "stays when asked to quit": Fault("quit", ("sys.exit()", "pass")),
    "reads no events": Fault("quit", ("pygame.event.get()", "()")),
    "is silent": Fault("sound", ("beep.play(-1)", "")),
    "saves elsewhere": Fault("saves", ('"best.txt"', '"other.txt"')),
    "crashes at a key": Fault("device-keyboard", (_KEYS, _KEYS.replace("x += 40", "raise SystemError('planted')"))),
    "ignores the keyboard": _device("keyboard", "KEYDOWN"),
    "ignores the mouse": _device("mouse", "MOUSEBUTTONDOWN"),
    "ignores fingers": _device("touch", "FINGERDOWN"),
    "changes by itself, not by fingers": Fault(
        "device-touch",
        ("screen.fill((20, 30, 40))", "screen.fill((20, 30, 40))\n    x = frame // 30 * 40"),
        ('"keyboard"', '"touch"'),
    ),
    "ignores pads": _device("pad", "JOYBUTTONDOWN"),
    "restores half of its state": Fault(
        "state", ("self.x, self.luck = map(int, state.split())", "self.x = int(state.split()[0])"), sdk=True
    ),
    "leaves out what it goes by": Fault(
        "state",
        ("self.x += 7 *", "self.ticks = getattr(self, 'ticks', 0) + 1\n        self.x += self.ticks * 7 + 7 *"),
        sdk=True,
    ),
    "cannot load its state": Fault(
        "state", ("self.x, self.luck = map(int, state.split())", "raise ValueError('planted')"), sdk=True
    ),
    "has no licence": Fault("licence", manifest=('licence = "CC0-1.0"', ""), runs=False),
    "has no rating": Fault("rating", manifest=("[rating]\nage = 0", ""), runs=False),
    "has no artwork": Fault("artwork", manifest=('artwork = "artwork.png"', ""), runs=False),
    "lacks its artwork": Fault("artwork", files=lambda at: (at / "artwork.png").unlink(), runs=False),
    "has text as artwork": Fault("artwork", files=lambda at: (at / "artwork.png").write_text("art"), runs=False),
    "has SVG as artwork": Fault("artwork", files=lambda at: (at / "artwork.png").write_text("<svg/>"), runs=False),
    "holds a link out": Fault("package", files=lambda at: (at / "out").symlink_to("/etc"), runs=False),
    "names a runtime that is not here": Fault(
        "manifest",
        manifest=("[rating]", f"[runtime]\nname='x'\nversion='1.0.0'\nsha256='{'0' * 64}'\nbytes=1\n[rating]"),
        runs=False,
    ),
    "has a misspelt field": Fault("manifest", manifest=("sound =", "sounds ="), runs=False),
    "lacks its program": Fault("manifest", files=lambda at: (at / "main.py").unlink(), runs=False),
}


def write_title(folder: Path, fault: Fault | None = None, *, sdk: bool = False) -> Path:
    """Write the title, with a fault if one is given; ``sdk`` is the one with a state."""
    folder.mkdir()
    program, manifest = PROGRAM, MANIFEST
    if sdk or (fault is not None and fault.sdk):
        program = SDK_PROGRAM
        for change in _SDK:
            manifest = manifest.replace(*change)
    if fault is not None:
        assert fault.program[0] in program
        assert fault.manifest[0] in manifest
        program, manifest = program.replace(*fault.program), manifest.replace(*fault.manifest)
        if not fault.finding.startswith("device-"):
            # Each device that is tried takes seconds.
            manifest = manifest.replace('devices = ["keyboard"]', "devices = []")
    (folder / "main.py").write_text(program)
    (folder / "title.toml").write_text(manifest)
    shutil.copy(ARTWORK, folder / "artwork.png")
    if fault is not None and fault.files is not None:
        fault.files(folder)
    return folder
