/** The phone's page can be opened without network: a service worker keeps its files. Browsers want https for that. */

/** Register it; where it cannot be had, the page works as long as there is a network. */
export async function install(): Promise<void> {
  // `vite dev` serves sources, which are not for keeping.
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return;
  try {
    await navigator.serviceWorker.register("/sw.js", { scope: "/worker", updateViaCache: "none" });
  } catch {
    // No network at the first visit, or a browser that forbids it: the next visit asks again.
  }
  // So that photos that wait are not the first to go when the phone is full.
  await navigator.storage?.persist?.();
}
