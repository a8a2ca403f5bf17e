"""Recovery of VP8 from confirmed references: which frames are known to have arrived, and what the next one needs."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from render_node.session.core.frame_receipts import FRAMES_MAX, QUIET_US, FrameReceipts
from render_node.session.core.reference_slots import STORE_EVERY, ReferenceSlots

RTT_US = 20_000
FRAME_US = 16_667
NO_LAST, NO_GOLDEN, NO_ALTREF = 1 << 16, 1 << 17, 1 << 21
FORCE_GOLDEN, FORCE_ALTREF = 1 << 19, 1 << 24
KEEP_GOLDEN, KEEP_ALTREF = 1 << 22, 1 << 23


class Vp8:
    """The three pictures of a VP8 coder, moved by the flags as libvpx moves them."""

    def __init__(self) -> None:
        self.last = self.golden = self.altref = 0

    def keyframe(self, frame_id: int) -> None:
        self.last = self.golden = self.altref = frame_id

    def code(self, frame_id: int, flags: int) -> set[int]:
        """Return the frames that this one may be predicted from."""
        sources = set()
        for source, forbidden in ((self.last, NO_LAST), (self.golden, NO_GOLDEN), (self.altref, NO_ALTREF)):
            if not flags & forbidden:
                sources.add(source)
        if flags & FORCE_GOLDEN:
            self.golden = frame_id
        else:
            assert flags & KEEP_GOLDEN
        if flags & FORCE_ALTREF:
            self.altref = frame_id
        else:
            assert flags & KEEP_ALTREF
        self.last = frame_id
        return sources


def test_a_frame_says_truly_what_it_is_predicted_from() -> None:
    slots, coder, rng = ReferenceSlots(), Vp8(), random.Random(4)
    slots.keyframe(1)
    coder.keyframe(1)
    for frame_id in range(2, 2000):
        if rng.random() < 0.3:
            slots.confirm(frame_id - rng.randrange(3, 12))
        if rng.random() < 0.05 and not slots.lose(lost := frame_id - rng.randrange(1, 5), lost):
            slots.keyframe(frame_id)
            coder.keyframe(frame_id)
            continue
        plan = slots.plan(frame_id)
        assert coder.code(frame_id, plan.flags) == {plan.reference_id}


def test_a_loss_is_left_behind_from_the_newest_confirmed_picture() -> None:
    slots = ReferenceSlots()
    slots.keyframe(1)
    slots.confirm(1)
    for frame_id in range(2, 20):
        slots.plan(frame_id)
        slots.confirm(frame_id - 6)
    assert slots.lose(18, 18)
    plan = slots.plan(20)
    assert 8 <= plan.reference_id < 14
    assert plan.flags & NO_LAST
    # It was told again, or by somebody else: that is healed already.
    assert slots.lose(18, 19)
    assert slots.plan(21).reference_id == 20
    # The recovery was lost as well.
    assert slots.lose(18, 20)
    assert slots.plan(22).reference_id == plan.reference_id


def test_without_a_confirmed_picture_a_keyframe_is_needed() -> None:
    slots = ReferenceSlots()
    slots.keyframe(1)
    for frame_id in range(2, 10):
        slots.plan(frame_id)
    assert not slots.lose(5, 5)
    slots.keyframe(10)
    assert slots.lose(5, 5)
    assert not slots.lose(10, 10)


def test_a_slot_is_not_refilled_before_the_other_one_is_confirmed() -> None:
    slots = ReferenceSlots()
    slots.keyframe(1)
    slots.confirm(1)
    stored = []
    for frame_id in range(2, 40):
        if slots.plan(frame_id).flags & (FORCE_GOLDEN | FORCE_ALTREF):
            stored.append(frame_id)
    assert stored == [1 + STORE_EVERY]
    assert slots.lose(30, 30)
    assert slots.plan(40).reference_id == 1


@given(st.integers(0, 2**32), st.integers(1, 4))
def test_recovery_never_builds_on_what_a_peer_lacks(seed: int, peers: int) -> None:
    """Several peers lose frames at random; each decodes only what builds on frames that it has."""
    rng = random.Random(seed)
    slots = ReferenceSlots()
    slots.keyframe(1)
    has = [{1} for _ in range(peers)]
    broken: list[int | None] = [None] * peers
    waits = [0] * peers
    for frame_id in range(2, 250):
        slots.confirm(min(_decoded_up_to(each, lost, frame_id - 7) for each, lost in zip(has, broken, strict=True)))
        needs_keyframe = False
        for lost in broken:
            if lost is not None and rng.random() < 0.5:
                needs_keyframe |= not slots.lose(lost, frame_id - 1)
        if needs_keyframe:
            slots.keyframe(frame_id)
            reference_id = None
        else:
            reference_id = slots.plan(frame_id).reference_id
        for peer in range(peers):
            decodable = reference_id is None or reference_id in has[peer]
            if decodable and rng.random() > 0.03:
                has[peer].add(frame_id)
                broken[peer] = None
                waits[peer] = 0
            else:
                broken[peer] = broken[peer] or frame_id
                waits[peer] += 1
                assert waits[peer] < 40, "nobody came to its help"


def _decoded_up_to(has: set[int], broken: int | None, newest_id: int) -> int:
    """What a truthful peer confirms: nothing from its first missing frame on."""
    limit = min(newest_id, (broken or newest_id + 1) - 1)
    return max((each for each in has if each <= limit), default=0)


def test_frames_are_confirmed_by_silence_after_a_round_trip() -> None:
    receipts = FrameReceipts()
    for frame_id in range(1, 11):
        receipts.sent(frame_id, 65530 + frame_id * 3, 3, frame_id * FRAME_US)
    soon = FRAME_US + RTT_US + QUIET_US
    assert receipts.confirmed_id(heard_us=soon, rtt_us=RTT_US, now_us=soon - 1) == 0
    assert receipts.confirmed_id(heard_us=soon, rtt_us=RTT_US, now_us=soon) == 1
    assert receipts.confirmed_id(heard_us=2 * FRAME_US, rtt_us=RTT_US, now_us=10**9) == 1
    assert receipts.confirmed_id(heard_us=None, rtt_us=RTT_US, now_us=10**9) == 1
    assert receipts.confirmed_id(heard_us=10**9, rtt_us=RTT_US, now_us=10**9) == 10


def test_what_was_asked_for_holds_up_everything_behind_it_until_it_is_quiet() -> None:
    receipts = FrameReceipts()
    for frame_id in range(1, 11):
        receipts.sent(frame_id, (65530 + frame_id * 3) % 65536, 3, frame_id * FRAME_US)
    at = 20 * FRAME_US
    receipts.asked([(65530 + 5 * 3 + 1) % 65536, 12345], at)
    assert receipts.confirmed_id(heard_us=at, rtt_us=RTT_US, now_us=at) == 4
    quiet = at + RTT_US + QUIET_US
    assert receipts.confirmed_id(heard_us=quiet, rtt_us=RTT_US, now_us=quiet) == 10


def test_memory_is_bounded() -> None:
    receipts = FrameReceipts()
    for frame_id in range(1, 3 * FRAMES_MAX):
        receipts.sent(frame_id, frame_id * 10 % 65536, 10, 0)
    assert len(receipts._sent) == FRAMES_MAX
    assert len(receipts._by_seq) == FRAMES_MAX * 10


def test_frames_given_up_are_forgotten_with_all_behind_them() -> None:
    receipts = FrameReceipts()
    for frame_id in range(1, 11):
        receipts.sent(frame_id, frame_id * 10 % 65536, 10, 0)
    assert receipts.packets_per_frame == 10
    assert receipts.lost([75, 62, 9999]) == (6, 10)
    assert receipts.lost([75]) is None
    assert receipts.confirmed_id(heard_us=10**9, rtt_us=RTT_US, now_us=10**9) == 5
    assert receipts.packets_per_frame == 0
