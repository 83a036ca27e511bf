import { describe, expect, test } from "@jest/globals";
import { SYSTEM } from "#audit-log/entry.js";
import { fileFact, loginsFact, settingsFact } from "#audit-log/facts.js";
import { parseAskedImage } from "#audit-log/questions/asked-image.js";
import { changesIn } from "#audit-log/questions/changes.js";
import { quarterIn } from "#audit-log/questions/quarter.js";
import { reportOf } from "#audit-log/questions/report.js";
import { reportShown } from "#audit-log/questions/report-shown.js";
import { asCsv, asText } from "#audit-log/questions/table.js";
import { whoCould, type AskedWhoCould } from "#audit-log/questions/who-could.js";
import { whoPulled, whoPulledShown } from "#audit-log/questions/who-pulled.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import { useAuditLog, type TestAuditLog } from "./support/audited.js";
import { ALICE } from "../ledger/support/rows.js";
import { digestOf as digest, onRecord, policySaying } from "./support/on-record.js";

let log: TestAuditLog;

useAuditLog((made) => {
  log = made;
});

const ALWAYS = { from: null, to: null };
const { fact: record, entry: append, pulls: pulled, now } = onRecord(() => log);

describe("who pulled an image", () => {
  const pullers = async (image: string, stretch: { from: Date | null; to: Date | null } = ALWAYS) =>
    (await whoPulled(log.db, parseAskedImage(image), stretch)).pulls.map(({ uid }) => uid).sort();

  test("is told wherever it was pulled, by digest, and in one repository", async () => {
    await pulled();
    await pulled({ repository: parseRepositoryName("beta/copy"), tag: null, uid: "bob" });
    await pulled({ digest: digest("b"), uid: "carol" });
    expect(await pullers(digest("a"))).toEqual(["alice", "bob"]);
    expect(await pullers(`beta/copy@${digest("a")}`)).toEqual(["bob"]);
    expect(await pullers(digest("c"))).toEqual([]);
  });

  test("is told of all that a tag meant, and by whatever name it was pulled", async () => {
    const tag = { repository: "alpha/app", tag: "dev" };
    await append({ ...tag, digest: digest("a") });
    await append({ ...tag, digest: digest("b") });
    await pulled({ tag: "other", uid: "alice" });
    await pulled({ tag: "dev", digest: digest("b"), uid: "bob" });
    await pulled({ tag: "dev", digest: digest("c"), uid: "carol" });
    expect(await pullers("alpha/app:dev")).toEqual(["alice", "bob"]);
    const { notes } = await whoPulled(log.db, parseAskedImage("alpha/app:none"), ALWAYS);
    expect(notes[0]).toContain("no push of this tag is on record");
  });

  test("is told of the indexes that an image is in, since whoever pulls one has it", async () => {
    await log.db.query(
      `insert into ledger.manifest_link (repository, digest, children)
       values ('alpha/app', $1, array[ledger.digest_bytes($2)])`,
      [digest("b"), digest("a")],
    );
    await pulled({ digest: digest("b"), uid: "bob" });
    expect(await pullers(digest("a"))).toEqual(["bob"]);
    expect(await pullers(digest("b"))).toEqual(["bob"]);
  });

  test("is told from then to then", async () => {
    const [first, second] = [new Date("2026-11-20T10:00:00Z"), new Date("2026-11-21T10:00:00Z")];
    await pulled({ firstAt: first, lastAt: first });
    await pulled({ uid: "bob", firstAt: second, lastAt: second });
    expect(await pullers(digest("a"), { from: second, to: null })).toEqual(["bob"]);
    expect(await pullers(digest("a"), { from: null, to: second })).toEqual(["alice"]);
  });

  test("is told also of what was counted before days were, and nothing is counted twice", async () => {
    await pulled({ count: 3 });
    await log.db.query("delete from ledger.pull_day");
    await pulled({ uid: "bob", count: 4 });
    const { pulls } = await whoPulled(log.db, parseAskedImage(digest("a")), ALWAYS);
    expect(pulls.map(({ uid, count }) => [uid, count]).sort()).toEqual([
      ["alice", 3],
      ["bob", 4],
    ]);
  });

  test("is a table in which a spreadsheet finds no formula, and a terminal nothing to obey", async () => {
    await pulled({ uid: "=cmd()", realm: "\u001b[2J" });
    const shown = whoPulledShown(await whoPulled(log.db, parseAskedImage(digest("a")), ALWAYS));
    expect(asCsv(shown)).toContain('pulls,"\'=cmd()",');
    expect(asText(shown)).toContain("=cmd()  \uFFFD[2J");
    for (const cell of ["=", "+", "-", "@", "\t", "\r"])
      expect(asCsv({ tables: [{ title: cell, columns: [], rows: [[]] }], notes: [] })).toMatch(
        /^table\r\n"'/,
      );
  });
});

