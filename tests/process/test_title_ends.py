"""Titles that end, hang, cheat or talk too much cost only their own session, and leave nothing behind."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from render_node.agent.io.session_leftovers import SessionLeftovers
from render_node.session.io import title_process
from render_node.session.io.control_group import find_home
from tests.support.deadlines import until
from tests.support.running_title import RunningTitle, machine_walls, running
from wire.errors import Reason
from wire.limits import TITLE_LAST_WORDS_BYTES
from wire.sandbox import Profile, Wall, session_name

pytestmark = pytest.mark.process

SHOWS = """
pygame.init()
screen = pygame.display.set_mode((640, 360))
pygame.display.flip()
"""
FINDS_SOCKET = """
import os, socket
def inherited(kind):
    for number in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{number}")
        except OSError:
            continue
        if kind in target:
            return int(number)
worker = socket.socket(fileno=inherited("socket:"))
worker.setblocking(True)
"""


async def ended(tmp_path: Path, program: str) -> tuple[Reason, str]:
    async with running(tmp_path, program) as title:
        end = await title.ends_with()
        return end.reason, end.detail


async def test_exits_are_told_apart_with_last_words(tmp_path: Path) -> None:
    assert await ended(tmp_path, "") == (Reason.TITLE_QUIT, "")
    reason, detail = await ended(tmp_path, "raise ValueError('no such level')")
    assert reason is Reason.TITLE_CRASHED
    assert "exit status 1" in detail
    assert "ValueError: no such level" in detail
    reason, detail = await ended(tmp_path, "pygame.init(); pygame.mixer.init(); print('CRITICAL: mine'); 1 / 0")
    assert "CRITICAL: mine\nTraceback" in detail
    assert "SDL disk" not in detail
    reason, detail = await ended(tmp_path, "import os; os.abort()")
    assert reason is Reason.TITLE_CRASHED
    assert "signal 6" in detail
    reason, detail = await ended(tmp_path, "pygame.display.set_mode((0, 0), pygame.OPENGL)")
    assert reason is Reason.TITLE_CRASHED


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look often, and give up soon who does not listen; how soon a title begins is the machine's affair."""
    monkeypatch.setattr(title_process, "WATCH_INTERVAL_S", 0.1)
    monkeypatch.setattr(title_process, "HUNG_S", 1.0)


@pytest.mark.usefixtures("impatient")
async def test_a_title_that_draws_nothing_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(title_process, "FIRST_FRAME_S", 1.5)
    reason, _ = await ended(tmp_path, "while True: pygame.time.wait(10)")
    assert reason is Reason.TITLE_NO_PICTURE


@pytest.mark.usefixtures("impatient")
async def test_a_title_that_hangs_is_ended(tmp_path: Path) -> None:
    reason, _ = await ended(tmp_path, SHOWS + "while True: pass")
    assert reason is Reason.TITLE_HUNG


@pytest.mark.usefixtures("impatient")
async def test_a_title_that_stands_still_but_listens_is_not(tmp_path: Path) -> None:
    program = (
        SHOWS + "tell(shown=True)\nwhile pygame.event.wait(2500).type != pygame.NOEVENT: pass\ntell(waited=True)"
    )
    async with running(tmp_path, program) as title:
        await title.tells(waited=True)
        assert (await title.ends_with()).reason is Reason.TITLE_QUIT


async def test_megabytes_of_print_are_bounded_and_do_not_stop_the_picture(tmp_path: Path) -> None:
    program = SHOWS + (
        "import threading\n"
        "def shout():\n"
        "    while True: sys.stdout.write('x' * 100000)\n"
        "threading.Thread(target=shout, daemon=True).start()\n"
        "clock, n = pygame.time.Clock(), 0\n"
        "while True:\n"
        "    n += 1\n"
        "    pygame.display.get_surface().fill((n % 256, 0, 0))\n"
        "    pygame.display.flip()\n"
        "    clock.tick(60)\n"
    )
    async with running(tmp_path, program) as title:
        await title.shows(60)
        assert len(title.process.last_words) == TITLE_LAST_WORDS_BYTES


async def test_the_ring_cannot_be_cut_and_racing_it_harms_nobody(tmp_path: Path) -> None:
    program = (
        FINDS_SOCKET
        + SHOWS
        + """
import fcntl, mmap
ring = inherited("farplay-frames")
for size in (0, 4096, 1 << 30):
    try:
        os.ftruncate(ring, size)
        tell(cut=size)
    except OSError as error:
        tell(refused=size)
memory = mmap.mmap(ring, os.fstat(ring).st_size)
for n in range(200):
    memory[0:4] = os.urandom(4)
    memory[4096 : 4096 + 640 * 360 * 4] = bytes([n % 256]) * (640 * 360 * 4)
    pygame.display.flip()
tell(raced=True)
"""
    )
    async with running(tmp_path, program) as title:
        await title.tells(raced=True)
        assert [told["refused"] for told in title.told() if "refused" in told] == [0, 4096, 1 << 30]
        assert not [told for told in title.told() if "cut" in told]


