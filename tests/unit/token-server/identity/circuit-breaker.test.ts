import { describe, expect, test } from "@jest/globals";
import { CircuitOpen, circuitBreaker } from "#token-server/identity/safeguards/circuit-breaker.js";

class Away extends Error {}

const fails = () => Promise.reject(new Away("down"));
const refuses = () => Promise.reject(new Error("about what was asked"));
const answers = () => Promise.resolve("up");

describe("a circuit breaker", () => {
  test("lets every question through as long as most of them are answered", async () => {
    const { ask, attempt } = breaker();
    for (let round = 0; round < 20; round += 1)
      for (const question of [answers, fails, answers]) await attempt(question);
    await expect(ask(answers)).resolves.toBe("up");
  });

  test("does not count what is about the question, however often it comes", async () => {
    const { ask, attempt } = breaker();
    for (let round = 0; round < 100; round += 1) await attempt(refuses);
    await expect(ask(answers)).resolves.toBe("up");
  });

  test("stops asking when half of the questions fail", async () => {
    const { ask, open } = breaker();
    await open();
    let wasAsked = false;
    const question = () => {
      wasAsked = true;
      return answers();
    };
    await expect(ask(question)).rejects.toBeInstanceOf(CircuitOpen);
    expect(wasAsked).toBe(false);
  });

  test("is not stopped by one question, however often it fails", async () => {
    const { ask, wait } = breaker();
    for (let round = 0; round < 100; round += 1) {
      await expect(ask(fails, "malformed")).rejects.toThrow("down");
      wait(50);
    }
    await expect(ask(answers)).resolves.toBe("up");
    await expect(ask(fails, "another")).rejects.toThrow("down");
    await expect(ask(answers)).rejects.toBeInstanceOf(CircuitOpen);
  });

  test("is not kept closed to others by one question that fails whenever it may be asked", async () => {
    const { ask, open, wait } = breaker();
    await open();
    for (let round = 0; round < 5; round += 1) {
      wait(1_000);
      await ask(fails, "malformed").catch(() => undefined);
    }
    await expect(ask(answers)).resolves.toBe("up");
  });

  test("forgets failures that are longer ago than its window", async () => {
    const { ask, attempt, wait } = breaker();
    await attempt(fails);
    wait(10_000);
    await attempt(fails);
    await expect(ask(answers)).resolves.toBe("up");
  });

  test("lets a few questions through after the pause, and all of them once one was answered", async () => {
    const { ask, open, wait } = breaker();
    await open();
    wait(1_000);
    let answer: (text: string) => void = () => undefined;
    const probe = ask(() => new Promise<string>((resolve) => (answer = resolve)));
    const others = [1, 2].map(() => ask(() => new Promise<string>(() => undefined)));
    expect(others).toHaveLength(2);
    await expect(ask(answers)).rejects.toBeInstanceOf(CircuitOpen);
    answer("up again");
    await expect(probe).resolves.toBe("up again");
    await expect(ask(answers)).resolves.toBe("up");
  });

  test("is closed by an answer to another caller, though one caller's question goes on failing", async () => {
    const { ask, open, wait, attempt } = breaker();
    await open();
    wait(1_000);
    const stuck = attempt(fails);
    await expect(ask(answers)).resolves.toBe("up");
    await stuck;
    await expect(ask(answers)).resolves.toBe("up");
  });

  test("pauses again when all that were let through fail", async () => {
    const { ask, open, wait, attempt } = breaker();
    await open();
    wait(1_000);
    await expect(ask(fails)).rejects.toThrow("down");
    wait(999);
    await expect(ask(answers)).rejects.toBeInstanceOf(CircuitOpen);
    wait(1);
    await attempt(refuses);
    await expect(ask(answers)).resolves.toBe("up");
  });

  test("does not keep everybody out for as long as a clock was ahead that opened it", async () => {
    const { ask, open, wait } = breaker();
    wait(10 * HOUR);
    await open();
    wait(-10 * HOUR);
    await expect(ask(answers)).resolves.toBe("up");
  });

  test("does not count what failed while the clock was ahead", async () => {
    const { ask, attempt, wait } = breaker();
    wait(10 * HOUR);
    await attempt(fails);
    wait(-10 * HOUR);
    await attempt(fails);
    await expect(ask(answers)).resolves.toBe("up");
  });
});

const HOUR = 3_600_000;

function breaker() {
  let time = 0;
  const ask = circuitBreaker({
    failures: 2,
    rate: 0.5,
    windowMilliseconds: 10_000,
    pauseMilliseconds: 1_000,
    isFailure: (error) => error instanceof Away,
    now: () => time,
  });
  const attempt = async (question: () => Promise<string>) => {
    await ask(question).catch(() => undefined);
  };
  return {
    ask,
    attempt,
    wait: (milliseconds: number) => {
      time += milliseconds;
    },
    open: async () => {
      for (let failed = 0; failed < 2; failed += 1) await attempt(fails);
    },
  };
}
