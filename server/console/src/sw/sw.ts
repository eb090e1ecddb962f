/**
 * Keeps the phone's page for when there is no network. It answers for pages under /worker alone (its scope), hands out
 * files of one build, and leaves everything that changes to the page: only pictures of the worker's own tasks, which
 * the page has put into a cache, are answered here. It also shows what comes by Web Push while the page is closed.
 */

/// <reference lib="webworker" />

/** Filled in by the build: the phone's files and a name that changes with them. */
declare const SHELL: { name: string; files: string[] };

const scope = globalThis as unknown as ServiceWorkerGlobalScope;
const PREFIX = "lookout-shell-";
const PICTURES = "lookout-pictures";
const PAGE = "/";
/** A page that has not come by then is opened from the phone. */
const PATIENCE_MS = 4_000;

scope.addEventListener("install", (event) => {
  event.waitUntil(keepShell());
});

scope.addEventListener("activate", (event) => {
  event.waitUntil(dropOldShells());
});

scope.addEventListener("fetch", (event) => {
  const { request } = event;
  const { pathname, origin } = new URL(request.url);
  if (request.method !== "GET" || origin !== scope.location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (pathname.startsWith("/assets/")) event.respondWith(kept(request, PREFIX + SHELL.name));
  else if (pathname.startsWith("/api/v1/evidence/")) event.respondWith(kept(request, PICTURES));
});

scope.addEventListener("push", (event) => {
  event.waitUntil(tell(event.data));
});

scope.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(openTasks());
});

/** Browsers end a subscription whose messages show nothing: whatever came, something is shown. */
async function tell(data: PushMessageData | null): Promise<void> {
  const { title, body } = (data?.json() ?? {}) as { title?: string; body?: string };
  await scope.registration.showNotification(title ?? "Lookout", { body: body ?? "", lang: "zh-CN", icon: "/icon.svg" });
}

async function openTasks(): Promise<void> {
  const pages = await scope.clients.matchAll({ type: "window" });
  const open = pages.find((page) => new URL(page.url).pathname.startsWith("/worker"));
  await (open === undefined ? scope.clients.openWindow("/worker") : open.focus());
}

async function keepShell(): Promise<void> {
  const cache = await caches.open(PREFIX + SHELL.name);
  // The page itself must be of this build, not what a browser's own cache holds.
  await cache.addAll([new Request(PAGE, { cache: "reload" }), ...SHELL.files]);
  await scope.skipWaiting();
}

async function dropOldShells(): Promise<void> {
  const old = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== PREFIX + SHELL.name);
  await Promise.all(old.map((name) => caches.delete(name)));
  await scope.clients.claim();
}

/** The page from the network when it comes in time, so that an upgrade is seen at once; else the kept one. */
async function page(request: Request): Promise<Response> {
  const held = await caches.match(PAGE, { cacheName: PREFIX + SHELL.name });
  if (held === undefined) return fetch(request);
  const patience = new Promise<Response>((resolve) => setTimeout(() => resolve(held.clone()), PATIENCE_MS));
  const fresh = fetch(request).then((answer) => (answer.ok ? answer : held.clone()));
  return Promise.race([fresh, patience]).catch(() => held.clone());
}

/** Files that never change under their name: the kept one first. */
async function kept(request: Request, cacheName: string): Promise<Response> {
  return (await caches.match(request, { cacheName })) ?? fetch(request);
}
