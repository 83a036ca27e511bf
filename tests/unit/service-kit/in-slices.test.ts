import { describe, expect, test } from "@jest/globals";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Work } from "#registry-protocol/json/read-json.js";
import { inSlices } from "#service-kit/in-slices.js";

const LARGE = 1024 * 1024;

describe("work in slices", () => {
  test("ends with what the work comes to, or throws what it throws", async () => {
    for (const bytes of [1, LARGE]) {
      await expect(inSlices(busy(3, 0), bytes)).resolves.toBe(3);
      await expect(inSlices(failing(), bytes)).rejects.toThrow("no work");
    }
    // What comes after a failure is done all the same.
    await expect(inSlices(busy(1, 0), LARGE)).resolves.toBe(1);
  });

  test("lets others have their turn, and does one large piece at a time", async () => {
    const running = new Set<number>();
    let most = 0;
    const all = Promise.all(
      [1, 2, 3, 4].map((name) =>
        inSlices(
          tracked(busy(20, 1), () => {
            running.add(name);
            most = Math.max(most, running.size);
          }),
          LARGE,
        ).then(() => running.delete(name)),
      ),
    );
    let turns = 0;
    const state = { over: false };
    void all.then(() => (state.over = true));
    while (!state.over) {
      await nextTurn();
      turns += 1;
    }
    expect(most).toBe(1);
    // 80 ms of work in slices of 5 ms.
    expect(turns).toBeGreaterThanOrEqual(10);
  });

  test("does small work at once, whatever waits", async () => {
    let done = false;
    const large = inSlices(busy(20, 1), LARGE).then(() => (done = true));
    await inSlices(busy(1, 0), 100);
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

function* failing(): Work<number> {
  yield undefined;
  throw new Error("no work");
}

function* tracked(work: Work<number>, began: () => void): Work<number> {
  began();
  return yield* work;
}
