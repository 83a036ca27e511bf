import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import {
  disableRobot,
  enableRobot,
  findRobot,
  insertRobot,
  listLivingRobots,
  listRobots,
  readRobot,
  rotateRobot,
  touchRobot,
  type RobotName,
} from "#token-server/robots/sql.js";
import { startTestTokenServer, type TestTokenServer } from "#tests/support/token-server.js";

const DAY = 86_400_000;
const ROBOTS: readonly RobotName[] = [
  { team: "alpha", name: "ci" },
  { team: "alpha", name: "other" },
  { team: "beta", name: "ci" },
];
const CI = { team: "alpha", name: "ci" };
const LOGIN = "robot-alpha-ci";
const BOB = { kind: "oauth2", realm: "/employees", uid: "bob", scopes: [], claims: {}, teams: [] };
const VOUCHER = { ...BOB, kind: "oauth2" as const };

let server: TestTokenServer;
let expiresAt: Date;
beforeAll(async () => {
  server = await startTestTokenServer();
});
beforeEach(async () => {
  await server.db.query("delete from token_server.robot");
  expiresAt = new Date(Date.now() + 10 * DAY);
  for (const { team, name } of ROBOTS)
    await insertRobot(server.db, {
      ...{ team, name, login: `robot-${team}-${name}`, description: "", grants: [], expiresAt },
      ...{ secretHash: "old", createdBy: "alice", vouchedBy: VOUCHER, service: null },
    });
});
afterAll(() => server.stop());

/** Logins of the robots of which something is other than it was made. */
async function changed(): Promise<string[]> {
  const { rows } = await server.db.query<{ login: string }>(
    `select login from token_server.robot
     where secret_hash <> 'old' or disabled_at is not null or expires_at <> $1
       or last_used_at is not null
     order by login`,
    [expiresAt],
  );
  return rows.map(({ login }) => login);
}

describe("of robots of one team, and of one name in two teams,", () => {
  test("one alone gets a new secret", async () => {
    const secret = { secretHash: "new", expiresAt, vouchedBy: VOUCHER, previousEndsAt: null };
    expect((await rotateRobot(server.db, { ...CI, ...secret }))?.login).toBe(LOGIN);
    expect(await changed()).toEqual([LOGIN]);
  });

  test("one alone is switched off, and on", async () => {
    await disableRobot(server.db, { ...CI, by: "alice" });
    expect(await changed()).toEqual([LOGIN]);
    for (const robot of ROBOTS) await disableRobot(server.db, { ...robot, by: "alice" });
    await enableRobot(server.db, { ...CI, expiresAt, vouchedBy: VOUCHER });
    expect(await changed()).toEqual(["robot-alpha-other", "robot-beta-ci"]);
  });

  test("one alone is noted as used, and once in a minute", async () => {
    await touchRobot(server.db, LOGIN);
    expect(await changed()).toEqual([LOGIN]);
    const first = (await findRobot(server.db, LOGIN))?.lastUsedAt;
    await touchRobot(server.db, LOGIN);
    expect((await findRobot(server.db, LOGIN))?.lastUsedAt).toEqual(first);
  });

  test("that one is read", async () => {
    for (const { team, name } of ROBOTS) {
      const login = `robot-${team}-${name}`;
      expect((await readRobot(server.db, { team, name }))?.login).toBe(login);
      expect((await findRobot(server.db, login))?.team).toBe(team);
    }
    expect(await readRobot(server.db, { team: "beta", name: "other" })).toBeNull();
    expect(await findRobot(server.db, "robot-beta-other")).toBeNull();
  });

  test("a team's own are listed", async () => {
    const names = (await listRobots(server.db, "alpha")).map(({ login }) => login);
    expect(names).toEqual([LOGIN, "robot-alpha-other"]);
  });

  test("nothing is changed of one that is not there", async () => {
    const none = { team: "gamma", name: "ci" };
    const wanted = { expiresAt, vouchedBy: VOUCHER };
    expect(
      await rotateRobot(server.db, { ...none, ...wanted, secretHash: "new", previousEndsAt: null }),
    ).toBeNull();
    expect(await disableRobot(server.db, { ...none, by: "alice" })).toBeNull();
    expect(await enableRobot(server.db, { ...none, ...wanted })).toBeNull();
    expect(await changed()).toEqual([]);
  });
});

describe("a robot that is switched on", () => {
  test.each([
    ["keeps an end that came nearer meanwhile", 20, 10],
    ["ends as it is told where that is sooner", 5, 5],
  ])("%s", async (_what, asked, days) => {
    const wanted = { ...CI, expiresAt: new Date(Date.now() + asked * DAY), vouchedBy: VOUCHER };
    const ends = (await enableRobot(server.db, wanted))?.expiresAt.getTime() ?? 0;
    expect(Math.round((ends - Date.now()) / DAY)).toBe(days);
  });
});

test("robots that can log in are those that are on, and whose time is not over", async () => {
  const living = async (after: string, most: number, at = new Date()) =>
    (await listLivingRobots(server.db, { after, most, at })).map(({ login }) => login);
  expect(await living("", 2)).toEqual([LOGIN, "robot-alpha-other"]);
  expect(await living("robot-alpha-other", 2)).toEqual(["robot-beta-ci"]);
  await disableRobot(server.db, { ...CI, by: "alice" });
  expect(await living("", 10)).toEqual(["robot-alpha-other", "robot-beta-ci"]);
  expect(await living("", 10, expiresAt)).toEqual([]);
});

test("of a robot that is disabled twice it is known who did it first, and when", async () => {
  const first = await disableRobot(server.db, { ...CI, by: "alice" });
  const second = await disableRobot(server.db, { ...CI, by: "bob" });
  expect(second).toEqual(first);
  const { rows } = await server.db.query<{ by: string }>(
    "select disabled_by as by from token_server.robot where disabled_at is not null",
  );
  expect(rows).toEqual([{ by: "alice" }]);
});
