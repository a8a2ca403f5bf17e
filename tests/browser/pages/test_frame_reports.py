"""Reports of decoded frames in Chromium: one for each frame, by its RTP time, over a channel of its own."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.farplay_process import FarplayProcess
from tests.support.player import OpenPlayer
from wire.frame_story import FrameReport, decode_story

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

TWO_PEERS = """async () => {
  const entry = document.querySelector("script[type=module]").src;
  const { FrameReports } = await import(new URL("io/frame_reports.js", entry).href);
  const [worker, page] = [new RTCPeerConnection(), new RTCPeerConnection()];
  worker.onicecandidate = ({ candidate }) => page.addIceCandidate(candidate);
  page.onicecandidate = ({ candidate }) => worker.addIceCandidate(candidate);
  const channel = { negotiated: true, ordered: false, maxRetransmits: 0, id: 2 };
  const heard = worker.createDataChannel("frames", channel);
  heard.binaryType = "arraybuffer";
  const messages = [];
  heard.onmessage = ({ data }) => messages.push([...new Uint8Array(data)]);
  const reports = FrameReports.over(page.createDataChannel("frames", channel));
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  setInterval(() => {
    context.fillStyle = `hsl(${performance.now() % 360} 90% 50%)`;
    context.fillRect(0, 0, 300, 150);
  }, 16);
  const [drawn] = canvas.captureStream(60).getVideoTracks();
  worker.addTrack(drawn);
  const video = document.body.appendChild(document.createElement("video"));
  video.muted = true;
  const shown = [];
  const note = (now, { rtpTimestamp }) => { shown.push(rtpTimestamp); video.requestVideoFrameCallback(note); };
  video.requestVideoFrameCallback(note);
  page.ontrack = ({ track }) => {
    video.srcObject = new MediaStream([track]);
    void video.play();
    reports.read(track);
  };
  await worker.setLocalDescription();
  await page.setRemoteDescription(worker.localDescription);
  await page.setLocalDescription();
  await worker.setRemoteDescription(page.localDescription);
  const until = async (true_) => { while (!true_()) await new Promise((done) => setTimeout(done, 20)); };
  await until(() => messages.length >= 40 && shown.length >= 40);
  const before = { shown: [...shown], messages: [...messages] };
  reports.close();
  // What was under way still comes.
  let closedAt = -1;
  while (closedAt !== messages.length) {
    closedAt = messages.length;
    await new Promise((done) => setTimeout(done, 200));
  }
  const goesOn = shown.length;
  await until(() => shown.length > goesOn + 10);
  return { ...before, afterwards: messages.length - closedAt };
}"""


async def test_each_decoded_frame_is_reported_until_it_is_closed(up: FarplayProcess, open_player: OpenPlayer) -> None:
    async with open_player() as play:
        await play.page.goto(f"{up.url}/check")
        told: dict[str, Any] = await play.page.evaluate(TWO_PEERS)
    reported = [decode_story(bytes(each)) for each in told["messages"]]
    assert all(isinstance(each, FrameReport) for each in reported)
    times = [each.rtp_ts for each in reported if isinstance(each, FrameReport)]
    assert len(set(times)) == len(times)
    # The thread needs a moment to start, and on a busy machine leaves out some.
    shown = [rtp_ts for rtp_ts in told["shown"] if rtp_ts >= times[0]]
    assert shown
    assert len(set(shown) & set(times)) >= len(shown) / 2
    assert told["afterwards"] == 0
