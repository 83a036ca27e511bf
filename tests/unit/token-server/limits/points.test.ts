import { expect, test } from "@jest/globals";
import { pointsInMemory } from "#token-server/limits/points.js";

const HOUR = 3_600_000;
const point = (credential: string) => ({ key: "account:alice", credential, most: 1 });

test("a point is held for its window, and not as long as a clock was ahead when it was taken", async () => {
  let now = 10 * HOUR;
  const points = pointsInMemory(60, () => now);
  expect(await points.take(point("one"))).toEqual({ taken: true, milliseconds: 60_000 });
  now += 59_999;
  expect(await points.take(point("other"))).toEqual({ taken: false, milliseconds: 1 });
  now = 0;
  expect(await points.take(point("other"))).toEqual({ taken: true, milliseconds: 60_000 });
});
