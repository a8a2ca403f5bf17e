// The service worker: keeps the start page and its files for when the server does not answer, so that an installed
// Farplay says so in words. Pages always come from the server first, and files past this worker, so it never holds an
// update back and costs a game's start nothing. Touches nothing else: no API, no sockets, no media.

/** Change it when old copies must go. */
const CACHE = "farplay-shell-2";

/** What says that the server is away. */
const START = "/";

const worker = /** @type {any} */ (self);

/** Whether the last page came from here. */
let away = false;

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
  if (request.method !== "GET") return;
  if (request.mode === "navigate") event.respondWith(freshOrKeptPage(request, event));
  else if (away && isFile(request.url)) event.respondWith(keptFile(request));
});

worker.addEventListener("message", (/** @type {any} */ event) => {
  if (Array.isArray(event.data?.keep)) event.waitUntil(keep(event.data.keep.map(String)));
});

async function dropOldCopies() {
  for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
}

/** @param {string} url */
function isFile(url) {
  const { origin, pathname } = new URL(url, location.origin);
  return origin === location.origin && pathname.startsWith("/static/");
}

/**
 * The server's answer; without one, the start page.
 * @param {Request} request
 * @param {any} event
 */
async function freshOrKeptPage(request, event) {
  try {
    const answer = (await event.preloadResponse) ?? (await fetch(request));
    away = false;
    return answer;
  } catch (error) {
    const kept = await caches.match(START);
    if (kept === undefined) throw error;
    away = true;
    return kept;
  }
}

/** @param {Request} request */
async function keptFile(request) {
  return (await caches.match(request.url)) ?? fetch(request);
}

/**
 * Keep the start page with these files of it, and no others. Their addresses change with their content, so nothing is
 * fetched unless there is something new.
 * @param {string[]} urls
 */
async function keep(urls) {
  const files = urls.filter(isFile);
  const cache = await caches.open(CACHE);
  const kept = new Set((await cache.keys()).map(({ url }) => url));
  const missing = files.filter((url) => !kept.has(url));
  if (missing.length === 0) return;
  await cache.addAll([START, ...missing]);
  const wanted = new Set([new URL(START, location.origin).href, ...files]);
  for (const url of kept) if (!wanted.has(url)) await cache.delete(url);
}
