"""Pictures of pygame programs, from flip to the worker's ring, and pygame's own examples unmodified."""

from itertools import pairwise
from pathlib import Path
from statistics import median

import pygame
import pytest

from tests.support.deadlines import until
from tests.support.running_title import running
from wire.input_events import InputEvent, Key, MouseAbs, MouseButton
from wire.title_ipc import Input, Sound

pytestmark = pytest.mark.process

EXAMPLES = Path(pygame.__file__).parent / "examples"


async def test_sizes_colours_and_what_pygame_says_of_its_screen(tmp_path: Path) -> None:
    program = """
pygame.init()
info = pygame.display.Info()
tell(desktop=list(pygame.display.get_desktop_sizes()[0]), info=[info.current_w, info.current_h])
FULL, SCALED = pygame.FULLSCREEN, pygame.SCALED
for size, flags in ((320, 200), 0), ((0, 0), FULL), ((321, 201), SCALED), ((3840, 1080), 0), ((8, 400), 0):
    screen = pygame.display.set_mode(size, flags)
    assert pygame.display.get_surface() is screen
    pygame.display.toggle_fullscreen()
    pygame.display.set_caption("x")
    screen.fill((10, 20, 30))
    pygame.display.update(screen.get_rect())
    pygame.time.wait(50)
    tell(set=list(screen.get_size()))
pygame.event.wait()
"""
    async with running(tmp_path, program) as title:
        await title.tells(set=[8, 400])
        await title.shows(5)
        assert title.told()[0] == {"desktop": [640, 360], "info": [640, 360]}
        assert [told["set"] for told in title.told()[1:]] == [
            [320, 200],
            [640, 360],
            [321, 201],
            [3840, 1080],
            [8, 400],
        ]
        assert [(w, h) for w, h, _ in title.frames] == [(320, 200), (640, 360), (321, 201), (1920, 540), (16, 400)]
        assert title.newest[:3] == bytes((30, 20, 10))


async def test_many_small_updates_are_few_frames_and_the_last_one_counts(tmp_path: Path) -> None:
    program = """
pygame.init()
screen = pygame.display.set_mode((640, 360))
for x in range(640):
    screen.fill("white", (x, 0, 1, 360))
    pygame.display.update((x, 0, 1, 360))
while True:
    pygame.event.wait()
"""
    async with running(tmp_path, program) as title:
        while title.newest.count(b"\xff") < 640 * 360 * 3:
            await title.shows(len(title.frames) + 1)
        assert len(title.frames) < 400


async def test_pictures_are_those_of_the_flip_not_of_what_is_drawn_afterwards(tmp_path: Path) -> None:
    program = """
pygame.init()
screen, n = pygame.display.set_mode((64, 64)), 0
while True:
    n += 1
    screen.fill("black")
    pygame.event.get()
    screen.fill((255, 255, 254 + n % 2))
    pygame.display.flip()
"""
    async with running(tmp_path, program) as title:
        pictures = set()
        while len(title.frames) < 120:
            await title.shows(len(title.frames) + 1)
            pictures.add(title.newest[:3])
        assert pictures <= {b"\xff\xff\xff", b"\xfe\xff\xff"}


async def test_a_picture_flipped_again_and_again_is_told_once(tmp_path: Path) -> None:
    program = """
pygame.init()
screen, clock = pygame.display.set_mode((64, 64)), pygame.time.Clock()
for n in range(40):
    screen.fill("white" if n < 20 else "black")
    pygame.display.flip()
    clock.tick(200)
pygame.display.set_mode((32, 32)).fill("black")
pygame.display.flip()
"""
    async with running(tmp_path, program) as title:
        assert (await title.ends_with()).reason == "title_quit"
        assert [frame[:2] for frame in title.frames] == [(64, 64), (64, 64), (32, 32)]


