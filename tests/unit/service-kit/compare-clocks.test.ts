import { describe, expect, test } from "@jest/globals";
import { clockReading, timeInHeaders } from "#service-kit/clocks/clock-reading.js";
import { compareClocks, type ClockOffset } from "#service-kit/clocks/compare-clocks.js";

const MINUTE = 60;
const ALLOWED = 120;

function compare(minutes: Readonly<Record<string, number>>, uncertainSeconds = 0) {
  const others = Object.entries(minutes).map(([name, ahead]): ClockOffset => ({
    name,
    aheadSeconds: ahead * MINUTE,
    uncertainSeconds,
  }));
  return compareClocks("the gateway", others, ALLOWED);
}

describe("clocks that are compared", () => {
  test("agree as long as they are no further apart than is allowed, and that is not known for certain", () => {
    expect(compare({}).own).toBe("right");
    expect(compare({ "the token server": 2, Postgres: -2 })).toMatchObject({
      own: "right",
      message: null,
    });
    expect(compare({ Postgres: 2.1 }).message).not.toBeNull();
    expect(compare({ Postgres: 2.1 }, 10).message).toBeNull();
  });

  test("differ without anybody knowing which is wrong when they are two", () => {
    expect(compare({ "the token server": 10 })).toMatchObject({
      own: "undecided",
      message:
        "the token server's clock is 10 minutes ahead of the gateway's; which of them is wrong cannot be told",
    });
  });

  test("are right where most of three agree: another one is wrong", () => {
    const { own, message, differing } = compare({ "the token server": -16, Postgres: 0 });
    expect(own).toBe("right");
    expect(differing.map(({ name }) => name)).toEqual(["the token server"]);
    expect(message).toBe(
      "the token server's clock is 16 minutes behind the gateway's; wrong by what the others say: the token server's clock",
    );
  });

  test("are right where most of three agree: the own one is wrong", () => {
    expect(compare({ "the token server": 10, Postgres: 10.5 })).toMatchObject({
      own: "wrong",
      message:
        "the token server's clock is 10 minutes ahead of the gateway's, Postgres' clock is 11 minutes ahead of " +
        "the gateway's; wrong by what the others say: the gateway's clock",
    });
  });

  test.each([
    ["three that all differ", { "the token server": 10, Postgres: 20 }, "undecided"],
    ["two against two", { "the token server": 10, Postgres: 10, "the registry": 0 }, "undecided"],
    ["three against one", { "the token server": 10, Postgres: 10, "the registry": 10 }, "wrong"],
    ["one of four", { "the token server": 0, Postgres: 0, "the registry": -90 }, "right"],
    ["a chain, of which all may be right", { "the token server": 1.5, Postgres: 3 }, "right"],
  ])("%s: %j", (_what, minutes, own) => {
    expect(compare(minutes).own).toBe(own);
  });

  test("of which one is an hour, a day or seconds off are told so in words", () => {
    expect(compare({ Postgres: 60 }).message).toContain("60 minutes ahead");
    expect(compare({ Postgres: -600 }).message).toContain("10 hours behind");
    expect(compare({ Postgres: 10_000 }).message).toContain("7 days ahead");
    expect(compareClocks("it", [{ name: "x", aheadSeconds: 90, uncertainSeconds: 0 }], 60).message).toContain("90 seconds"); // prettier-ignore
  });
});

describe("what a clock says", () => {
  test("may have been so at any time between question and answer", () => {
    const reading = clockReading({ at: 10_000, coarseness: 1_000 }, 2_000, 4_000);
    expect(reading).toEqual({ zeroAt: 10_500 - 3_000, uncertain: 1_500, takenAt: 4_000 });
  });

  test("is a Date that is none, or is kept in a cache: nothing", () => {
    expect(timeInHeaders({ date: "Thu, 26 Nov 2026 19:00:00 GMT", age: null })).not.toBeNull();
    for (const date of [null, "", "soon"]) expect(timeInHeaders({ date, age: null })).toBeNull();
    expect(timeInHeaders({ date: "Thu, 26 Nov 2026 19:00:00 GMT", age: "60" })).toBeNull();
  });
});
