import { expect, test } from "@jest/globals";
import { reloadOnHangup } from "#service-kit/reload-on-hangup.js";

test("a followed file is read at once on SIGHUP, as long as the process runs", async () => {
  const told: string[] = [];
  const part = reloadOnHangup("a file", {
    reload: () => Promise.resolve(told.push("read")),
    stop: () => told.push("stopped"),
  });
  const others = process.listenerCount("SIGHUP");
  await part.start();
  // Who listens for it is not ended by it.
  expect(process.listenerCount("SIGHUP")).toBe(others + 1);
  process.emit("SIGHUP");
  expect(told).toEqual(["read"]);
  await part.stop();
  expect(process.listenerCount("SIGHUP")).toBe(others);
  expect(told).toEqual(["read", "stopped"]);
});
