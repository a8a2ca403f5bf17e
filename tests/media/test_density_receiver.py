"""The density bench's light receiver against a real peer session: it connects, reports, and decodes nothing."""

from __future__ import annotations

import pytest

from tests.bench.density.light_peer import LightPeer
from tests.media.peer_pair import Pair, no_leaks, poll
from wire.errors import Reason
from wire.frame_story import FrameStory, encode_story
from wire.session_control import PeerState

__all__ = ["no_leaks"]

pytestmark = [pytest.mark.media, pytest.mark.usefixtures("no_leaks")]


async def test_a_session_believes_it_to_be_a_browser() -> None:
    pair, stories = Pair(), list[FrameStory]()
    light = LightPeer(stories.append)
    await pair.peer.accept_answer(await light.answer(await pair.peer.offer()))
    await poll(lambda: pair.peer.state is PeerState.CONNECTED, 5)

    def reported() -> bool:
        video = light.reception.of_clock(90_000)
        return pair.peer.feedback.rtt_us > 0 and video is not None and video.frames > 30

    await pair.looper.run(reported, 5)
    pair.peer.send_story(encode_story(FrameStory(1, 2, 3, 4, 5, 6, 7, 8, 9)))
    await poll(lambda: bool(stories), 2)

    def all_frames() -> bool:
        # The last one's packets leave at the pacer's pace.
        video = light.reception.of_clock(90_000)
        return video is not None and video.frames == pair.peer.video.frames_sent

    await poll(all_frames, 2)
    video, sound = light.reception.of_clock(90_000), light.reception.of_clock(48_000)
    assert video is not None
    assert sound is not None
    assert (video.lost, sound.lost) == (0, 0)
    assert sound.packets > 50
    # It follows reports by transport-wide number, which come only if the answer took them.
    assert pair.peer.path._has_feedback
    assert pair.peer.feedback.malformed == 0
    await pair.peer.close(Reason.LEFT)
    await light.close()
