import { expect, it } from "vitest";
import { Unreachable } from "../src/api/client";
import { Outbox, type OutboxPorts } from "../src/worker/outbox";

it("waits for one next try, however often sending was tried in between", async () => {
  let timers: (() => void)[] = [];
  let sent = 0;
  const settle = () => new Promise((resolve) => setTimeout(resolve, 1));
  const ports: OutboxPorts = {
    upload: () => Promise.resolve(""),
    act: () => Promise.reject(new Unreachable()),
    post: () => {
      sent += 1;
      return Promise.reject(new Unreachable());
    },
    detail: () => Promise.reject(new Unreachable()),
    settled: () => undefined,
    alone: (_name, action) => action(),
    later: (action) => timers.push(action),
    defect: () => undefined,
  };
  const outbox = new Outbox(ports);
  await outbox.add({ kind: "letter", id: "a", title: "", photos: [], topic: "diary", path: "/diary", body: {} });
  await settle();
  for (let taps = 0; taps < 5; taps += 1) {
    outbox.retry("a");
    await settle();
  }
  for (let periods = 0; periods < 3; periods += 1) {
    sent = 0;
    const due = timers;
    timers = [];
    for (const fire of due) {
      fire();
      await settle();
    }
    expect([sent, timers.length]).toEqual([1, 1]);
  }
});