@pytest.mark.parametrize(
    "messages",
    [
        "[b'\\x02' + os.urandom(23) for _ in range(20)]",
        "[b'', b'\\xff', b'\\x01\\x09\\0\\0\\0\\1'] * 8",
        "[b'\\x03\\x05\\0\\xff\\xff\\0\\0' + bytes(16000)] * 8",
        "[bytes(40000)] * 8",
        "[b'\\x07\\x07\\x01'] * 8",
    ],
    ids=["frames", "hello", "cursor", "large", "kinds"],
)
async def test_bad_messages_end_the_title(tmp_path: Path, messages: str) -> None:
    program = FINDS_SOCKET + f"for message in {messages}:\n    worker.send(message)\npygame.time.wait(20000)"
    reason, _ = await ended(tmp_path, program)
    assert reason is Reason.TITLE_VIOLATION


async def test_a_flood_of_good_messages_ends_the_title(tmp_path: Path) -> None:
    program = FINDS_SOCKET + "while True: worker.send(b'\\x05\\x07\\x01')"
    reason, detail = await ended(tmp_path, program)
    assert reason is Reason.TITLE_VIOLATION
    assert "a second" in detail


async def test_a_title_that_closes_its_socket_is_told_apart_from_one_that_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(title_process, "EXIT_WAIT_S", 60.0)
    async with running(tmp_path, FINDS_SOCKET + "worker.close()\nraise SystemExit(3)") as title:
        end = await title.ends_with()
        assert end.reason is Reason.TITLE_CRASHED


def processes_of(marker: str) -> list[int]:
    found = []
    for number in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError):
            if marker.encode() in Path(f"/proc/{number}/cmdline").read_bytes():
                found.append(int(number))
    return found


async def test_stop_leaves_no_process_descriptor_or_child(tmp_path: Path) -> None:
    program = SHOWS + (
        "import subprocess\n"
        "subprocess.Popen(['sleep', '987'], start_new_session=True)\n"
        "pygame.display.flip()\ntell(ready=True)\n"
        "while True: pygame.event.wait()"
    )
    before = set(os.listdir("/proc/self/fd"))
    marker = str(tmp_path)
    async with running(tmp_path, program) as title:
        await title.tells(ready=True)
        assert processes_of(marker)
    assert set(os.listdir("/proc/self/fd")) <= before
    assert not processes_of(marker)
    assert not title.ends


WORKER = """
import asyncio, sys
from pathlib import Path
from tests.support.running_title import running
async def main():
    async with running(Path(sys.argv[1]), "pygame.init()\\npygame.display.set_mode((64, 64))\\n"
                       "while True: pygame.display.flip(); pygame.time.wait(10)") as title:
        await title.shows(1)
        print("shown", flush=True)
        await asyncio.sleep(60)
asyncio.run(main())
"""


@contextmanager
def a_worker(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker with a title; until the end of the block it is not reaped."""
    command = [sys.executable, "-c", WORKER, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": "."}) as worker:
        try:
            yield worker
        finally:
            worker.kill()


async def test_sigkill_of_the_worker_leaves_no_title(tmp_path: Path) -> None:
    with a_worker(tmp_path) as worker:
        assert worker.stdout is not None
        assert await asyncio.to_thread(worker.stdout.readline) == b"shown\n"
        assert processes_of(f"{tmp_path}/title")
        worker.kill()

        async def gone() -> bool:
            return not processes_of(f"{tmp_path}/title")

        await until(gone, 2.0, "the title's death after its worker's")
        # Until it is reaped its id stands for it, and no node that starts meanwhile clears up after it.
        left = [Path(parent) / session_name(worker.pid, "test-0") for parent in set(find_home().folders.values())]
        grouped = Wall.GROUP in machine_walls(Profile.USERNS).walls
        assert all(folder.exists() is grouped for folder in left), "nobody was there to remove them"

    async def removed() -> bool:
        # The kernel lets go of a group a moment after its last process.
        SessionLeftovers(tmp_path / "run").remove_of_the_dead()
        return not any(folder.exists() for folder in left)

    await until(removed, 5.0, "what nobody was there to remove, gone")


async def test_input_to_a_title_that_does_not_read_is_bounded(tmp_path: Path) -> None:
    async with running(tmp_path, SHOWS + "tell(shown=True)\nwhile True: pass") as title:
        await title.tells(shown=True)
        sent = await count_accepted(title)
        assert 50 < sent < 20_000


async def count_accepted(title: RunningTitle) -> int:
    from wire.input_events import InputEvent, MouseRel
    from wire.title_ipc import Input

    sent = 0
    while sent < 20_000 and title.process.send_input(Input(sent, 0, InputEvent(MouseRel(1, 1)))):
        sent += 1
    return sent
