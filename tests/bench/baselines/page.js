// The least page that plays a stream: what any project would write, so that a baseline has no handicap of ours.
const stage = document.getElementById("stage");
const peer = new RTCPeerConnection();
const input = peer.createDataChannel("input", { ordered: false, maxRetransmits: 0 });

addEventListener("keydown", (event) => {
  if (event.code === "KeyX" && !event.repeat && input.readyState === "open") input.send("x");
});
peer.addTransceiver("video", { direction: "recvonly" });
peer.addEventListener("track", ({ track, receiver }) => {
  stage.srcObject = new MediaStream([track]);
  receiver.jitterBufferTarget = 0;
});
await peer.setLocalDescription(await peer.createOffer());
const answer = await fetch("/offer", { method: "POST", body: peer.localDescription.sdp });
await peer.setRemoteDescription({ type: "answer", sdp: await answer.text() });
