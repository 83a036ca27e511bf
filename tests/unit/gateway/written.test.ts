import { once } from "node:events";
import { PassThrough } from "node:stream";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { describe, expect, test } from "@jest/globals";
import { written } from "#gateway/api/written.js";

describe("a part of an answer", () => {
  test("is written at once while its client reads", async () => {
    const res = new PassThrough();
    expect(await written(res, "x")).toBe(true);
    expect(String(res.read())).toBe("x");
  });

  test("waits for a client that is slow", async () => {
    const res = new PassThrough({ highWaterMark: 1 });
    const waiting = written(res, "xyz");
    setImmediate(() => res.resume());
    expect(await waiting).toBe(true);
  });

  test("is given up, and the connection with it, when its client takes nothing", async () => {
    const res = new PassThrough({ highWaterMark: 1 });
    expect(await written(res, "xyz", 10)).toBe(false);
    expect(res.destroyed).toBe(true);
  });

  test("is not waited for where the client has gone before", async () => {
    const res = new PassThrough({ highWaterMark: 1 });
    await once(res.destroy(), "close");
    expect(await Promise.race([written(res, "more"), turnOfTheLoop("later")])).toBe(false);
  });

  test("ends with a client that has gone", async () => {
    const res = new PassThrough({ highWaterMark: 1 });
    const waiting = written(res, "xyz");
    res.destroy();
    expect(await waiting).toBe(false);
  });
});
