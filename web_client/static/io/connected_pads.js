// The game pads that are there.

/** @returns {Gamepad[]} None where the browser has no pads at all, as without a secure context. */
export function connectedPads() {
  if (typeof navigator.getGamepads !== "function") return [];
  return [...navigator.getGamepads()].filter((pad) => pad !== null);
}
