import { beforeEach, describe, expect, it, vi } from "vitest";
import type { User } from "../src/api/models";

vi.stubGlobal("location", { origin: "http://lookout", pathname: "/worker", search: "" });
vi.stubGlobal("history", { pushState: () => undefined });
vi.stubGlobal("scrollTo", () => undefined);
vi.stubGlobal("window", globalThis);
const kept = new Map<string, string>();
vi.stubGlobal("localStorage", {
  getItem: (key: string) => kept.get(key) ?? null,
  setItem: (key: string, value: string) => kept.set(key, value),
  removeItem: (key: string) => kept.delete(key),
});
let status = 401;
vi.stubGlobal("fetch", () => Promise.resolve(new Response(status === 204 ? null : "{}", { status })));

const { enter, hasRunOut, leave, loadSession, locked, user } = await import("../src/live/session");
const { whoAmI } = await import("../src/api/endpoints");
const { path } = await import("../src/router");

describe("a page that is opened", () => {
  const wang = { id: "u-wang", username: "wang", name: "王芳", roles: ["worker"] } as unknown as User;

  it("goes on with what this browser kept while the dispatcher has no database, as without a network", async () => {
    user.value = undefined;
    status = 503;
    await loadSession(() => Promise.resolve(wang));
    expect(user.value).toBe(wang);
    user.value = undefined;
    await expect(loadSession(() => Promise.resolve(undefined))).rejects.toThrow();
    expect(user.value).toBeUndefined();
  });
});

describe("a session that has ended", () => {
  beforeEach(() => {
    status = 401;
    user.value = { id: "u-wang", username: "wang", name: "王芳", roles: ["worker"] } as unknown as User;
    locked.value = false;
    path.value = "/worker";
  });

  it("locks the page of whoever is at work", async () => {
    await expect(whoAmI()).rejects.toThrow();
    expect([locked.value, user.value?.id, path.value]).toEqual([true, "u-wang", "/worker"]);
  });

  it("can be left", async () => {
    await leave();
    expect([locked.value, user.value, path.value]).toEqual([false, null, "/login"]);
  });

  it("is not taken for left when the dispatcher refuses for another reason", async () => {
    status = 500;
    await expect(leave()).rejects.toThrow();
    expect([locked.value, user.value?.id]).toEqual([false, "u-wang"]);
  });

  it("says so where a page is opened afterwards, unless they left themselves", async () => {
    const opened = async () => {
      user.value = undefined;
      await loadSession(() => Promise.resolve(undefined));
      return [path.value, hasRunOut()];
    };
    kept.clear();
    expect(await opened()).toEqual(["/login", false]);
    status = 200;
    await enter("wang", "a password");
    status = 401;
    expect(await opened()).toEqual(["/login", true]);
    await leave();
    expect(await opened()).toEqual(["/login", false]);
  });
});
