// The page behind an invitation link: what game it is, who invites, and a click before anything is taken.

import { textOf } from "./core/title_texts.js";
import { api, failureOf } from "./io/api.js";
import { speak } from "./io/language.js";
import { byId } from "./io/screens.js";
import { Reason } from "./wire/constants.js";

/** @import {InvitationSeen} from "./io/api.js" */

const { language, words } = speak();

const from = byId("join_from", HTMLElement);
const heading = byId("join_heading", HTMLElement);
const text = byId("join_words", HTMLElement);
const seat = byId("join_seat", HTMLButtonElement);
const watch = byId("join_watch", HTMLButtonElement);
const failure = byId("join_failure", HTMLElement);
const code = location.pathname.split("/")[2] ?? "";

/** @param {InvitationSeen} seen */
function show({ title_id, title_names, host_name, kind, free_seat }) {
  const title = textOf(title_names, language) || title_id;
  const toWatch = kind === "watch";
  document.title = `${title} – ${words("app.name")}`;
  heading.textContent = title;
  if (host_name === null) from.textContent = words(toWatch ? "join.invited_watch" : "join.invited");
  else from.textContent = words(toWatch ? "join.invited_watch_by" : "join.invited_by", { name: host_name });
  seat.hidden = free_seat === null;
  if (free_seat !== null) seat.textContent = words("join.take_seat", { seat: free_seat + 1 });
  text.textContent = words(toWatch ? "join.what_watch" : free_seat === null ? "join.full" : "join.what");
  watch.hidden = false;
  watch.classList.toggle("primary", free_seat === null);
}

/** @param {unknown} error */
function showFailure(error) {
  const { reason } = failureOf(error);
  // Where a seat or a place has just gone, the other way may still be open.
  const mayChoose = reason === Reason.NO_SEAT || reason === Reason.TABLE_FULL || reason === "unreachable"
    || reason === Reason.TOO_MANY;
  failure.textContent = words(`reason.${reason}`);
  failure.hidden = false;
  if (mayChoose && !watch.hidden) {
    seat.hidden ||= reason === Reason.NO_SEAT;
    return;
  }
  from.textContent = "";
  heading.textContent = words("join.not_possible");
  text.textContent = "";
  seat.hidden = true;
  watch.hidden = true;
}

/** @param {boolean} watching */
async function join(watching) {
  seat.disabled = watch.disabled = true;
  failure.hidden = true;
  try {
    const { session_id, role } = await api.redeemInvitation(code, watching);
    const id = encodeURIComponent(session_id);
    location.assign(role === "player" ? `/session/${id}` : `/watch/${id}`);
  } catch (error) {
    showFailure(error);
    seat.disabled = watch.disabled = false;
  }
}

seat.onclick = () => void join(false);
watch.onclick = () => void join(true);

try {
  show(await api.invitation(decodeURIComponent(code)));
} catch (error) {
  showFailure(error);
}
