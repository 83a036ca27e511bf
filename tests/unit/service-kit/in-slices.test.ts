import { describe, expect, test } from "@jest/globals";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Work } from "#registry-protocol/json/read-json.js";
import { inSlices } from "#service-kit/in-slices.js";

describe("work in slices", () => {
  test("ends with what the work comes to, or throws what it throws", async () => {
    for (const milliseconds of [0, 2]) {
      await expect(inSlices(busy(3, milliseconds))).resolves.toBe(3);
      await expect(inSlices(failing(milliseconds))).rejects.toThrow("no work");
    }
    // What comes after a failure is done all the same.
    await expect(inSlices(busy(1, 0))).resolves.toBe(1);
  });

  test("lets others have their turn, and goes on with one large piece after the other", async () => {
    const names = [1, 2, 3, 4];
    const steps: number[] = [];
    const all = Promise.all(
      names.map((name) => inSlices(tracked(busy(20, 1), () => steps.push(name)))),
    );
    let turns = 0;
    const state = { over: false };
    void all.then(() => (state.over = true));
    while (!state.over) {
      await nextTurn();
      turns += 1;
    }
    const changes = steps.filter((name, i) => name !== steps[i - 1]);
    expect(changes).toEqual([...names, ...names]);
    // 80 ms of work in slices of 5 ms.
    expect(turns).toBeGreaterThanOrEqual(10);
  });

  test("does small work at once, whatever waits", async () => {
    let done = false;
    const large = inSlices(busy(20, 1)).then(() => (done = true));
    await inSlices(busy(1, 0));
    expect(done).toBe(false);
    await large;
  });
});

function* busy(steps: number, milliseconds: number): Work<number> {
  for (let i = 0; i < steps; i += 1) {
    const end = performance.now() + milliseconds;
    while (performance.now() < end);
    yield undefined;
  }
  return steps;
}

function* failing(milliseconds: number): Work<number> {
  yield* busy(2, milliseconds);
  throw new Error("no work");
}

function* tracked(work: Work<number>, step: () => void): Work<number> {
  for (;;) {
    step();
    const next = work.next();
    if (next.done === true) return next.value;
    yield undefined;
  }
}
