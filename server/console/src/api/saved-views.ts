/** Lists that people keep under a name: their own, and those that the control room shares. */

import { request } from "./client";

export interface SavedView {
  id: string;
  name: string;
  query: Record<string, string | boolean>;
  shared: boolean;
  own: boolean;
}

export const savedViews = () => request<{ items: SavedView[] }>("GET", "/lists").then((answer) => answer.items);

/** One of one's own of the same name is replaced. */
export const saveView = (name: string, query: SavedView["query"], shared: boolean) =>
  request<SavedView>("POST", "/lists", { name, query, shared });

export const removeView = (id: string) => request<null>("DELETE", `/lists/${encodeURIComponent(id)}`);
