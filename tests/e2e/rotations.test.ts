import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { findDebianPackage } from "#tests/support/debian-package.js";
import { explain, refusedNotifications } from "#tests/drills/operators-week/explain.js";
import { startInstallation, type Installation } from "#tests/drills/operators-week/installation.js";
import { makeRobot, POLICY } from "#tests/drills/operators-week/pipeline.js";
import {
  changeDatabaseRole,
  changeNotificationSecret,
  rotateRobot,
  type Robot,
} from "#tests/drills/operators-week/rotations.js";
import { Traffic } from "#tests/drills/operators-week/traffic.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";

// Signing keys: key-rotation.test.ts.
const ROBOTS = 2;
const missing = typeof (await findDebianPackage("nginx")) === "string";

(missing ? describe.skip : describe)("under traffic, by the recipes of docs/rotation.md", () => {
  let folder: TemporaryFolder;
  let installation: Installation;
  let robot: Robot;

  beforeAll(async () => {
    folder = await temporaryFolder();
    installation = await startInstallation(folder.path, {
      policy: POLICY,
      secretOf: ({ dataDir }) => readFile(join(dataDir, "secrets", "notification"), "utf8"),
    });
    robot = await makeRobot(installation.url, ROBOTS);
  });
  afterAll(async () => {
    await installation.stop();
    await folder.remove();
  });

  test.each([
    ["a robot's secret", () => rotateRobot(installation, robot)],
    ["the database's passwords", () => changeDatabaseRole(installation)],
  ])("%s: nothing fails", async (_what, rotate) => {
    const { traffic } = await underTraffic(rotate);
    expect(traffic.failures).toEqual([]);
    expect(traffic.done.pushes).toBeGreaterThan(0);
  });

  test("the notification secret: nothing fails but while the only registry restarts, no notification is refused", async () => {
    const restarts: { from: number; to: number }[] = [];
    const noting: Installation = {
      ...installation,
      reconfigureRegistry: async (change) => {
        const from = Date.now();
        await installation.reconfigureRegistry(change);
        restarts.push({ from, to: Date.now() });
      },
    };
    const { traffic } = await underTraffic(() => changeNotificationSecret(noting));
    const windows = restarts.map((time) => ({ ...time, what: "it", explains: "the registry" }));
    const isExplained = (failure: { at: number }) => explain(failure, windows).explains;
    expect(traffic.failures.filter((failure) => !isExplained(failure))).toEqual([]);
    expect(restarts).toHaveLength(1);
    expect(refusedNotifications(installation)).toEqual([]);
  });

  async function underTraffic(rotate: () => Promise<void>) {
    const traffic = new Traffic();
    const alice = { user: "oauth2", secret: "alice-token" };
    traffic.start(installation.url, [alice, { ...alice }, ...robot.logins]);
    try {
      await rotate();
    } finally {
      await traffic.end();
    }
    return { traffic };
  }
});
