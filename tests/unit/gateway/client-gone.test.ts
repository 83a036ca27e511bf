import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import { refuseGone, unlessGone } from "#gateway/ledger/client-gone.js";

const NEVER = new Promise<void>(() => undefined);

test("whoever has gone is waited for no longer, whether they go before or meanwhile", async () => {
  const leaving = new AbortController();
  let ended = false;
  const waiting = unlessGone(NEVER, leaving.signal).then(() => (ended = true));
  await turnOfTheLoop();
  expect(ended).toBe(false);
  leaving.abort();
  expect(await Promise.race([waiting, turnOfTheLoop("later")])).toBe(true);
  await unlessGone(NEVER, leaving.signal);
});

test("work that ends, ends the waiting, and its failure is told", async () => {
  const { signal } = new AbortController();
  await unlessGone(Promise.resolve(), signal);
  await expect(unlessGone(Promise.reject(new Error("failed")), signal)).rejects.toThrow("failed");
});

test("nobody decides for whoever has gone", () => {
  expect(() => {
    refuseGone(AbortSignal.abort());
  }).toThrow(expect.objectContaining({ code: "BODY_INCOMPLETE" }));
  refuseGone(new AbortController().signal);
});
