import { expect, test } from "@jest/globals";
import { bytePace } from "#gateway/from-pier-one/pace.js";
import { newTally } from "#gateway/from-pier-one/tally.js";

test("how long it takes is told by the tags that were to be brought, and not by those that were here", () => {
  let now = 0;
  const tally = newTally(
    () => undefined,
    () => now,
  );
  tally.begin({ tags: 1_000, first: 0, blobs: 0, bytes: 0 });
  for (let i = 0; i < 500; i += 1) tally.done("there");
  expect(tally.summary().secondsLeft).toBeNull();
  for (let i = 0; i < 101; i += 1) {
    tally.done("imported");
    now += 2_000;
  }
  expect(tally.summary()).toMatchObject({ imported: 101, there: 500, seconds: 202 });
  expect(tally.summary().secondsLeft).toBeCloseTo((399 * 202) / 100);
});

test("no more bytes are read in a second than was said, by all readers together", async () => {
  let now = 0;
  const pace = bytePace(1_000_000_000, () => now);
  const began = performance.now();
  await Promise.all([pace(20_000_000), pace(20_000_000), pace(1)]);
  expect(performance.now() - began).toBeGreaterThanOrEqual(39);
  now = 1_000;
  await pace(1);
});
