import { describe, expect, test } from "@jest/globals";
import { CircuitOpen, circuitBreaker } from "#token-server/identity/safeguards/circuit-breaker.js";

const fails = () => Promise.reject(new Error("down"));
const answers = () => Promise.resolve("up");

describe("a circuit breaker", () => {
  test("lets every question through as long as fewer than the limit fail in a row", async () => {
    const { ask } = breaker();
    for (const question of [fails, answers, fails, answers, fails])
      await ask(question).catch(() => undefined);
    await expect(ask(answers)).resolves.toBe("up");
  });

  test("stops asking after that many failures in a row", async () => {
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

  test("lets one question through after the pause, and all of them once it was answered", async () => {
    const { ask, open, wait } = breaker();
    await open();
    wait(1_000);
    let answer: (text: string) => void = () => undefined;
    const probe = ask(() => new Promise<string>((resolve) => (answer = resolve)));
    await expect(ask(answers)).rejects.toBeInstanceOf(CircuitOpen);
    answer("up again");
    await expect(probe).resolves.toBe("up again");
    await expect(ask(answers)).resolves.toBe("up");
  });

  test("pauses again when that one fails", async () => {
    const { ask, open, wait } = breaker();
    await open();
    wait(1_000);
    await expect(ask(fails)).rejects.toThrow("down");
    wait(999);
    await expect(ask(answers)).rejects.toBeInstanceOf(CircuitOpen);
    wait(1);
    await expect(ask(answers)).resolves.toBe("up");
  });
});

function breaker() {
  let time = 0;
  const ask = circuitBreaker({ failures: 2, pauseMilliseconds: 1_000, now: () => time });
  return {
    ask,
    wait: (milliseconds: number) => {
      time += milliseconds;
    },
    open: async () => {
      for (let failed = 0; failed < 2; failed += 1) await ask(fails).catch(() => undefined);
    },
  };
}
