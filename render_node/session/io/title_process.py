"""One title's process: started in the sandbox, watched, told of input, ended without remainder.

Ends: it exits (``title_quit``, ``title_crashed``), shows nothing (``title_no_picture``), stands still without reading
its socket (``title_hung``), uses up its memory (``title_memory``) or its folders (``title_storage``), or breaks the
rules (``title_violation``). A title that draws nothing new but goes on reading its events is alive: while no frames
come it is pinged, and only an unread ping counts as hanging.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from render_node.session.core.title_end import TitleEnd, read_exit
from render_node.session.io import monotonic
from render_node.session.io.frame_ring import FrameRing
from render_node.session.io.last_words import LastWords
from render_node.session.io.sandbox_child import SandboxChild
from render_node.session.io.storage_watch import StorageWatch
from render_node.session.io.title_link import TitleLink
from render_node.session.io.title_walls import TitleWalls
from render_node.title.launch_spec import LaunchSpec
from wire.errors import Reason, WireError
from wire.frame_story import Cursor, SeatRumble, TextInput
from wire.sandbox import SandboxSpec
from wire.title_ipc import Frame, FromTitle, Hello, Input, Ping, Quit, RingLayout, Shift, Sound, Stream
from wire.worker_control import TitleSpec

FIRST_FRAME_S = 15.0
"""A title that has shown no picture by then never will."""

HUNG_S = 10.0
"""Neither a frame nor a read ping for so long means that the title hangs."""

WATCH_INTERVAL_S = 1.0
EXIT_WAIT_S = 2.0
"""How long a title may take to exit after its socket closed; interpreters clear up first."""

KILL_WAIT_S = 2.0
"""How long the kernel may take to clear the sandbox away."""

DETAIL_WORDS_BYTES = 3000
"""Last words that go into the end's detail, whose wire limit is 4096 characters."""

SOUND_PIPE_BYTES = 4096
"""The smallest pipe, since what lies in it is latency: 21 ms at 48 kHz stereo."""


TitleNews: TypeAlias = Cursor | SeatRumble | TextInput | Sound
"""What a title tells beside its pictures."""


@dataclass(frozen=True, slots=True)
class CapturedFrame:
    """A picture in the ring; ``pixels`` may be written to by the title at any time, so copy before you trust it."""

    width: int
    height: int
    number: int
    """The worker's count of this title's pictures, from 1."""
    input_seq: int
    """Newest event, by the worker's count, that the title had applied."""
    tick_us: int
    """When the title flipped; never later than ``capture_us`` nor earlier than the frame before."""
    capture_us: int
    """When the worker learned of it."""
    pixels: memoryview
    """BGRX rows of ``width * 4`` bytes, borrowed until ``release_frame``."""
    flips: int = 0
    """The title's own count of pictures, those that it showed unchanged included."""


