import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import * as api from "../api/web-push";
import { Problem } from "../api/client";
import { attempt, trouble } from "../live/notices";
import { beforeLeaving, user } from "../live/session";
import { t } from "../text/i18n";

/** The channel under which this browser is told, and whom; null: nobody is. */
interface Kept {
  channel: string;
  person: string;
}

const KEPT_AS = "lookout.web_push";
const held = signal<Kept | null>(read());

function read(): Kept | null {
  try {
    return JSON.parse(localStorage.getItem(KEPT_AS) ?? "null") as Kept | null;
  } catch {
    return null;
  }
}

function keep(next: Kept | null): void {
  held.value = next;
  if (next === null) localStorage.removeItem(KEPT_AS);
  else localStorage.setItem(KEPT_AS, JSON.stringify(next));
}

/** Turns notices on for this phone; shown where the site has Web Push and the browser knows it. */
export function PushSwitch() {
  const [key, setKey] = useState<string | null>(null);
  useEffect(() => {
    // Without a network there is no key, and nothing to turn on.
    if ("PushManager" in window) api.pushKey().then(setKey, () => undefined);
  }, []);
  const [busy, setBusy] = useState(false);
  const person = user.value?.id;
  if (key === null || person === undefined) return null;
  const on = held.value?.person === person;
  // The browser asks the person, and its push service may take its time.
  const turn = () => {
    setBusy(true);
    void attempt(() => (on ? turnOff() : turnOn(key, person))).finally(() => setBusy(false));
  };
  return (
    <button class="button small quiet" aria-pressed={on} disabled={busy} onClick={turn}>
      {t("worker.push")}
    </button>
  );
}

async function turnOn(key: string, person: string): Promise<void> {
  if ((await Notification.requestPermission()) !== "granted") {
    trouble(t("worker.push_denied"));
    return;
  }
  const { pushManager } = await navigator.serviceWorker.ready;
  const subscription = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  keep({ channel: await api.subscribe(subscription), person });
}

async function turnOff(): Promise<void> {
  const was = held.value;
  if (was === null) return;
  const { pushManager } = await navigator.serviceWorker.ready;
  await (await pushManager.getSubscription())?.unsubscribe();
  try {
    await api.unsubscribe(was.person, was.channel);
  } catch (error) {
    // It ended by itself.
    if (!(error instanceof Problem && error.status === 404)) throw error;
  }
  keep(null);
}

// Who signs out is told no more on a phone that others may take.
beforeLeaving(turnOff);
