"""A pygame program in its sandbox gets the player's input as if from SDL."""

from pathlib import Path

import pytest

from tests.support.running_title import frozen, running
from wire.frame_story import Cursor, SeatRumble, TextInput
from wire.input_events import (
    Key,
    MouseAbs,
    MouseButton,
    MouseRel,
    Pad,
    PadPresence,
    ReleaseAll,
    Text,
    Touch,
    TouchPhase,
    Wheel,
)
from wire.title_ipc import Quit

pytestmark = pytest.mark.process

LOGS_EVENTS = """
pygame.init()
screen = pygame.display.set_mode((640, 360))
clock = pygame.time.Clock()
pads = []
tell(ready=True)
while True:
    for event in pygame.event.get():
        name = pygame.event.event_name(event.type)
        if name == "JoyDeviceAdded":
            pads.append(pygame.joystick.Joystick(event.device_index))
            tell(pad=pads[-1].get_name(), axes=pads[-1].get_numaxes())
        fields = {key: value for key, value in event.dict.items() if key != "window"}
        tell(event=name, **fields)
        if name == "JoyButtonDown":
            pads[0].rumble(0.5, 1.0, 200)
        if event.type == pygame.QUIT:
            tell(pressed_at_quit=bool(pygame.key.get_pressed()[pygame.K_a]))
            raise SystemExit
    pygame.display.flip()
    clock.tick(60)
"""


async def test_keys_text_mouse_touch_pads_and_quit_arrive_as_sdl_events(tmp_path: Path) -> None:
    async with running(tmp_path, LOGS_EVENTS) as title:
        await title.tells(ready=True)
        title.send(Key(225, True), Key(4, True), Key(4, False), Key(225, False), Key(79, True))
        await title.tells(event="KeyDown", key=97, unicode="A", mod=1, scancode=4)
        await title.tells(event="KeyUp", key=97, scancode=4)
        await title.tells(event="KeyDown", key=1073741903, unicode="", mod=0)
        title.send(ReleaseAll(), Text("ü語"))
        await title.tells(event="KeyUp", key=1073741903)
        await title.tells(event="TextInput", text="ü語")
        title.send(Key(20, True), Text("a"), Key(20, False))
        await title.tells(event="KeyDown", key=113, unicode="a")
        title.send(MouseAbs(32768, 65535), MouseButton(2, True), MouseRel(-20, 5), MouseButton(2, False))
        await title.tells(event="MouseMotion", pos=[320, 359], rel=[320, 359], buttons=[0, 0, 0], touch=False)
        await title.tells(event="MouseButtonDown", pos=[320, 359], button=3)
        await title.tells(event="MouseMotion", pos=[300, 359], rel=[-20, 5], buttons=[0, 0, 1])
        title.send(Wheel(0, 60), Wheel(0, 60))
        await title.tells(event="MouseWheel", x=0, y=1)
        await title.tells(event="MouseButtonDown", button=4)


async def test_a_finger_is_also_a_mouse_and_pads_look_like_xbox_ones(tmp_path: Path) -> None:
    async with running(tmp_path, LOGS_EVENTS) as title:
        await title.tells(ready=True)
        title.send(Touch(3, TouchPhase.DOWN, 65535, 0), Touch(3, TouchPhase.UP, 65535, 0))
        await title.tells(event="FingerDown", finger_id=3, x=1.0, y=0.0)
        await title.tells(event="MouseButtonDown", pos=[639, 0], button=1, touch=True)
        await title.tells(event="MouseButtonUp", button=1, touch=True)
        await title.tells(event="FingerUp", finger_id=3)
        title.send(PadPresence(1, True), seat=2)
        await title.tells(pad="Xbox 360 Controller", axes=6)
        title.send(Pad(1, 1 << 9 | 1 << 12, (0, 0, 0, 32767, -32768, 0)), Pad(1, 0, (0,) * 6), seat=2)
        await title.tells(event="JoyAxisMotion", axis=4, value=1.0)
        await title.tells(event="JoyHatMotion", value=[0, 1])
        await title.tells(event="JoyButtonDown", button=7)
        await title.tells(event="JoyButtonUp", button=7)
        assert SeatRumble(2, 1, 32767, 65535, 200) in title.stories
        title.process._link.send(Quit())
        await title.tells(event="Quit")
        assert (await title.ends_with()).reason == "title_quit"


