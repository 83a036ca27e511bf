import { describe, expect, test } from "@jest/globals";
import { refuseRobots } from "#token-server/robots/refuse-robots.js";
import { eventually } from "#tests/support/eventually.js";

/** A database in which one answer after the other is found, and then the last one again and again. */
function answering(...answers: readonly (string | null | Error)[]) {
  const asked = { times: 0 };
  const query = () => {
    const answer = answers[Math.min(asked.times, answers.length - 1)] ?? null;
    asked.times += 1;
    if (answer instanceof Error) return Promise.reject(answer);
    return Promise.resolve({ rows: answer === null ? [] : [{ login: answer }] });
  };
  return { db: { query } as never, asked };
}
const log = { warn: () => undefined, fatal: () => undefined } as never;

describe("authentication that is off", () => {
  test("does not begin while nobody can say whether there are robots, and ends when it is told to", async () => {
    const { db, asked } = answering(new Error("away"));
    const part = refuseRobots({ db, log, migrated: () => true, end: () => undefined });
    let hasBegun = false;
    const beginning = part.start().then(() => (hasBegun = true));
    await eventually("it asks once more", () => asked.times >= 2);
    expect(hasBegun).toBe(false);
    await part.stop();
    await beginning;
  });

  test("does not begin beside a robot", async () => {
    const { db } = answering(new Error("away"), "robot-alpha-ci");
    const part = refuseRobots({ db, log, migrated: () => true, end: () => undefined });
    await expect(part.start()).rejects.toThrow("robot-alpha-ci");
  });

  test("ends when a robot is made later, once, and looks no more", async () => {
    const { db, asked } = answering(null, null, "robot-alpha-ci");
    let ends = 0;
    const end = () => void (ends += 1);
    const part = refuseRobots({ db, log, migrated: () => true, end }, 1);
    await part.start();
    await eventually("it has ended", () => ends > 0);
    await part.stop();
    expect([ends, asked.times]).toEqual([1, 3]);
  });
});
