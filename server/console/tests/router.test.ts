import { beforeEach, describe, expect, it, vi } from "vitest";
import { askBeforeLeaving, match, navigate, path, startRouter } from "../src/router";

describe("leaving a page on which something is unsent", () => {
  const pushed: string[] = [];
  const heard = new Map<string, (event: unknown) => void>();
  const address = { origin: "http://lookout", pathname: "/admin/policy" };
  vi.stubGlobal("location", address);
  vi.stubGlobal("history", { pushState: (_state: unknown, _title: string, to: string) => pushed.push(to) });
  vi.stubGlobal("scrollTo", () => undefined);
  vi.stubGlobal("addEventListener", (type: string, listener: (event: unknown) => void) => heard.set(type, listener));
  startRouter();

  beforeEach(() => {
    pushed.length = 0;
    path.value = address.pathname = "/admin/policy";
  });

  it("asks first, and stays when that is wanted", () => {
    let leave = false;
    const stop = askBeforeLeaving(() => leave);
    navigate("/cases");
    expect([path.value, pushed]).toEqual(["/admin/policy", []]);
    leave = true;
    navigate("/cases");
    expect([path.value, pushed]).toEqual(["/cases", ["/cases"]]);
    stop();
  });

  it("puts the way back where it was", () => {
    const stop = askBeforeLeaving(() => false);
    address.pathname = "/admin";
    heard.get("popstate")?.({});
    expect([path.value, pushed]).toEqual(["/admin/policy", ["/admin/policy"]]);
    stop();
    heard.get("popstate")?.({});
    expect(path.value).toBe("/admin");
  });

  it("asks nobody when there is no staying, nor once it is sent", () => {
    const stop = askBeforeLeaving(() => false);
    navigate("/login", true);
    expect(path.value).toBe("/login");
    stop();
    navigate("/cases?list=open");
    expect(path.value).toBe("/cases");
  });
});

describe("match", () => {
  it("fits whole paths only, with or without a slash at the end", () => {
    expect(match("/cases", "/cases")).toEqual({});
    expect(match("/cases", "/cases/")).toEqual({});
    expect(match("/", "/")).toEqual({});
    expect(match("/cases", "/cases/c-1")).toBeNull();
  });

  it("names the parts", () => {
    expect(match("/cases/:id", "/cases/c-20261122-0007")).toEqual({ id: "c-20261122-0007" });
    expect(match("/cases/:id", "/cases/")).toBeNull();
  });
});
