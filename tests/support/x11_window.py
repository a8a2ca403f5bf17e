"""A program with one X window, for native titles: tells each event, and does what single keys ask for.

B: another background. R: another size. H: hide the pointer. S: play a tone. D: draw without end. Q: quit with 7.
T: draw now and then, and tell when. An argument such as 1280x720 is the window's size.
Runs inside the sandbox, where the launcher's own X11 messages lie.
"""

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
import wave

sys.path.insert(0, "/farplay/launcher")
from render_node.title.native import x11_messages as x11

KEY_PRESS, KEY_RELEASE, BUTTON_PRESS, BUTTON_RELEASE, MOTION = 2, 3, 4, 5, 6
B, R, H, S, D, Q, T = 56, 27, 43, 39, 40, 24, 28
BACK_PIXEL, EVENT_MASK, CURSOR = 2, 0x800, 0x4000
INPUT_EVENTS = 1 | 2 | 4 | 8 | 64
COLOURS = (0x102030, 0xC08040, 0x20A060)


def tell(**fields: object) -> None:
    print(json.dumps(fields), flush=True)


def request(opcode: int, detail: int, layout: str, *values: int) -> None:
    body = struct.pack("<" + layout, *values)
    server.sendall(struct.pack("<BBH", opcode, detail, 1 + len(body) // 4) + body)


def exactly(size: int) -> bytes:
    data = b""
    while len(data) < size:
        data += server.recv(size - len(data))
    return data


def clear(colour: int) -> None:
    request(2, 0, "III", window, BACK_PIXEL, colour)
    request(61, 0, "IhhHH", window, 0, 0, 0, 0)


def hide_pointer() -> None:
    pixmap, cursor = setup.id_base + 2, setup.id_base + 3
    request(53, 1, "IIHH", pixmap, setup.root, 16, 16)
    context = setup.id_base + 4
    request(55, 0, "III", context, pixmap, 0)
    request(70, 0, "IIhhHH", pixmap, context, 0, 0, 16, 16)
    request(93, 0, "III6HHH", cursor, pixmap, pixmap, 0, 0, 0, 0, 0, 0, 0, 0)
    request(2, 0, "III", window, CURSOR, cursor)


def play_tone() -> None:
    with wave.open("/tmp/tone.wav", "wb") as file:
        file.setparams((2, 2, 48_000, 0, "NONE", ""))
        file.writeframes(struct.pack("<hh", 12_000, 12_000) * 40 + struct.pack("<hh", -12_000, -12_000) * 40)
        for _ in range(600):
            file.writeframes(struct.pack("<hh", 12_000, 12_000) * 40 + struct.pack("<hh", -12_000, -12_000) * 40)
    subprocess.Popen(["paplay", "/tmp/tone.wav"])


def obey(key: int) -> None:
    global colour
    if key == B:
        colour = (colour + 1) % len(COLOURS)
        clear(COLOURS[colour])
    elif key == R:
        request(12, 0, "IHxxII", window, 4 | 8, 320, 200)
    elif key == H:
        hide_pointer()
    elif key == S:
        play_tone()
    elif key == Q:
        sys.exit(7)
    elif key == T:
        for shade in range(1, 101):
            clear(shade * 2)
            request(43, 0, "")
            exactly(32)
            tell(drawn_us=time.monotonic_ns() // 1000)
            time.sleep(0.05)
    elif key == D:
        for shade in range(100_000):
            clear(shade % 256)
            time.sleep(0.001)


def quits(*_: object) -> None:
    tell(quits=True)
    sys.exit(0)


signal.signal(signal.SIGTERM, quits)
server = socket.socket(socket.AF_UNIX)
server.connect(f"/tmp/.X11-unix/X{os.environ['DISPLAY'].removeprefix(':')}")
server.sendall(x11.SETUP_REQUEST)
setup = x11.read_setup(exactly(x11.setup_bytes(exactly(8))))
window, colour = setup.id_base + 1, 0
sizes = [argument.split("x") for argument in sys.argv[1:] if argument[0].isdigit()]
size = (int(sizes[0][0]), int(sizes[0][1])) if sizes else (400, 240)
request(
    1, 0, "IIhhHHHHIIII", window, setup.root, 20, 10, *size, 0, 1, 0, BACK_PIXEL | EVENT_MASK, COLOURS[0],
    INPUT_EVENTS,
)  # fmt: skip
request(8, 0, "I", window)
tell(ready=True, arguments=sys.argv[1:], cwd=os.getcwd())
while True:
    event = exactly(32)
    code, detail, x, y = event[0], event[1], *struct.unpack_from("<hh", event, 24)
    if code in (KEY_PRESS, KEY_RELEASE):
        tell(key=detail, down=code == KEY_PRESS, ms=int.from_bytes(event[4:8], "little"))
        if code == KEY_PRESS:
            obey(detail)
    elif code in (BUTTON_PRESS, BUTTON_RELEASE):
        tell(button=detail, down=code == BUTTON_PRESS, x=x, y=y)
    elif code == MOTION:
        tell(x=x, y=y)
