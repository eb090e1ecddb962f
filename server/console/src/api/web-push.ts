/** What the phone asks so that it is told by Web Push. */

import { request } from "./client";

/** The key with which a browser subscribes; null where Web Push is not set up. */
export const pushKey = () => request<{ key: string | null }>("GET", "/web-push").then((answer) => answer.key);

/** Tell the signed-in person on this device; the channel's name. */
export const subscribe = (subscription: PushSubscription) =>
  request<{ channel: string }>("POST", "/web-push/subscriptions", {
    endpoint: subscription.endpoint,
    keys: subscription.toJSON().keys,
  }).then((answer) => answer.channel);

export const unsubscribe = (person: string, channel: string) =>
  request<null>("DELETE", `/people/${person}/contacts/${channel}`);