class TitleProcess:
    """Owns the process, ring, socket and pipes until ``stop``. Callbacks run on the loop that started it."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        walls: TitleWalls,
        *,
        on_frame: Callable[[], None],
        on_news: Callable[[TitleNews], None],
        on_ended: Callable[[TitleEnd], None],
    ) -> None:
        """Use ``start``."""
        self._loop = loop
        self._walls = walls
        self._storage = StorageWatch(walls.storage(), self._overfilled)
        self._on_frame = on_frame
        self._on_news = on_news
        self._on_ended = on_ended
        self._ring = FrameRing(RingLayout())
        self._lock = threading.Lock()
        self._reading = threading.Lock()
        self._newest: CapturedFrame | None = None
        self._newest_slot = 0
        self._tick_us = 0
        self._frames = 0
        self._started_s = loop.time()
        self._alive_s = self._started_s
        self._connected = False
        self._ended = False
        self._violations = 0
        self._watch: asyncio.TimerHandle | None = None
        self._unlink_timer: asyncio.TimerHandle | None = None
        self.sound_fd = -1

    @classmethod
    async def start(
        cls,
        title: TitleSpec,
        save_dir: str,
        spec: SandboxSpec,
        *,
        on_frame: Callable[[], None],
        on_news: Callable[[TitleNews], None],
        on_ended: Callable[[TitleEnd], None],
    ) -> TitleProcess:
        """Start a title; returns at once, before its first frame.

        Args:
            title: What to run.
            save_dir: Existing folder that the title may write to.
            spec: The walls to build around it.
            on_frame: A new picture waits for ``take_frame``.
            on_news: The title changed its cursor, rumbles, wants text, or told its sound's format.
            on_ended: Called once, unless ``stop`` was called first.

        Raises:
            WireError: ``sandbox_unavailable``, or ``no_capability`` for a kind that this node does not know.
        """
        walls = await asyncio.to_thread(TitleWalls, spec, title, save_dir)
        process = cls(asyncio.get_running_loop(), walls, on_frame=on_frame, on_news=on_news, on_ended=on_ended)
        try:
            process._spawn(title)
        except OSError as error:
            await asyncio.to_thread(process._give_up)
            raise WireError(Reason.SANDBOX_UNAVAILABLE, f"the title could not be started: {error}") from error
        except BaseException:
            process._give_up()
            raise
        process._storage.start()
        return process

    def _give_up(self) -> None:
        self._ring.close()
        self._walls.remove()

    def _spawn(self, title: TitleSpec) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sound_fd, sound_write_fd = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            os.set_blocking(sound_write_fd, True)
            fcntl.fcntl(self.sound_fd, fcntl.F_SETPIPE_SZ, SOUND_PIPE_BYTES)
            inherited = (theirs.fileno(), self._ring.fd, sound_write_fd)
            group_fds = [] if self._walls.group is None else self._walls.group.open_for_joining()
            try:
                self._child = SandboxChild(
                    lambda info_fd: self._command(title, inherited, group_fds, info_fd),
                    self._walls.environment(),
                    inherited=(*inherited, *group_fds),
                    loop=self._loop,
                    on_exit=self._exited,
                )
            finally:
                for descriptor in group_fds:
                    os.close(descriptor)
        except BaseException:
            ours.close()
            os.close(self.sound_fd)
            raise
        finally:
            theirs.close()
            os.close(sound_write_fd)
        self._words = LastWords(self._child.take_output_fd(), self._loop)
        self._link = TitleLink(
            ours,
            self._ring.layout,
            self._loop,
            on_message=self._take,
            on_violation=self._violated,
            on_closed=self._unlinked,
        )
        self._watch = self._loop.call_later(WATCH_INTERVAL_S, self._watch_over)

    def _command(
        self, title: TitleSpec, inherited: tuple[int, int, int], group_fds: list[int], info_fd: int
    ) -> list[str]:
        paths = self._walls.paths
        launch = LaunchSpec(
            title.kind,
            *inherited,
            folder=paths.title,
            entry=title.entry,
            arguments=title.arguments,
            width_px=title.width_px,
            height_px=title.height_px,
            fps=title.fps,
            launcher_path=paths.launcher,
            packages_path=paths.packages,
            site_packages=paths.site_packages,
            confinement=self._walls.confinement(inherited),
            group_fds=tuple(group_fds),
            warden_info_fd=self._walls.warden_info_fd(info_fd),
            worker_pid=os.getpid(),
            try_state=title.try_state,
        )
        return self._walls.command(launch.to_json(), info_fd)

    @property
    def last_words(self) -> str:
        """Tail of what the title printed, standard output and error together."""
        return self._words.text()

    def take_frame(self, seen: int = 0) -> CapturedFrame | None:
        """Return the newest picture unless it is number ``seen``, and keep the title away from its slot.

        Any thread; another one that takes a picture waits until this one is released, a copy's time.
        """
        with self._lock:
            if self._newest is None or self._newest.number == seen:
                return None
        self._reading.acquire()
        with self._lock:
            frame = self._newest
            if frame is not None:
                self._ring.mark_reading(self._newest_slot)
        if frame is None:
            self._reading.release()
        return frame

    def release_frame(self) -> None:
        """Let the title draw into the slot again; in the thread that took it."""
        with self._lock:
            if self._ring.fd >= 0:
                self._ring.mark_reading(None)
        self._reading.release()

    def send_input(self, event: Input) -> bool:
        """Hand over an event; False if the title does not read its socket. Never blocks."""
        return self._link.send(event)

    @property
    def has_read_all(self) -> bool:
        """Whether the title has read everything that it was sent."""
        return self._link.unread_bytes() == 0

    def shift(self, later_us: int) -> None:
        """Ask for the title's frames so much later; best effort, the page asks again."""
        self._link.send(Shift(later_us))

    def tell_stream(self, stream: Stream) -> None:
        """Tell the title how its picture arrives; best effort, it is told again."""
        self._link.send(stream)

    @property
    def pid(self) -> int:
        """Return the id of the process above everything that the title runs."""
        return self._child.pid

    def ask_to_quit(self) -> bool:
        """Post the title's QUIT event; False if it does not read its socket. ``on_ended`` follows if it obeys."""
        self._close_sound()
        return self._link.send(Quit())

    async def stop(self, grace_s: float) -> None:
        """Ask the title to quit, then kill its sandbox; afterwards nothing of it is left.

        Args:
            grace_s: Time that it has to react to its QUIT event.
        """
        self._ended = True
        if grace_s > 0 and self.ask_to_quit():
            await self._child.wait(grace_s)
        self._kill_all()
        await self._child.wait(KILL_WAIT_S)
        self._close()
        await asyncio.to_thread(self._walls.remove)
        await self._storage.close()

    def _close(self) -> None:
        for timer in (self._watch, self._unlink_timer):
            if timer is not None:
                timer.cancel()
        self._close_sound()
        self._link.close()
        self._words.close()
        self._child.close()
        with self._lock:
            self._newest = None
            self._ring.close()

    def _close_sound(self) -> None:
        """Close the pipe before the title quits: its mixer would wait for a reader for ever."""
        if self.sound_fd >= 0:
            os.close(self.sound_fd)
            self.sound_fd = -1

    # --- what the title says ---

    def _take(self, message: FromTitle) -> None:
        match message:
            case Frame():
                self._take_picture(message)
            case Hello():
                self._connected = True
            case Cursor() | SeatRumble() | TextInput() | Sound():
                self._on_news(message)

    def _take_picture(self, frame: Frame) -> None:
        now_us = monotonic.now_us()
        self._tick_us = max(min(frame.tick_ns // 1000, now_us), self._tick_us)
        pixels = self._ring.pixels(frame.slot, frame.width, frame.height)
        self._frames += 1
        captured = CapturedFrame(
            frame.width, frame.height, self._frames, frame.input_seq, self._tick_us, now_us, pixels, frame.frame_seq
        )
        with self._lock:
            self._newest, self._newest_slot = captured, frame.slot
        self._alive_s = self._loop.time()
        self._on_frame()

    # --- how it ends ---

    def _watch_over(self) -> None:
        self._watch = self._loop.call_later(WATCH_INTERVAL_S, self._watch_over)
        now_s = self._loop.time()
        if not self._frames:
            if now_s - self._started_s > FIRST_FRAME_S:
                self._kill(Reason.TITLE_NO_PICTURE, f"no picture within {FIRST_FRAME_S:.0f} s")
            return
        if self.has_read_all:
            if now_s - self._alive_s >= WATCH_INTERVAL_S:
                self._link.send(Ping())
            self._alive_s = now_s
        elif now_s - self._alive_s > HUNG_S:
            self._kill(Reason.TITLE_HUNG, f"no picture and no event read for {HUNG_S:.0f} s")

    def _overfilled(self, words: str) -> None:
        self._kill(Reason.TITLE_STORAGE, words)

    def _violated(self, words: str) -> None:
        self._violations += 1
        self._kill(Reason.TITLE_VIOLATION, words)

    def _unlinked(self) -> None:
        """Without its socket a title is about to end; one that goes on without cannot be played."""
        words = "the title closed its socket to the worker"
        self._unlink_timer = self._loop.call_later(EXIT_WAIT_S, self._violated, words)

    def _kill(self, reason: Reason, words: str) -> None:
        self._kill_all()
        self._end(reason, words)

    def _kill_all(self) -> None:
        if self._walls.group is not None:
            self._walls.group.kill()
        self._child.kill()

    def _exited(self, status: int) -> None:
        self._words.drain()
        end = read_exit(
            status,
            connected=self._connected,
            memory_kills=0 if self._walls.group is None else self._walls.group.killed_for_memory(),
            last_words=self.last_words,
        )
        self._violations += end.violations
        self._end(end.reason, end.detail)

    def _end(self, reason: Reason, words: str) -> None:
        if self._ended:
            return
        self._ended = True
        tail = self.last_words[-DETAIL_WORDS_BYTES:]
        self._on_ended(TitleEnd(reason, f"{words}\n{tail}".strip(), self._violations))
