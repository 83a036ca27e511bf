import { describe, expect, test } from "@jest/globals";
import { SYSTEM } from "#audit-log/entry.js";
import { loginsFact, settingsFact } from "#audit-log/facts.js";
import { parseAskedImage } from "#audit-log/questions/asked-image.js";
import { changesIn } from "#audit-log/questions/changes.js";
import { leftForArchives } from "#audit-log/questions/left-for-archives.js";
import { reportOf } from "#audit-log/questions/report.js";
import { whoCould, type AskedWhoCould } from "#audit-log/questions/who-could.js";
import { whoPulled } from "#audit-log/questions/who-pulled.js";
import { insertCut } from "#audit-log/sql/cuts.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { insertPullDays } from "#tests/support/pulls.js";
import { useAuditLog, type TestAuditLog } from "./support/audited.js";
import { ALICE } from "../ledger/support/rows.js";
import { digestOf, onRecord, policySaying } from "./support/on-record.js";

let log: TestAuditLog;
useAuditLog((made) => {
  log = made;
});

const { fact, entry, pulls, now } = onRecord(() => log);
const EVER = { from: null, to: null };
const LEFT = "have left for archives";
const asked = (change: Partial<AskedWhoCould>): AskedWhoCould => ({
  ...{ action: "push", repository: parseRepositoryName("alpha/app"), tag: null },
  ...{ at: new Date(), somebody: null, ...change },
});
const said = (notes: readonly string[], text: string) => notes.some((note) => note.includes(text));
const cutAt = () =>
  log.db.transaction((tx) =>
    insertCut(
      tx,
      { number: 1, until: new Date("2026-10-31"), month: "2026-10", sha256: "", entries: 0 },
      [],
    ),
  );

describe("what changed", () => {
  const whatChanged = async () =>
    (await changesIn(log.db, { from: new Date(0), to: await now() })).changes.map(
      ({ what }) => what,
    );

  test("is no difference of a file that is not named, or of no fingerprint", async () => {
    for (const detail of [{ fingerprint: "1" }, { subject: "access policy", fingerprint: "" }, {}])
      await entry({ action: "policy.changed", detail });
    expect(await whatChanged()).toEqual([[], [], []]);
  });

  test("is told of rules in their words where both files can be read, and else line by line", async () => {
    await fact(policySaying("alpha/**"));
    await fact(policySaying("beta/**"));
    await fact(policySaying("beta/**", "  - {id: odd, effect: perhaps}\n"));
    await fact(policySaying("gamma/**"));
    const [, inWords, unreadable, again] = await whatChanged();
    expect(inWords).toEqual(["rule own: repositories alpha/** → beta/**"]);
    for (const lines of [unreadable, again]) expect(lines?.join()).toMatch(/^rules/);
  });
});

describe("what left for archives", () => {
  test("is told of questions about times before it did, and about all times", async () => {
    expect(await leftForArchives(log.db, null)).toEqual([]);
    const before = await now();
    await cutAt();
    const after = await now();
    const told = async (from: Date | null) => said(await leftForArchives(log.db, from), LEFT);
    expect([await told(null), await told(before), await told(after)]).toEqual([true, true, false]);
  });

  test("is told of what a tag meant, and not of an image by its digest: pulls are no entries", async () => {
    await cutAt();
    const notes = async (image: string) =>
      (await whoPulled(log.db, parseAskedImage(image), EVER)).notes;
    expect(said(await notes("alpha/app:1.0"), LEFT)).toBe(true);
    expect(said(await notes(digestOf("a")), LEFT)).toBe(false);
  });
});

describe("who pulled", () => {
  const notesOf = async (image: string) =>
    (await whoPulled(log.db, parseAskedImage(image), EVER)).notes;

  test("says what there was no room for, and only then", async () => {
    await pulls();
    const NO_ROOM = "left out for want of room";
    expect(said(await notesOf(digestOf("a")), NO_ROOM)).toBe(false);
    await log.db.query(
      "insert into ledger.pull_left_out (repository, records, pulls, last_at) values ('alpha/app', 1, 1, now())",
    );
    expect(said(await notesOf(digestOf("a")), NO_ROOM)).toBe(true);
  });

  test("says that a tag was never pushed, and of no tag that was", async () => {
    const NEVER = "no push of this tag is on record";
    await entry({ repository: "alpha/app", tag: "1.0", digest: digestOf("a") });
    expect(said(await notesOf("alpha/app:1.0"), NEVER)).toBe(false);
    expect(said(await notesOf("alpha/app:2.0"), NEVER)).toBe(true);
    expect((await whoPulled(log.db, parseAskedImage("alpha/app:1.0"), EVER)).hasMore).toBe(false);
  });
});

