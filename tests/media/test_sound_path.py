"""Sound from a title's mixer to decoded Opus: pitch, level, pace, silence, latency."""

from __future__ import annotations

import array
import asyncio
import fcntl
import os
import termios
import time
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from render_node.session.io.sound_encoder import SoundEncoder, frame_bytes, silence
from render_node.session.io.sound_reader import SoundReader
from render_node.session.media import OpusPacket
from tests.support.deadlines import until
from tests.support.running_title import running
from wire.input_events import Key
from wire.title_ipc import Sound

pytestmark = pytest.mark.media

CARD = Path("games/testcard/testcard.py").absolute()


def decoded(payloads: list[bytes]) -> NDArray[np.float64]:
    context = av.CodecContext.create("libopus", "r")
    parts = [
        np.asarray(frame.to_ndarray(), np.float64).reshape(-1, 2)
        for data in payloads
        for frame in context.decode(av.Packet(data))
    ]
    joined: NDArray[np.float64] = np.concatenate(parts)[:, 0] / 32768
    return joined


def pitch_hz(samples: NDArray[np.float64]) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * 48000 / len(samples))


@pytest.mark.parametrize(
    "sound",
    [
        Sound(48000, 2, True, 16), Sound(44100, 2, True, 32), Sound(22050, 1, False, 8),
        Sound(11025, 1, True, 8), Sound(44100, 1, False, 16),
    ],
    ids=str,
)  # fmt: skip
def test_every_format_of_the_mixer_becomes_the_same_tone(sound: Sound) -> None:
    time_s = np.arange(sound.rate_hz) / sound.rate_hz
    wave = np.repeat(0.5 * np.sin(2 * np.pi * 660 * time_s), sound.channels)
    if sound.bits == 32:
        raw = wave.astype(np.float32).tobytes()
    else:
        scaled = np.round(wave * (2 ** (sound.bits - 1) - 1)) + (0 if sound.signed else 2 ** (sound.bits - 1))
        raw = scaled.astype(f"{'i' if sound.signed else 'u'}{sound.bits // 8}").tobytes()
    encoder, block = SoundEncoder(), frame_bytes(sound) * sound.rate_hz // 100
    payloads = [p for at in range(0, len(raw), block) for p in encoder.encode(raw[at : at + block], sound)]
    samples = decoded(payloads)[9600:40000]
    assert abs(pitch_hz(samples) - 660) < 2
    assert 0.45 < np.abs(samples).max() < 0.56
    encoder = SoundEncoder()
    quiet = decoded([p for _ in range(50) for p in encoder.encode(silence(block, sound), sound)])
    assert np.abs(quiet).max() < 0.01


def test_lasting_silence_is_sent_without_being_encoded_and_ends_with_the_first_sound() -> None:
    sound, encoder = Sound(48000, 2, True, 16), SoundEncoder()
    noise = np.random.default_rng(1).integers(-20_000, 20_000, (400, 960), np.int16)
    blocks = [*noise[:200], *np.zeros((200, 960), np.int16), *noise[200:]]
    packets = [packet for block in blocks for packet in encoder.encode(block.tobytes(), sound)]
    assert len(packets) == len(blocks)
    assert len(set(packets[240:400])) == 1, "Opus itself makes the same packet by then"
    loudness = np.sqrt(np.square(decoded(packets)).reshape(-1, 480).mean(axis=1))
    assert loudness[250:399].max() < 0.001
    assert loudness[402:].min() > 0.1


async def test_the_card_is_heard_at_its_pitch_without_gaps(tmp_path: Path) -> None:
    async with running(tmp_path, CARD, arguments=("--size", "320x180", "--tone", "1")) as title:
        looks: list[tuple[int, int]] = []

        async def even() -> list[OpusPacket] | None:
            """Return a second and a half that came in time; while the machine is busy, some does not."""
            looks.append((len(title.packets), title.sound.underruns))
            first = next(heard for heard, underruns in looks if underruns == title.sound.underruns)
            return title.packets[first + 1 :] if len(title.packets) > first + 160 else None

        packets = await until(even, 8.0, "sound without a gap")
        steps = [b.rtp_ts - a.rtp_ts for a, b in pairwise(title.packets)]
        assert all(step % 480 == 0 for step in steps)
    samples = decoded([packet.payload for packet in packets])[2000:]
    assert abs(pitch_hz(samples) - 660) < 2
    assert 0.45 < np.abs(samples).max() < 0.56


async def test_a_title_without_sound_sends_none_and_one_that_stops_falls_silent(tmp_path: Path) -> None:
    program = """
pygame.display.init()
screen = pygame.display.set_mode((64, 64))
clock = pygame.time.Clock()
for n in range(20):
    screen.fill((n, 0, 0))
    pygame.display.flip()
    clock.tick(60)
while pygame.event.wait().type != pygame.KEYDOWN:
    pass
pygame.mixer.init(22050, -16, 1)
for n in range(20):
    pygame.display.flip()
    clock.tick(60)
pygame.mixer.quit()
tell(quiet=True)
while True:
    pygame.event.wait()
"""
    async with running(tmp_path, program) as title:
        await title.shows(20)
        assert title.packets == []
        title.send(Key(4, True))
        await title.tells(quiet=True)
        count, before = len(title.packets), title.sound.underruns

        async def silent() -> bool:
            return len(title.packets) > count + 30 and title.sound.underruns > before + 20

        await until(silent, 5.0, "silence after the mixer's end")


async def test_the_reader_paces_the_writer_and_skips_no_time() -> None:
    read_fd, write_fd = os.pipe()
    packets: list[OpusPacket] = []
    reader = SoundReader(read_fd, on_packet=packets.append, loop=asyncio.get_running_loop())
    reader.set_format(Sound(48000, 2, True, 16))
    os.set_blocking(write_fd, False)
    loop = asyncio.get_running_loop()
    written = 0

    def write() -> None:
        nonlocal written
        written += os.write(write_fd, bytes(1024))

    loop.add_writer(write_fd, write)
    started = time.monotonic()

    async def second() -> bool:
        return len(packets) >= 100

    await until(second, 5.0, "a second of sound")
    took_s = time.monotonic() - started
    loop.remove_writer(write_fd)
    await reader.close()
    assert 0.9 < took_s < 3.0
    assert packets[-1].rtp_ts == (len(packets) - 1) * 480
    os.close(read_fd)
    os.close(write_fd)


async def test_a_pipe_that_runs_low_is_emptied_before_its_rest_is_needed() -> None:
    read_fd, write_fd = os.pipe()
    os.write(write_fd, bytes(2 * 1920 + 300))
    unread: list[int] = []

    def note(packet: OpusPacket) -> None:
        loop.call_soon(lambda: unread.append(array.array("i", fcntl.ioctl(read_fd, termios.FIONREAD, bytes(4)))[0]))

    loop = asyncio.get_running_loop()
    reader = SoundReader(read_fd, on_packet=note, loop=loop)
    reader.set_format(Sound(48000, 2, True, 16))

    async def two_blocks() -> bool:
        return len(unread) >= 2

    await until(two_blocks, 5.0, "two blocks of sound")
    await reader.close()
    assert unread[:2] == [1920 + 300, 0]
    os.close(read_fd)
    os.close(write_fd)
