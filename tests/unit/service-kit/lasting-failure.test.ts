import { expect, test } from "@jest/globals";
import { lastingFailure } from "#service-kit/lasting-failure.js";

const REFUSED = () => new Error("connect ECONNREFUSED");

function failure() {
  const told: { reason: string; failures: number }[] = [];
  let at = 0;
  const failing = lastingFailure(
    ({ err, failures }) => told.push({ reason: (err as Error).message, failures }),
    () => at,
  );
  return { failing, told, pass: (milliseconds: number) => (at += milliseconds) };
}

test("a failure that lasts is told when it begins and once a minute, with how often it was tried", () => {
  const { failing, told, pass } = failure();
  for (let second = 0; second < 121; second += 1) {
    failing.failed(REFUSED());
    pass(1_000);
  }
  expect(told.map(({ failures }) => failures)).toEqual([1, 60, 60]);
});

test("another failure, or another cause, is told at once; two that take turns are told once a minute each", () => {
  const { failing, told, pass } = failure();
  const wrapped = (cause: string) => new Error("away", { cause: new Error(cause) });
  for (let second = 0; second < 59; second += 1) {
    failing.failed(REFUSED());
    failing.failed(wrapped("timeout"));
    failing.failed(wrapped("certificate"));
    pass(1_000);
  }
  expect(told.map(({ reason }) => reason)).toEqual(["connect ECONNREFUSED", "away", "away"]);
});

test("the same failure after a success is a new one", () => {
  const { failing, told } = failure();
  failing.failed(REFUSED());
  failing.worked();
  failing.failed(REFUSED());
  expect(told).toHaveLength(2);
});

test("failures that never say the same make no line each", () => {
  const { failing, told } = failure();
  for (let each = 0; each < 100; each += 1) failing.failed(new Error(`number ${each}`));
  expect(told).toHaveLength(5);
});
