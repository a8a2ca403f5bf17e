// Makes the pages installable: registers the service worker, tells it what to keep of the start page for when the
// server is away, and keeps the browser's offer to install for later.

/** @typedef {Event & {prompt: () => Promise<unknown>}} InstallOffer */

/** @type {InstallOffer | null} */
let offer = null;
/** @type {() => void} */
let onOffer = () => {};

/** Register the service worker where there can be one; pages work the same without. */
export function registerShell() {
  if (!isSecureContext || !("serviceWorker" in navigator)) return;
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    offer = /** @type {InstallOffer} */ (event);
    onOffer();
  });
  navigator.serviceWorker.register("/service_worker.js", { updateViaCache: "none" }).then(
    () => {
      if (location.pathname === "/") keepThisPage();
    },
    () => {
      // A certificate that the browser does not trust, or storage that is shut off: nothing else is lost.
    },
  );
}

async function keepThisPage() {
  const { active } = await navigator.serviceWorker.ready;
  const urls = performance.getEntriesByType("resource").map(({ name }) => name);
  active?.postMessage({ keep: urls.filter((url) => new URL(url).pathname.startsWith("/static/")) });
}

/**
 * Hear of the browser's offer to install, now or when it comes.
 * @param {() => void} listener
 */
export function whenInstallable(listener) {
  onOffer = listener;
  if (offer !== null) listener();
}

/** Ask the person, by the browser's own dialog; the offer holds once. */
export async function install() {
  const made = offer;
  offer = null;
  await made?.prompt();
}

/** Whether this page runs as an installed app. */
export function isInstalled() {
  return matchMedia("(display-mode: standalone), (display-mode: fullscreen)").matches;
}
