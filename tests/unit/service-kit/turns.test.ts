import { describe, expect, test } from "@jest/globals";
import { Fault } from "#registry-protocol/faults.js";
import { turns } from "#service-kit/turns.js";

const LIMITS = { atOnce: 3, perCaller: 2, waiting: 2, waitMilliseconds: 1_000 };
const present = new AbortController().signal;

/** @returns whether it is settled once everything that is ready has run */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const settle = () => {
    settled = true;
  };
  promise.then(settle, settle);
  await new Promise(setImmediate);
  return settled;
}

describe("turns", () => {
  test("are no more at once than there are, and go on when one is given back", async () => {
    const all = turns(LIMITS);
    const [first] = await Promise.all(["a", "b", "c"].map((caller) => all.take(caller, present)));
    const fourth = all.take("d", present);
    expect(await isSettled(fourth)).toBe(false);
    first?.();
    first?.();
    await fourth;
    expect(await isSettled(all.take("e", present))).toBe(false);
  });

  test("are not all one caller's, and others pass by one that has its share", async () => {
    const all = turns(LIMITS);
    const first = await all.take("a", present);
    await all.take("a", present);
    const third = all.take("a", present);
    expect(await isSettled(third)).toBe(false);
    await all.take("b", present);
    first();
    await third;
  });

  test("are refused when too many wait already: 429 whose share is taken, 503 others", async () => {
    const all = turns(LIMITS);
    await Promise.all(["a", "a", "b"].map((caller) => all.take(caller, present)));
    void all.take("c", present).catch(() => undefined);
    void all.take("d", present).catch(() => undefined);
    await expect(all.take("a", present)).rejects.toMatchObject({ code: "TOO_MANY_REQUESTS" });
    await expect(all.take("e", present)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  test("are refused when they do not come in time", async () => {
    const all = turns({ ...LIMITS, atOnce: 1, waitMilliseconds: 20 });
    const leave = await all.take("a", present);
    await expect(all.take("b", present)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    leave();
    await all.take("c", present);
  });

  test("are not taken by a client that has gone", async () => {
    const all = turns({ ...LIMITS, atOnce: 1 });
    const leave = await all.take("a", present);
    const client = new AbortController();
    const waiting = all.take("b", client.signal);
    client.abort(new Fault("REQUEST_INVALID"));
    await expect(waiting).rejects.toMatchObject({ code: "REQUEST_INVALID" });
    await expect(all.take("b", client.signal)).rejects.toMatchObject({ code: "REQUEST_INVALID" });
    leave();
    await all.take("c", present);
  });
});
