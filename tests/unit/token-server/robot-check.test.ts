import { describe, expect, test } from "@jest/globals";
import { robotCheck } from "#token-server/robots/check-at-start.js";
import type { ExceedingRobot } from "#token-server/robots/exceeding.js";
import { readableLog } from "#tests/integration/logins/support/log.js";
import { eventually } from "#tests/support/eventually.js";

const exceeding = (login: string): ExceedingRobot => ({
  ...{ login, team: "alpha", createdBy: "alice", vouchedBy: "/employees/alice" },
  ...{ expiresAt: new Date(0), excesses: [], endsTooLate: true },
});

describe("at start the log", () => {
  test("tells how many robots exceed today's policy, and which, and what shows why", async () => {
    const robots = Array.from({ length: 30 }, (_, index) => exceeding(`robot-alpha-${index}`));
    const log = await logOf(() => Promise.resolve(robots), "robots.exceed");
    expect(log.linesOf("robots.exceed")).toMatchObject([
      {
        count: 30,
        robots: robots.slice(0, 20).map(({ login }) => login),
        message: "robots may do more than who vouches for them: wharf robots check",
      },
    ]);
  });

  test("says that they were not checked while the database is away", async () => {
    const log = await logOf(() => Promise.reject(new Error("away")), "robots.not-checked");
    expect(log.linesOf("robots.exceed")).toEqual([]);
  });
});

async function logOf(look: () => Promise<readonly ExceedingRobot[]>, event: string) {
  const log = readableLog();
  const check = robotCheck(look, log.log);
  await check.start();
  await eventually(`the log has ${event}`, () => log.linesOf(event).length === 1);
  await check.stop();
  return log;
}
