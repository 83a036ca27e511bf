import { describe, expect, test } from "@jest/globals";
import { repeating } from "#service-kit/repeating.js";
import { eventually } from "#tests/support/eventually.js";

describe("what is repeated", () => {
  test("is done again and again, never twice at once", async () => {
    let [rounds, underWay, most] = [0, 0, 0];
    const component = repeating("test", 0, async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise((resolve) => setImmediate(resolve));
      underWay -= 1;
      rounds += 1;
      return 0;
    });
    await component.start();
    await eventually("five rounds were made", () => rounds >= 5);
    await component.stop();
    const made = rounds;
    await new Promise((resolve) => setImmediate(resolve));
    expect([most, rounds]).toEqual([1, made]);
  });

  test("is told when it is to end, and waited for", async () => {
    const ends: string[] = [];
    let begun = false;
    const component = repeating("test", 0, async (stopping) => {
      begun = true;
      await new Promise((resolve) => {
        stopping.addEventListener("abort", resolve);
      });
      ends.push("round");
      return 0;
    });
    await component.start();
    await eventually("a round began", () => begun);
    await component.stop();
    expect(ends).toEqual(["round"]);
  });

  test("is never done where there is no first time", async () => {
    let rounds = 0;
    const component = repeating("test", null, () => Promise.resolve((rounds += 1)));
    await component.start();
    await new Promise((resolve) => setImmediate(resolve));
    await component.stop();
    expect(rounds).toBe(0);
  });
});