@pytest.mark.parametrize("loop", ["clock.tick(60)", "pass"], ids=["tick", "vsync"])
async def test_the_frame_rate_is_what_the_title_asks_for(tmp_path: Path, loop: str) -> None:
    program = f"""
import time
pygame.init()
pygame.display.set_mode((320, 200), pygame.SCALED, vsync={int(loop == "pass")})
clock, spent, before = pygame.time.Clock(), 0, pygame.time.get_ticks()
ends = []
for n in range(90):
    pygame.event.get()
    pygame.display.flip()
    {loop}
    ends.append(time.monotonic_ns() // 1000)
tell(took_ms=pygame.time.get_ticks() - before, ends_us=ends)
"""
    async with running(tmp_path, program) as title:
        end = await title.ends_with()
        assert end.reason == "title_quit", end
        told = title.told()[-1]
        assert told["took_ms"] >= 1470, "never too fast"
        # A machine that is busy for a while makes some frames late, not most of them.
        assert median(after - before for before, after in pairwise(told["ends_us"])) == pytest.approx(16_667, rel=0.1)


async def test_aliens_runs_unmodified_and_can_be_played(tmp_path: Path) -> None:
    async with running(tmp_path, EXAMPLES / "aliens.py") as title:
        await title.shows(5)
        still = title.newest
        title.send(Key(79, True))
        await title.shows(len(title.frames) + 5)
        title.send(Key(79, False), Key(44, True), Key(44, False))

        async def played() -> bool:
            # A bomb may come down meanwhile, which ends the game.
            return title.newest != still and bool(title.packets)

        await until(played, 8.0, "another picture, and sound")
        assert any(isinstance(news, Sound) for news in title.stories)
        title.process.send_input(Input(1000, 0, InputEvent(Key(41, True))))
        assert (await title.ends_with()).reason == "title_quit"


async def test_chimp_runs_unmodified_and_can_be_played(tmp_path: Path) -> None:
    async with running(tmp_path, EXAMPLES / "chimp.py") as title:
        await title.shows(10)
        assert title.frames[0][:2] == (1280, 480)
        corner = slice(400 * 1280 * 4, 400 * 1280 * 4 + 60 * 4)
        grass = title.newest[corner]
        title.send(MouseAbs(1000, 53000))
        await title.shows(20)
        fist = title.newest[corner]
        assert fist != grass
        title.send(MouseButton(0, True), MouseButton(0, False))
        await title.shows(30)
        title.send(Key(41, True))
        assert (await title.ends_with()).reason == "title_quit"


async def test_frames_move_to_another_moment_without_a_jump(tmp_path: Path) -> None:
    program = """
import time
pygame.init()
screen = pygame.display.set_mode((64, 64))
clock, ends = pygame.time.Clock(), []
while len(ends) < 150:
    pygame.event.get()
    clock.tick(60)
    ends.append(time.monotonic_ns() // 1000)
    screen.fill((len(ends), 0, 0))
    pygame.display.flip()
    if len(ends) == 30:
        tell(begun=True)
tell(ends_us=ends)
pygame.event.wait()
"""
    period_us = 1_000_000 / 60
    async with running(tmp_path, program) as title:
        await title.tells(begun=True)
        title.process.shift(6000)

        async def whole() -> list[int] | None:
            return next((told["ends_us"] for told in title.told() if "ends_us" in told), None)

        ends_us = await until(whole, 8.0, "when each frame ended")
    moved_us = _phase(ends_us[-40:], period_us) - _phase(ends_us[:30], period_us)
    assert 4500 < moved_us % period_us < 7500, moved_us
    gaps_us = [after - before for before, after in pairwise(ends_us)]
    assert median(gaps_us) == pytest.approx(period_us, rel=0.02), "by small steps"


def _phase(ends_us: list[int], period_us: float) -> float:
    """Return where in a period most frames end; a busy machine makes some late."""

    def apart_us(phase_us: float) -> float:
        return sum(abs((end_us - phase_us + period_us / 2) % period_us - period_us / 2) for end_us in ends_us)

    return min((end_us % period_us for end_us in ends_us), key=apart_us)
