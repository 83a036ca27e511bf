import { describe, expect, test } from "@jest/globals";
import { readyAtStart } from "#service-kit/ready-at-start.js";
import type { Readiness } from "#service-kit/readiness.js";

const answer = (ready: boolean): Readiness => ({ ready, checks: {}, reasons: {}, warnings: [] });

describe("a service that starts", () => {
  test("is looked at until it is ready, and listens then", async () => {
    const answers = [false, false, true];
    let looks = 0;
    const check = () => Promise.resolve(answer(answers[looks++] ?? false));
    await readyAtStart({ check }, 60_000).start();
    expect(looks).toBe(answers.length);
  });

  test("listens all the same where it is not ready in time", async () => {
    let looks = 0;
    const check = () => Promise.resolve(answer((looks += 1) < 0));
    await readyAtStart({ check }, 250).start();
    expect(looks).toBeGreaterThan(1);
  });

  test("listens all the same where nothing says whether it is", async () => {
    await readyAtStart({ check: () => new Promise(() => undefined) }, 50).start();
  });
});
