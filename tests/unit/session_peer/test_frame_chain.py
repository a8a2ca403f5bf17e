"""What a peer can decode after frames that it was not sent."""

from __future__ import annotations

from render_node.session.core.frame_chain import PATIENCE_US, FrameChain


def test_a_new_peer_needs_a_keyframe() -> None:
    chain = FrameChain(recovers=True)
    assert chain.is_broken
    assert not chain.decodes(7, 6)
    chain.skipped(7, 0)
    assert chain.missing is None
    assert chain.decodes(8, None)
    chain.sent()
    assert not chain.is_broken
    assert chain.decodes(9, 8)


def test_without_recovery_a_skipped_frame_means_a_keyframe() -> None:
    chain = FrameChain(recovers=False)
    chain.sent()
    chain.skipped(5, 0)
    assert chain.is_broken
    assert chain.missing is None
    assert not chain.decodes(6, 4)


def test_with_recovery_it_goes_on_from_a_frame_that_needs_nothing_missing() -> None:
    chain = FrameChain(recovers=True)
    chain.sent()
    for frame_id in (5, 6, 7):
        assert not (frame_id > 5 and chain.decodes(frame_id, frame_id - 1))
        chain.skipped(frame_id, frame_id * 1000)
    assert chain.missing == (5, 7)
    assert not chain.decodes(8, 5)
    assert chain.decodes(8, 4)
    chain.sent()
    assert chain.decodes(9, 8)
    assert not chain.is_broken


def test_patience_ends_in_a_keyframe() -> None:
    chain = FrameChain(recovers=True)
    chain.sent()
    chain.skipped(5, 0)
    chain.skipped(6, PATIENCE_US)
    assert chain.missing == (5, 6)
    chain.skipped(7, PATIENCE_US + 1)
    assert chain.missing is None
    assert not chain.decodes(8, 4)
    assert chain.decodes(8, None)


def test_frames_given_up_are_left_behind_only_by_a_peer_that_is_told() -> None:
    for recovers, is_told, waits in ((True, True, True), (True, False, False), (False, True, False)):
        chain = FrameChain(recovers=recovers)
        chain.sent()
        chain.lost(5, 9, 0, is_told=is_told)
        assert chain.is_broken
        assert chain.missing == ((5, 9) if waits else None)
        assert chain.decodes(10, 4) == waits
        assert not chain.decodes(10, 9)
        assert chain.decodes(10, None)
