// What the page's address asks for.

/** @import {Visit} from "../types.js" */

/**
 * @param {{pathname: string, search: string, hash: string}} address As `location`.
 * @returns {Visit}
 */
export function readVisit({ pathname, search, hash }) {
  const token = new URLSearchParams(hash.slice(1)).get("owner");
  const [, kind = "", raw = ""] = pathname.split("/");
  const id = decode(raw);
  if (id !== "" && kind === "play") {
    return { kind, titleId: id, ask: new URLSearchParams(search).get("ask") === "1", token };
  }
  if (id !== "" && kind === "session") return { kind, sessionId: id, role: "player", token };
  if (id !== "" && kind === "watch") return { kind: "session", sessionId: id, role: "spectator", token };
  return { kind: "home", token };
}

/** @param {string} raw */
function decode(raw) {
  try {
    return decodeURIComponent(raw);
  } catch {
    return "";
  }
}