async def test_a_further_seat_has_devices_of_its_own_and_never_the_first_ones(tmp_path: Path) -> None:
    async with running(tmp_path, LOGS_EVENTS) as title:
        await title.tells(ready=True)
        title.send(Key(44, True), Text("x"), MouseAbs(9999, 9999), MouseButton(0, True), Key(79, True), seat=1)
        title.send(Touch(0, TouchPhase.DOWN, 0, 0), seat=1)
        await title.tells(pad="Xbox 360 Controller", axes=6)
        await title.tells(event="JoyButtonDown", button=0, instance_id=0)
        await title.tells(event="JoyAxisMotion", axis=0, value=1.0, instance_id=0)
        await title.tells(event="FingerDown", finger_id=0, touch_id=2)
        title.send(Key(4, True))
        title.send(ReleaseAll(), seat=1)
        await title.tells(event="JoyButtonUp", button=0, instance_id=0)
        await title.tells(event="FingerUp", finger_id=0, touch_id=2)
        title.send(Key(5, True))
        await title.tells(event="KeyDown", key=98)
        events = [told["event"] for told in title.told() if "event" in told]
        assert not {"KeyUp", "TextInput", "MouseMotion", "MouseButtonDown"} & set(events)
        assert events.count("KeyDown") == 2
        assert not any(isinstance(story, SeatRumble) for story in title.stories)


async def test_taps_shorter_than_a_frame_are_seen_by_titles_that_only_poll(tmp_path: Path) -> None:
    program = """
pygame.init()
pygame.display.set_mode((640, 360))
clock, keys, clicks, pad, taps = pygame.time.Clock(), 0, 0, None, 0
while True:
    pygame.event.pump()
    if pygame.joystick.get_count() and not pad:
        pad = pygame.joystick.Joystick(0)
    keys += pygame.key.get_pressed()[pygame.K_x]
    clicks += pygame.mouse.get_pressed()[0]
    taps += bool(pad and pad.get_button(0))
    tell(keys=keys, clicks=clicks, taps=taps)
    pygame.display.get_surface().fill((pygame.time.get_ticks() // 16 % 256, 0, 0))
    pygame.display.flip()
    clock.tick(30)
"""
    async with running(tmp_path, program) as title:
        await title.shows(2)
        title.send(PadPresence(0, True))
        for count in range(1, 6):
            with frozen(title):
                title.send(Key(27, True), Key(27, False), MouseButton(0, True), MouseButton(0, False))
                title.send(Pad(0, 1, (0,) * 6), Pad(0, 0, (0,) * 6))
            await title.tells(keys=count, clicks=count, taps=count)
        await title.shows(len(title.frames) + 5)
        assert title.told()[-1] == {"keys": 5, "clicks": 5, "taps": 5}


async def test_a_frame_says_which_input_it_was_drawn_with(tmp_path: Path) -> None:
    program = """
pygame.init()
screen, clock = pygame.display.set_mode((64, 64)), pygame.time.Clock()
while True:
    for event in pygame.event.get():
        if event.type == pygame.KEYDOWN:
            screen.fill("white")
    pygame.display.flip()
    clock.tick(60)
"""
    async with running(tmp_path, program) as title:
        await title.shows(1)
        assert not title.newest.strip(b"\0")
        seq = title.send(Key(4, True))
        while title.frames[-1][2] < seq:
            await title.shows(len(title.frames) + 1)
        assert title.newest.count(b"\xff") >= 64 * 64 * 3


async def test_waiting_repeating_grabbing_and_asking_for_text(tmp_path: Path) -> None:
    program = """
pygame.init()
pygame.display.set_mode((640, 360))
pygame.display.flip()
pygame.key.set_repeat(50, 10)
pygame.event.set_grab(True)
pygame.mouse.set_visible(False)
pygame.mouse.set_cursor((8, 8), (1, 2), (0x80,) + (0,) * 7, (0xC0,) + (0,) * 7)
pygame.key.start_text_input()
pygame.key.stop_text_input()
tell(idle=pygame.event.wait(30).type == pygame.NOEVENT or True)
pygame.event.clear()
tell(ready=True)
downs = 0
while True:
    event = pygame.event.wait()
    if event.type == pygame.KEYDOWN:
        downs += 1
        tell(downs=downs)
"""
    async with running(tmp_path, program) as title:
        await title.tells(ready=True)
        title.send(Key(4, True))
        await title.tells(downs=5)
        title.send(Key(4, False))
        assert Cursor(visible=False, relative=True) in title.stories
        image = next(story for story in title.stories if isinstance(story, Cursor) and story.rgba)
        assert (image.width, image.height, image.hot_x, image.hot_y) == (8, 8, 1, 2)
        assert image.rgba[:12] == bytes([0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 0])
        assert [story for story in title.stories if isinstance(story, TextInput)] == [
            TextInput(True),
            TextInput(False),
        ]
