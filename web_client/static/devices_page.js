// The devices page: sign another device in by a code, see which are signed in, sign one out, install the pages.

import { seenWords, shapeOf } from "./core/device_list.js";
import { platformOf } from "./core/platform.js";
import { api, failureOf } from "./io/api.js";
import { install, isInstalled, registerShell, whenInstallable } from "./io/app_shell.js";
import { DeviceLinkPanel } from "./io/device_link_panel.js";
import { showInsecureNotice } from "./io/insecure_notice.js";
import { speak } from "./io/language.js";
import { byId } from "./io/screens.js";
import { showHeaderToMe } from "./io/site_header.js";
import { Reason } from "./wire/constants.js";

/** @import {DeviceView} from "./io/api.js" */
/** @import {WordKey} from "./strings/words.js" */

const { language, words } = speak();
showHeaderToMe(byId("site_header", HTMLElement), { language, words });
document.title = `${words("devices.title")} – ${words("app.name")}`;

const list = byId("list", HTMLUListElement);
const panel = new DeviceLinkPanel(words, { onUsed: () => void showDevices(), onFailed: showFailure });

/** @param {DeviceView} device */
function deviceItem(device) {
  const item = document.createElement("li");
  item.className = "device";
  item.dataset["device"] = device.device_id;
  const shape = part("span", "device_shape", "");
  shape.dataset["shape"] = shapeOf(device.system);
  shape.setAttribute("aria-hidden", "true");
  const name = nameOf(device);
  const heading = part("span", "device_name", name);
  if (device.current) heading.append(part("span", "device_here", words("devices.here")));
  const [key, values] = seenWords(device.seen_s_ago);
  const signOut = part("button", "", words("devices.sign_out"));
  signOut.setAttribute("type", "button");
  signOut.setAttribute("aria-label", words("devices.sign_out_of", { name }));
  signOut.addEventListener("click", () => void signOutOf(device));
  item.append(shape, heading, part("span", "device_seen", words(key, values)), signOut);
  return item;
}

/** @param {DeviceView} device */
function nameOf({ browser, system }) {
  const browserKey = /** @type {WordKey} */ (`browser.${browser}`);
  const systemKey = /** @type {WordKey} */ (`system.${system}`);
  return words("devices.name", { browser: words(browserKey), system: words(systemKey) });
}

/**
 * @param {string} tag
 * @param {string} className
 * @param {string} text
 */
function part(tag, className, text) {
  const element = document.createElement(tag);
  if (className !== "") element.className = className;
  element.textContent = text;
  return element;
}

/** @param {DeviceView} device */
async function signOutOf(device) {
  try {
    await api.signOutDevice(device.device_id);
  } catch (error) {
    showFailure(error);
    return;
  }
  if (device.current) location.assign("/");
  else await showDevices();
}

/** Heading and advice for those who have no devices here. @type {ReadonlyMap<string, readonly [WordKey, WordKey]>} */
const HOW_TO_ENTER = new Map([
  [Reason.NOT_SIGNED_IN, ["home.sign_in", "home.sign_in_how"]],
  [Reason.FORBIDDEN, ["home.invited", "home.invited_sign_in"]],
]);

/** @param {unknown} error */
function showFailure(error) {
  const { reason } = failureOf(error);
  const signedOut = reason === Reason.NOT_SIGNED_IN;
  const [title, how] = HOW_TO_ENTER.get(reason) ?? ["failed.title", /** @type {WordKey} */ (`reason.${reason}`)];
  byId("failure_title", HTMLElement).textContent = words(title);
  byId("failure_words", HTMLElement).textContent = words(how);
  byId("failure", HTMLElement).hidden = false;
  if (signedOut) for (const id of ["add", "mine"]) byId(id, HTMLElement).hidden = true;
}

async function showDevices() {
  try {
    const answer = await api.devices();
    list.replaceChildren(...answer.devices.map(deviceItem));
    byId("mine", HTMLElement).hidden = false;
    panel.offer(answer.reachable, answer.trust);
    byId("failure", HTMLElement).hidden = true;
  } catch (error) {
    showFailure(error);
  }
}

function showInstall() {
  if (!isSecureContext || isInstalled()) return;
  const button = byId("install_button", HTMLButtonElement);
  const how = byId("install_how", HTMLElement);
  const onIos = platformOf(navigator.userAgent, navigator.maxTouchPoints) === "ios";
  how.textContent = words(onIos ? "install.ios" : "install.menu");
  byId("install", HTMLElement).hidden = false;
  whenInstallable(() => {
    how.textContent = words("install.why");
    button.hidden = false;
  });
  button.addEventListener("click", () => {
    button.hidden = true;
    void install();
  });
}

showInsecureNotice(byId("insecure_notice", HTMLElement), words);
registerShell();
showInstall();
await showDevices();