describe("who could", () => {
  const could = async (change: Partial<AskedWhoCould> = {}) =>
    whoCould(log.db, asked({ at: await now(), ...change }));
  const somebody = (uid: string, kind: "oauth2" | "robot" = "oauth2") => ({
    ...{ uid, realm: "/employees", kind, scopes: [], teams: null, address: null },
  });

  test("is nobody's to tell of a policy that cannot be read, and it says so", async () => {
    await fact(policySaying("alpha/**", "  - {id: odd, effect: perhaps}\n"));
    const { policy, rules, decision, notes } = await could({ somebody: somebody("alice") });
    expect([policy, rules, decision]).toEqual([null, [], null]);
    expect(said(notes, "no access policy that can be read is on record")).toBe(true);
  });

  test("says how much of teams is known: as the logins file named them, or nothing", async () => {
    const NAMED = "members of a team are told as the logins file named them";
    const UNNAMED = "who was in which team then is not on record";
    const told = async () => {
      const { notes } = await could();
      return [said(notes, NAMED), said(notes, UNNAMED)];
    };
    expect(await told()).toEqual([false, true]);
    await fact(loginsFact({ path: "l", yaml: "users: {}\n" }));
    expect(await told()).toEqual([false, true]);
    await fact(loginsFact({ path: "l", yaml: "teams:\n  alpha: [alice]\n" }));
    expect(await told()).toEqual([true, false]);
  });

  test("counts members of a file by their names alone, too", async () => {
    await fact(
      policySaying(
        "alpha/**",
        '  - {id: pull, effect: allow, actions: [pull], repositories: ["**"], who: logged-in}\n',
      ),
    );
    await fact(loginsFact({ path: "l", yaml: "teams:\n  alpha: [alice, /employees/bob]\n" }));
    for (const [uid, allow] of [
      ["alice", true],
      ["bob", true],
      ["carol", false],
    ] as const)
      // prettier-ignore
      expect((await could({ somebody: somebody(uid) })).decision?.allow).toBe(allow);
  });

  test("is not known of teams that a service names, where one was given", async () => {
    await fact(policySaying("alpha/**"));
    for (const settings of [{ HTTP_TEAM_SERVICE_URL: "" }, { HTTP_ALLOW_PUBLIC_READ: "true" }]) {
      await fact(settingsFact("token-server", settings));
      expect((await could({ somebody: somebody("carol") })).decision?.allow).toBe(false);
    }
    await fact(
      settingsFact("token-server", { HTTP_TEAM_SERVICE_URL: "https://teams.example.org" }),
    );
    expect((await could({ somebody: somebody("carol") })).decision?.allow).toBe("teams-needed");
  });

  test("says of a robot that its grants are told elsewhere", async () => {
    const GRANTED = "a robot could do what it was granted at most";
    expect(said((await could({ somebody: somebody("ci", "robot") })).notes, GRANTED)).toBe(true);
    expect(said((await could({ somebody: somebody("ci") })).notes, GRANTED)).toBe(false);
    expect(said((await could()).notes, GRANTED)).toBe(false);
  });
});

describe("a report", () => {
  const QUARTER = { name: "2026Q4", from: new Date("2026-10-01"), to: new Date("2027-01-01") };
  const report = async (to = QUARTER.to) =>
    reportOf(log.db, { ...QUARTER, to }, { now: await now(), verified: null });

  test("is told as it stands as long as the quarter is not over", async () => {
    const NOT_OVER = "the quarter is not over";
    expect(said((await report(new Date("9999-01-01"))).notes, NOT_OVER)).toBe(true);
    const over = await report(new Date("2026-11-01"));
    expect([over.to, said(over.notes, NOT_OVER)]).toEqual(["2026-11-01T00:00:00.000Z", false]);
    expect(said(over.notes, "there were more names than are told apart")).toBe(false);
  });

  test("tells of a robot when it pulled, and not when somebody of its name did", async () => {
    const created = { team: "alpha", expiresAt: "2027-01-01T00:00:00Z" };
    for (const login of ["robot-alpha-ci", "robot-alpha-idle"])
      await entry({ action: "robot.created", detail: { ...created, login } });
    await pulls({ uid: "robot-alpha-ci", kind: "robot" });
    await pulls({ uid: "robot-alpha-idle", kind: "oauth2" });
    const { robots } = await report(new Date("9999-01-01"));
    expect(robots.map(({ login, lastUsedAt }) => [login, lastUsedAt !== null])).toEqual([
      ...[
        ["robot-alpha-ci", true],
        ["robot-alpha-idle", false],
      ],
    ]);
  });

  test("counts kinds by how often they were, and by name where that is the same", async () => {
    const refused = (rule: string) =>
      entry({ action: "tag.refused", repository: "alpha/app", tag: "1.0", detail: { rule } });
    for (const rule of ["b", "a", "c", "c"]) await refused(rule);
    const { refusals } = await report(new Date("9999-01-01"));
    expect(refusals.map(({ kind, count }) => `${kind} ${count}`)).toEqual([
      ...["tag.refused: c 2", "tag.refused: a 1", "tag.refused: b 1"],
    ]);
  });

  test("names no team that administers where none is named", async () => {
    await fact(settingsFact("token-server", { ADMIN_TEAMS: " , ops ," }));
    expect((await report(new Date("9999-01-01"))).administrators).toEqual({ ops: [] });
  });

  test("names nobody for what was done by itself", async () => {
    await entry({ actor: SYSTEM, action: "tag.drifted" });
    await entry({ actor: ALICE });
    const { logins } = await report(new Date("9999-01-01"));
    expect(logins).toMatchObject([{ uid: "alice", pulls: 0 }]);
  });
});

test("of more than ten thousand callers the latest are told, and that there are more", async () => {
  const fill = (from: number, to: number) =>
    insertPullDays(
      log.db,
      Array.from({ length: to - from + 1 }, (_, i) => ({
        caller: `${from + i}`,
        uid: `u${from + i}`,
      })),
    );
  const asked = async () => {
    const image = parseAskedImage(digestOf("a"));
    const { pulls, hasMore } = await whoPulled(log.db, image, EVER);
    return [pulls.length, hasMore];
  };
  await fill(1, 10_000);
  expect(await asked()).toEqual([10_000, false]);
  await fill(10_001, 10_001);
  expect(await asked()).toEqual([10_000, true]);
});