describe("who could do something at a moment", () => {
  const asked = (change: Partial<AskedWhoCould> = {}): AskedWhoCould => ({
    ...{ action: "push", repository: parseRepositoryName("alpha/app"), tag: null },
    ...{ at: new Date(), somebody: null, ...change },
  });
  const somebody = (teams: readonly string[] | null, uid = "bob") => ({
    ...({ uid, realm: "/employees", kind: "oauth2", scopes: [], teams, address: null } as const),
  });

  test("is told by the rules of then, and of the rules of no other time", async () => {
    const before = await now();
    await record(policySaying("alpha/**"));
    const first = await now();
    await record(policySaying("beta/**"));
    const second = await now();
    const rules = async (at: Date) => {
      const { policy: file, rules: about } = await whoCould(log.db, asked({ at }));
      return [file?.path ?? null, about.map(({ patterns }) => patterns[0]?.pattern)];
    };
    expect(await rules(before)).toEqual([null, []]);
    expect(await rules(first)).toEqual(["policy.yaml", ["alpha/**"]]);
    expect(await rules(second)).toEqual(["policy.yaml", []]);
  });

  test("says of somebody whether they could, by the teams that are said or that the logins file named", async () => {
    await record(
      policySaying(
        "alpha/**",
        '  - {id: pull, effect: allow, actions: [pull], repositories: ["**"], who: logged-in}\n',
      ),
    );
    await record(
      loginsFact({ path: "logins.yaml", yaml: "teams:\n  alpha: [/employees/carol]\n" }),
    );
    const could = async (teams: readonly string[] | null, uid?: string) =>
      (await whoCould(log.db, asked({ at: await now(), somebody: somebody(teams, uid) }))).decision
        ?.allow;
    expect(await could(["alpha"])).toBe(true);
    expect(await could(["beta"])).toBe(false);
    expect(await could(null, "carol")).toBe(true);
    expect(await could(null)).toBe(false);
    await record(
      settingsFact("token-server", { HTTP_TEAM_SERVICE_URL: "https://teams.example.org" }),
    );
    expect(await could(null, "carol")).toBe(true);
    expect(await could(null)).toBe("teams-needed");
    expect(await could(["beta"])).toBe(false);
  });

  test("says that a push needs pull as well", async () => {
    await record(policySaying("alpha/**"));
    const { decision } = await whoCould(
      log.db,
      asked({ at: await now(), somebody: somebody(["alpha"]) }),
    );
    expect(decision).toMatchObject({ allow: false });
    expect(decision?.reason).toMatch(/^a push needs pull as well: /);
  });

  test("names the rule for a tag of then, and the settings that bear on it", async () => {
    await record(fileFact("tags", { path: "built-in", sha256: "built-in", content: null }));
    await record(settingsFact("gateway", { ALLOW_DELETE: "true", PORT: "8080" }));
    const tag = parseTag("1.0");
    const first = await whoCould(log.db, asked({ action: "delete", at: await now(), tag }));
    expect(first.tagRule).toEqual({ name: "immutable", mutability: "immutable", deletable: false });
    expect(first.settings).toEqual({ gateway: { ALLOW_DELETE: "true" } });
    const yaml = "rules:\n  - {id: dev, effect: mutable, tags: ['*']}\n";
    await record(fileFact("tags", { path: "tags.yaml", sha256: "x", content: yaml }));
    const second = await whoCould(log.db, asked({ action: "delete", at: await now(), tag }));
    expect(second.tagRule).toMatchObject({ name: "dev", mutability: "mutable", deletable: true });
  });
});

describe("what changed who may do what", () => {
  test("is told in the words of the rules, settings, logins and robots, the first first", async () => {
    await record(policySaying("alpha/**"));
    const from = await now();
    await record(policySaying("**"));
    await record(loginsFact({ path: "l", yaml: "teams:\n  alpha: [/employees/alice]\n" }));
    await record(
      loginsFact({ path: "l", yaml: "teams:\n  alpha: [/employees/alice, /employees/bob]\n" }),
    );
    await record(settingsFact("gateway", { ALLOW_DELETE: "false" }));
    await record(settingsFact("gateway", { ALLOW_DELETE: "true" }));
    const robot = { login: "robot-alpha-ci", team: "alpha", expiresAt: "2027-01-01T00:00:00Z" };
    const grants = [{ repositories: "alpha/**", actions: ["pull", "push"] }];
    await append({ action: "robot.created", detail: { ...robot, grants } });
    await append({
      ...{ action: "mode.changed", reason: "moved" },
      detail: { before: "normal", mode: "read-only" },
    });
    await append({ repository: "alpha/app", tag: "1.0" });
    const { changes } = await changesIn(log.db, { from, to: await now() });
    expect(changes.map(({ subject, by, what }) => [subject, by, what])).toEqual([
      ["access policy", "file", ["rule own: repositories alpha/** → **"]],
      ["logins", "file", ["the first on record"]],
      ["logins", "file", ['teams.alpha: "/employees/bob" added']],
      ["gateway", "file", ["the first on record"]],
      ["gateway", "file", ["ALLOW_DELETE: false → true"]],
      [
        "robot-alpha-ci",
        "alice (/employees, oauth2)",
        ["created, of team alpha, until 2027-01-01T00:00:00Z: pull, push in alpha/**"],
      ],
      ["the installation", "alice (/employees, oauth2)", ["normal → read-only: moved"]],
    ]);
  });

  test("is told by its fingerprints where it was not kept what a file said", async () => {
    const { action, subject, fingerprint, reason, detail } = policySaying("alpha/**");
    await record({ action, subject, fingerprint, reason, detail });
    await record(policySaying("**"));
    const { changes } = await changesIn(log.db, { from: new Date(0), to: await now() });
    expect(changes.at(-1)?.what[0]).toMatch(/^sha256 [0-9a-f]{64} → [0-9a-f]{64}$/);
  });
});

