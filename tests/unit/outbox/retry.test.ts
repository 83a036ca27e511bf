import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { afterFailure } from "#gateway/outbox/retry.js";

const PASSING = { lasting: false, retryAfterSeconds: null };
const LASTING = { lasting: true, retryAfterSeconds: null };
const tried = (attempts: number, refusals = 0, refusedSeconds = 0) => ({
  ...{ attempts, refusals, refusedSeconds },
});
const options = (random = 1) => ({ giveUpSeconds: 3_600, random });

describe("an event that was not taken", () => {
  test.each([
    [1, 1],
    [2, 2],
    [5, 16],
    [9, 256],
    [10, 300],
    [1_000_000, 300],
  ])("is tried again after attempt %d in at most %d s", (attempts, seconds) => {
    expect(afterFailure(PASSING, tried(attempts), 0, options())).toEqual({
      retryInSeconds: seconds,
      sparedSeconds: 0,
    });
    expect(afterFailure(PASSING, tried(attempts), 0, options(0))).toEqual({
      retryInSeconds: seconds / 2,
      sparedSeconds: 0,
    });
  });

  test("is tried again no sooner than the sink asks for, but within the hour", () => {
    const asks = (retryAfterSeconds: number) =>
      afterFailure({ lasting: false, retryAfterSeconds }, tried(1), 0, options());
    expect(asks(30)).toEqual({ retryInSeconds: 30, sparedSeconds: 30 });
    expect(asks(1e9)).toEqual({ retryInSeconds: 3_600, sparedSeconds: 3_600 });
  });

  test("is given up when it was refused for good three times at least and for five minutes", () => {
    const after = (refusals: number, seconds: number) =>
      afterFailure(LASTING, tried(refusals, refusals, seconds), 0, options());
    expect(after(3, 300)).toBe("dead");
    expect(after(2, 300)).toEqual({ retryInSeconds: 2, sparedSeconds: 0 });
    expect(after(3, 299)).toEqual({ retryInSeconds: 4, sparedSeconds: 0 });
  });

  test("is not given up at one lasting refusal after failures of another kind", () => {
    expect(afterFailure(LASTING, tried(9, 1, 0), 0, options())).toEqual({
      retryInSeconds: 256,
      sparedSeconds: 0,
    });
  });

  test("that is old already when it is tried again gets three attempts", () => {
    expect(
      [1, 2, 3].map((attempts) => afterFailure(PASSING, tried(attempts), 1e9, options())),
    ).toMatchObject([{ retryInSeconds: 1 }, { retryInSeconds: 2 }, "dead"]);
  });

  test("is never given up early for what passes, and at its age after three attempts at most", () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 1e6 }),
        fc.nat({ max: 1e5 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (attempts, age, random) => {
          const verdict = afterFailure(PASSING, tried(attempts + 1), age, options(random));
          expect(verdict === "dead").toBe(age >= 3_600 && attempts + 1 >= 3);
        },
      ),
    );
  });
});
