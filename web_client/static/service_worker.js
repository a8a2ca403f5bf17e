// The service worker: keeps the pages' own files for when the server does not answer, so that an installed Farplay
// says so in words. Always asks the server first, so an update is never held back. Touches nothing else: no API, no
// sockets, no media, no other method than GET.

/** Change it when old copies must go. */
const CACHE = "farplay-shell-1";

/** What a page needs to say that the server is away. */
const START = "/";

const worker = /** @type {any} */ (self);

worker.addEventListener("install", (/** @type {any} */ event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.add(START)).then(() => worker.skipWaiting()));
});

worker.addEventListener("activate", (/** @type {any} */ event) => {
  // Preloading asks the server for a page while this worker still wakes up.
  const ready = [dropOldCopies(), worker.registration.navigationPreload?.enable()];
  event.waitUntil(Promise.all(ready).then(() => worker.clients.claim()));
});

worker.addEventListener("fetch", (/** @type {any} */ event) => {
  /** @type {Request} */
  const request = event.request;
  if (isShell(request)) event.respondWith(freshOrKept(request, event));
});

async function dropOldCopies() {
  for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
}

/** @param {Request} request */
function isShell(request) {
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return false;
  return request.mode === "navigate" || pathname.startsWith("/static/");
}

/**
 * The server's answer; without one, the kept copy, and for a page that was never seen the start page.
 * @param {Request} request
 * @param {any} event
 */
async function freshOrKept(request, event) {
  // Kept under the bare path: what else an address holds, a sign-in token even, is nobody's business later.
  const { pathname } = new URL(request.url);
  try {
    const answer = /** @type {Response} */ ((await event.preloadResponse) ?? (await fetch(request)));
    if (answer.ok && !answer.redirected && (pathname === START || pathname.startsWith("/static/"))) {
      const copy = answer.clone();
      event.waitUntil(caches.open(CACHE).then((cache) => cache.put(pathname, copy)));
    }
    return answer;
  } catch (error) {
    const kept = (await caches.match(pathname)) ?? (request.mode === "navigate" ? await caches.match(START) : undefined);
    if (kept === undefined) throw error;
    return kept;
  }
}