describe("a quarter in figures", () => {
  const report = async () => {
    const at = await now();
    const name = `${at.getUTCFullYear()}Q${Math.floor(at.getUTCMonth() / 3) + 1}`;
    const quarter = quarterIn(name);
    if (quarter === null) throw new Error(name);
    return reportOf(log.db, quarter, { now: at, verified: null });
  };

  test("counts what is on record by its number, and tells of logins by what they did and pulled", async () => {
    await append({ repository: "alpha/app", tag: "1.0", digest: digest("a") });
    await append({
      action: "tag.refused",
      repository: "alpha/app",
      tag: "1.0",
      detail: { rule: "immutable" },
    });
    const counted = { code: "DENIED", count: 7 };
    await append({ action: "access.refused", detail: counted });
    await append({
      action: "login.failed",
      actor: SYSTEM,
      detail: { shown: "robot", outcome: "refused", count: 5 },
    });
    await append({ action: "tag.drifted", actor: SYSTEM });
    await pulled({ realm: "/employees" });
    const [first, last] = [new Date(Date.now() - 3_000), new Date(Date.now() - 2_000)];
    await pulled({ uid: "bob", count: 2, firstAt: first, lastAt: last });
    await log.checkpoint();
    const { logins, refusals, failedLogins, drift, entries, checkpoints } = await report();
    expect(entries).toBe(5);
    expect(logins.map(({ uid, entries: deeds, pulls }) => [uid, deeds, pulls])).toEqual([
      ["alice", 3, 1],
      ["bob", 0, 2],
    ]);
    expect(logins[1]).toMatchObject({ firstAt: first.toISOString(), lastAt: last.toISOString() });
    const kinds = (of: readonly { kind: string; count: number }[]) =>
      of.map(({ kind, count }) => [kind, count]);
    expect(kinds(refusals)).toEqual([
      ["access.refused: DENIED", 7],
      ["tag.refused: immutable", 1],
    ]);
    expect(kinds(failedLogins)).toEqual([["robot, refused", 5]]);
    expect(kinds(drift)).toEqual([["tag.drifted", 1]]);
    expect(checkpoints).toMatchObject({ count: 1, first: 1, last: 1, mostEntries: 5 });
  });

  test("tells of each robot how old it is, when it was used, and who disabled it first", async () => {
    const detail = { login: "robot-alpha-ci", team: "alpha", expiresAt: "2027-01-01T00:00:00Z" };
    await append({ action: "robot.created", detail });
    await append({ action: "robot.created", detail: { ...detail, login: "robot-alpha-idle" } });
    await append({
      actor: { ...ALICE, uid: "robot-alpha-ci", kind: "robot" },
      repository: "alpha/app",
    });
    await append({ action: "robot.disabled", detail });
    const at = await now();
    await append({ action: "robot.disabled", detail });
    const { robots, notes } = await report();
    expect(robots).toMatchObject([
      { login: "robot-alpha-ci", team: "alpha", createdBy: "alice", ageDays: 0 },
      { login: "robot-alpha-idle", lastUsedAt: null, disabledAt: null },
    ]);
    expect(robots[0]?.lastUsedAt).not.toBeNull();
    expect(Date.parse(robots[0]?.disabledAt ?? "")).toBeLessThan(at.getTime());
    expect(notes[0]).toContain("not over");
  });

  test("names the teams that administer, with the members that a file names", async () => {
    await record(settingsFact("token-server", { ADMIN_TEAMS: "ops, owners" }));
    await record(loginsFact({ path: "l", yaml: "teams:\n  ops: [/employees/carol]\n" }));
    const shown = await report();
    expect(shown.administrators).toEqual({ ops: ["/employees/carol"], owners: [] });
    expect(asText(reportShown(shown))).toMatch(/ops +\/employees\/carol\n +owners +-\n/);
  });
});
