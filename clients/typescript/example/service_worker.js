// Keeps what the page is made of, so that it opens without a network. What the learner does is the client's business:
// it keeps its own queue, and its requests to the service are left alone.

const KEPT = "a lesson";
const MODULES = [
  ...["index", "client", "checks", "indexeddb_queue", "judging", "local_state", "memory_queue", "problems"],
  ...["queue", "reading", "sender", "service", "session", "shapes", "signal"],
];
const FILES = [
  ...["index.html", "app.js", "video.webm", "../node_modules/idb/build/index.js"],
  ...MODULES.map((name) => `../dist/${name}.js`),
];

addEventListener("install", (event) => {
  event.waitUntil(caches.open(KEPT).then((kept) => kept.addAll(FILES)));
});

addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || new URL(request.url).origin !== location.origin) return;
  // The newest where there is a network; index.html is the same whatever its query says.
  event.respondWith(fetch(request).catch(() => caches.match(request, { ignoreSearch: true })));
});
