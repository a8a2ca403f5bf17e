"""The receiving page of the simulation behaves as Chromium was seen to."""

from __future__ import annotations

import itertools

from tests.network.receiver_model import ReceiverConfig, ReceiverModel
from tests.network.sender_port import Frame, FrameReport, Nack, Packet, PictureLoss, Signal

FRAME_US = 16_667


class Page:
    """A receiver with its timers called when they are due."""

    def __init__(self, config: ReceiverConfig) -> None:
        self.model = ReceiverModel(config)
        self.heard: list[tuple[int, Signal]] = []

    def until(self, now_us: int) -> None:
        while (due_us := self.model.next_timer_us()) is not None and due_us < now_us:
            self.heard += [(due_us, signal) for signal in self.model.on_timer(due_us)]

    def receive(self, packet: Packet, now_us: int) -> None:
        self.until(now_us)
        self.heard += [(now_us, signal) for signal in self.model.on_packet(packet, now_us)]

    def times(self, kind: type[Signal]) -> list[int]:
        return [at_us for at_us, signal in self.heard if isinstance(signal, kind)]

    def decoded(self) -> list[int]:
        return [frame_id for frame_id, each in self.model.frames.items() if each.decoded_us is not None]


def stream(page: Page, frames: int, lost: set[int], *, per_frame: int = 3, depends: bool = True) -> None:
    """Send frames at 60 a second, all but the packets with these numbers."""
    for frame_id in range(frames):
        references = (frame_id - 1,) if frame_id and depends else ()
        frame = Frame(frame_id, frame_id * FRAME_US, per_frame, references)
        for index in range(per_frame):
            seq = frame_id * per_frame + index
            if seq not in lost:
                page.receive(Packet(1200, seq, seq=seq, frame=frame), frame_id * FRAME_US + index * 300)


def test_a_whole_stream_is_decoded_at_once_and_asks_for_nothing() -> None:
    page = Page(ReceiverConfig())
    stream(page, 60, set())
    assert page.decoded() == list(range(60))
    assert not page.times(Nack)
    assert not page.times(PictureLoss)
    assert all(each.completed_us == each.decoded_us for each in page.model.frames.values())


def test_a_gap_is_asked_for_at_the_next_packet_and_again_every_31_ms() -> None:
    page = Page(ReceiverConfig(round_trip_us=20_000, rtx_time_us=10_000_000))
    stream(page, 60, {31})
    asked = page.times(Nack)
    assert asked[0] == 10 * FRAME_US + 600
    gaps = [after - before for before, after in itertools.pairwise(asked)]
    assert gaps[0] < 46_875
    assert set(gaps[1:]) == {31_250}
    assert page.decoded() == list(range(10))


def test_without_a_known_round_trip_it_asks_again_after_110_ms() -> None:
    page = Page(ReceiverConfig(round_trip_us=None, rtx_time_us=10_000_000))
    stream(page, 60, {31})
    asked = page.times(Nack)
    assert {after - before for before, after in itertools.pairwise(asked[1:])} == {109_375}


def test_a_repeat_lets_all_waiting_frames_go() -> None:
    page = Page(ReceiverConfig())
    stream(page, 20, {31})
    frame = Frame(10, 10 * FRAME_US, 3, (9,))
    page.receive(Packet(1200, 60, seq=31, frame=frame), 20 * FRAME_US)
    assert page.decoded() == list(range(20))
    assert page.model.frames[19].decoded_us == page.model.frames[10].decoded_us == 20 * FRAME_US
    asked = len(page.times(Nack))
    page.until(40 * FRAME_US)
    assert len(page.times(Nack)) == asked


def test_frames_that_need_no_other_go_past_a_lost_one() -> None:
    page = Page(ReceiverConfig())
    stream(page, 20, {31}, depends=False)
    assert page.decoded() == [each for each in range(20) if each != 10]
    assert page.times(Nack) == [10 * FRAME_US + 600]


def test_a_keyframe_is_asked_for_after_three_rtx_times_and_again() -> None:
    page = Page(ReceiverConfig(rtx_time_us=100_000))
    stream(page, 90, {31})
    last_us = 9 * FRAME_US + 600
    assert page.times(PictureLoss) == [last_us + 300_000 * index for index in (1, 2, 3, 4)]


def test_before_the_first_picture_a_keyframe_is_asked_for_every_200_ms() -> None:
    page = Page(ReceiverConfig())
    stream(page, 30, {1})
    assert page.times(PictureLoss) == [200_000, 400_000]


def test_a_stream_that_stopped_is_asked_for_a_keyframe_for_five_seconds() -> None:
    page = Page(ReceiverConfig(rtx_time_us=100_000))
    stream(page, 30, set())
    page.until(20_000_000)
    last_us = 29 * FRAME_US + 600
    assert page.times(PictureLoss) == [last_us + 300_000 * index for index in range(1, 17)]


def test_the_page_reports_each_decoded_frame_on_its_own_clock() -> None:
    config = ReceiverConfig(report_delay_us=2_600, clock_offset_us=-1_000_000)
    page = Page(config)
    stream(page, 30, {40})
    page.until(1_000_000)
    reports = [(at_us, signal) for at_us, signal in page.heard if isinstance(signal, FrameReport)]
    assert [report.frame_id for _, report in reports] == list(range(13))
    for at_us, report in reports:
        assert at_us == report.frame_id * FRAME_US + 600 + 2_600
        assert report.seen_us == at_us - 1_000_000
