"""The X server and the sound server of one title, inside its sandbox: started, waited for, ended."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from render_node.title.kinds.native import KIND
from render_node.title.runtime_paths import runtime_environment

SOUND_RATE_HZ = 48_000
READY_S = 10.0
"""How long a server may take to be ready; they take a few tenths of a second."""

STOP_S = 1.0
_LOOK_S = 0.01
_X_SERVER, _SOUND_SERVER = "Xvfb", "pulseaudio"
_X_SOCKETS = Path("/tmp/.X11-unix")
SCRATCH = Path(os.environ.get("TMPDIR", "/tmp"))
SOUND_SOCKET = SCRATCH / "sound" / "socket"
_ALSA_FILE = SCRATCH / "sound" / "alsa.conf"
_ALSA = """<confdir:alsa.conf>
pcm.!default { type pulse }
ctl.!default { type pulse }
"""


_LAUNCHERS_PACKAGES = {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE"}
"""Variables that no title can set: where the launcher's packages lie, and that they are only read."""
_LAUNCHERS_THREADS = {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"}
"""Variables that the launcher needs for itself; a title may set them to something else."""


class ServerMissing(Exception):
    """A server is not installed or does not start; the text says what to do."""


class XServer:
    """Owns an X server without a screen to look at, whose pixels are a mapped file."""

    def __init__(self, size: tuple[int, int], folder: Path) -> None:
        """Start it; ``ready`` waits for it.

        Args:
            size: Width and height of its screen.
            folder: Where its pixels go.

        Raises:
            ServerMissing: it is not installed.
        """
        folder.mkdir(parents=True, exist_ok=True)
        _X_SOCKETS.mkdir(exist_ok=True)
        self.pixels_file = folder / "Xvfb_screen0"
        self._words = folder / "words"
        self._display_fd, write_fd = os.pipe()
        try:
            self._process = _start(
                [
                    _find(_X_SERVER, "xvfb"),
                    *("-displayfd", str(write_fd), "-screen", "0", f"{size[0]}x{size[1]}x24"),
                    *("-fbdir", str(folder), "-nolisten", "tcp", "-nocursor", "-br", "-dpi", "96", "-noreset"),
                ],
                self._words,
                descriptors=(write_fd,),
            )
        finally:
            os.close(write_fd)

    def ready(self) -> int:
        """Wait until it serves and return its display's number.

        Raises:
            ServerMissing: it ended, or takes too long.
        """
        said, due_s = b"", time.monotonic() + READY_S
        while not said.endswith(b"\n"):
            readable, _, _ = select.select([self._display_fd], [], [], max(due_s - time.monotonic(), 0))
            part = os.read(self._display_fd, 16) if readable else b""
            if not part:
                raise ServerMissing(f"the X server did not start: {self._words.read_text(errors='replace')[-500:]}")
            said += part
        os.close(self._display_fd)
        return int(said)

    def stop(self) -> None:
        """End it."""
        _stop(self._process)


class SoundServer:
    """Owns a PulseAudio whose only output is the worker's pipe, whose reader is its clock."""

    def __init__(self, sound_fd: int) -> None:
        """Start it; ``ready`` waits for it.

        Raises:
            ServerMissing: it is not installed.
        """
        SOUND_SOCKET.parent.mkdir(parents=True, exist_ok=True)
        # Named by this process, as PulseAudio closes what it inherits.
        pipe = f"/proc/{os.getpid()}/fd/{sound_fd}"
        sink = f"module-pipe-sink file={pipe} sink_name=title format=s16le rate={SOUND_RATE_HZ} channels=2"
        protocol = f"module-native-protocol-unix socket={SOUND_SOCKET} auth-anonymous=1 auth-cookie-enabled=0"
        folder = str(SOUND_SOCKET.parent)
        self._words = Path(folder) / "words"
        self._process = _start(
            [
                _find(_SOUND_SERVER, "pulseaudio"),
                *("-n", "--fail=yes", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1"),
                *("--disallow-exit=yes", "--realtime=no", "--high-priority=no", "--disable-shm=yes"),
                *("--log-level=error", "-L", sink, "-L", protocol),
            ],
            self._words,
            environment={"PULSE_STATE_PATH": folder, "PULSE_RUNTIME_PATH": folder, "HOME": folder},
        )

    def ready(self) -> None:
        """Wait until it serves.

        Raises:
            ServerMissing: it ended, or takes too long.
        """
        due_s = time.monotonic() + READY_S
        while not SOUND_SOCKET.exists():
            if self._process.poll() is not None or time.monotonic() > due_s:
                words = self._words.read_text(errors="replace")[-500:]
                raise ServerMissing(f"the sound server did not start: {words}")
            time.sleep(_LOOK_S)

    def stop(self) -> None:
        """End it."""
        _stop(self._process)


def program_environment(display: int) -> dict[str, str]:
    """Return a program's variables, without the launcher's own.

    They are the title's, those by which it finds both servers, and those by which it finds its runtime.
    """
    launchers = _LAUNCHERS_PACKAGES | {
        name for name in _LAUNCHERS_THREADS if os.environ.get(name) == KIND.environment[name]
    }
    title = {name: value for name, value in os.environ.items() if name not in launchers}
    alsa = next(Path("/usr/share/alsa").glob("alsa.conf"), None)
    if alsa is not None:
        _ALSA_FILE.write_text(_ALSA.replace("confdir:alsa.conf", str(alsa)))
    sound = {"ALSA_CONFIG_PATH": str(_ALSA_FILE)} if alsa is not None else {}
    return {
        **title,
        **sound,
        **runtime_environment(title),
        "DISPLAY": f":{display}",
        "PULSE_SERVER": f"unix:{SOUND_SOCKET}",
    }


def _find(program: str, package: str) -> str:
    found = shutil.which(program)
    if found is None:
        raise ServerMissing(
            f"{program} is not installed on this machine, and native titles run in it "
            f"(Debian and Ubuntu: apt install {package})"
        )
    return found


def _start(
    command: Sequence[str],
    words: Path,
    *,
    descriptors: tuple[int, ...] = (),
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a server whose words go into a file: they are its own business while it serves."""
    with words.open("wb") as file:
        return subprocess.Popen(
            command, pass_fds=descriptors, stdin=subprocess.DEVNULL, stdout=file, stderr=file,
            start_new_session=True, env={**os.environ, **(environment or {})},
        )  # fmt: skip


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
