import { describe, expect, test } from "@jest/globals";
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { authorOf } from "#audit-log/changed-by.js";
import { fileFact, keysFact, loginsFact, policyFact } from "#audit-log/facts.js";
import { lastFact } from "#audit-log/known-facts.js";
import { changesIn } from "#audit-log/questions/changes.js";
import { recordAudit } from "#audit-log/record-audit.js";
import { factQueue, recordFact, type Fact, type FactDeps } from "#audit-log/record-fact.js";
import { SILENT } from "#tests/support/ledger.js";
import { temporaryFolder } from "#tests/support/temporary-folder.js";
import { startRelay } from "#tests/support/tcp-relay.js";
import type { TestPostgres } from "#tests/support/postgres.js";
import { waitUntil } from "#local/processes/wait.js";
import { useAuditLog, type TestAuditLog } from "./support/audited.js";

type FactDifference = NonNullable<Fact["difference"]>;

const sha256Of = (text: string) => createHash("sha256").update(text).digest("hex");

let postgres: TestPostgres;
let log: TestAuditLog;
let deps: FactDeps;

useAuditLog((made, on) => {
  [log, postgres] = [made, on];
  deps = { db: log.db, audit: recordAudit, log: SILENT };
});

const policy = (sha256: string) =>
  policyFact({ path: "policy.yaml", rules: 3, sha256, content: `rules of ${sha256}` });
const keys = (owner: string, ...keyIds: string[]) =>
  keysFact(
    owner,
    keyIds.map((keyId) => ({ name: keyId, keyId, signsFrom: "ever" })),
  );
const recorded = async () =>
  (await log.ledger.audited()).map(({ action, detail }) => [action, detail["fingerprint"]]);

describe("what every replica reads from files", () => {
  test("is recorded once, however many replicas notice it at the same moment", async () => {
    const noticed = Array.from({ length: 10 }, () => recordFact(deps, policy("a")));
    expect((await Promise.all(noticed)).filter((isNew) => isNew)).toHaveLength(1);
    expect(await recorded()).toEqual([["policy.changed", "a"]]);
  });

  test("is recorded at each change, also back to what it was before", async () => {
    for (const sha256 of ["a", "a", "b", "b", "a"]) await recordFact(deps, policy(sha256));
    expect(await recorded()).toEqual(["a", "b", "a"].map((sha256) => ["policy.changed", sha256]));
  });

  test("is recorded for each service apart", async () => {
    for (const fact of [keys("gateway", "k1"), keys("token-server", "k1"), keys("gateway", "k1")])
      await recordFact(deps, fact);
    expect(await recordFact(deps, keys("gateway", "k1", "k2"))).toBe(true);
    expect(await log.ledger.audited()).toMatchObject([
      { action: "key.rotated", detail: { subject: "gateway" } },
      { action: "key.rotated", detail: { subject: "token-server" } },
      { action: "key.rotated", detail: { subject: "gateway", keys: [{}, { keyId: "k2" }] } },
    ]);
  });

  test("says who changed it: what stands beside the very file, else who deployed, else nobody", async () => {
    const folder = await temporaryFolder();
    const path = join(folder.path, "policy.yaml");
    const [as, changedBy] = [(detail: object) => ({ detail }), "ci commit 1a2b"];
    const author = (deployment: string | null) => authorOf(path, deployment);
    const change = async (content: string, deployment: string | null) => {
      await writeFile(path, content);
      const fact = policyFact({ path, rules: 1, sha256: sha256Of(content), content });
      await recordFact(deps, { ...fact, author: () => author(deployment) });
    };
    await change("one", null);
    await change("two", changedBy);
    await writeFile(`${path}.by`, `${sha256Of("three")}  carol\u001b[31m, commit 3c4d\nmore`);
    await change("three", changedBy);
    // What stands there is about the content before: nobody is named for what somebody else did.
    await change("four", null);
    await folder.remove();
    const entries = await log.ledger.audited();
    expect(entries).toMatchObject([
      as({ path }),
      as({ changedBy, saidBy: "deployment" }),
      as({ changedBy: "carol\uFFFD[31m, commit 3c4d", saidBy: "file beside it" }),
      as({ path }),
    ]);
    for (const place of [0, 3]) expect(entries[place]?.detail).not.toHaveProperty("changedBy");
    const { changes } = await changesIn(log.db, { from: new Date(0), to: new Date("9999-12-31") });
    expect(changes.map(({ by }) => by)).toEqual([
      "file",
      "ci commit 1a2b (says the deployment)",
      "carol\uFFFD[31m, commit 3c4d (says the file beside it)",
      "file",
    ]);
  });

  test("waits, in its order, for a database that is away", async () => {
    const relay = await startRelay(postgres.login.port);
    await relay.cut();
    const db = log.ledger.open({ port: relay.port });
    const queue = factQueue({ ...deps, db });
    queue.add(policy("a"));
    await queue.start();
    queue.add(policy("b"));
    await relay.mend();
    expect(await waitUntil(async () => (await recorded()).length === 2, { withinMs: 20_000 })).toBe(
      true,
    );
    expect(await recorded()).toEqual([
      ["policy.changed", "a"],
      ["policy.changed", "b"],
    ]);
    await queue.stop();
    await relay.cut();
  });
});

test("a fact is known however often others of its kind have changed since", async () => {
  await recordFact(deps, policy("a"));
  for (let i = 0; i < 120; i += 1)
    await recordFact(deps, loginsFact({ path: "logins.yaml", yaml: `teams: {t${i}: []}\n` }));
  expect(await recordFact(deps, policy("a"))).toBe(false);
  expect(await recordFact(deps, policy("b"))).toBe(true);
});

describe("a file that changed", () => {
  const fact = (content: string, difference?: FactDifference) => ({
    ...fileFact("tags", { path: "tags.yaml", sha256: sha256Of(content), content }),
    ...(difference === undefined ? {} : { difference }),
  });
  const newest = async () => (await lastFact(log.db, "policy.changed", "tag policy"))?.detail;

  test("is on record with what it says otherwise, in words, and no more of them than are read", async () => {
    await recordFact(
      deps,
      fact("one", () => ["never told of the first"]),
    );
    expect(await newest()).not.toHaveProperty("changed");
    const told: string[][] = [];
    const many = (...both: [string, string]) => {
      told.push(both);
      return Array.from({ length: 60 }, (_, i) => `rule r${i}: ${"x".repeat(400)}`);
    };
    await recordFact(deps, fact("two", many));
    const detail = await newest();
    expect(told).toEqual([["one", "two"]]);
    expect(detail).toMatchObject({ more: 10, fingerprint: sha256Of("two") });
    const changed = detail?.["changed"] as string[];
    expect([changed.length, changed[0]?.length]).toEqual([50, 300]);
  });

  test("says nothing of the difference where what it said before was not kept", async () => {
    const unkept = { ...fact("three"), content: undefined };
    await recordFact(deps, unkept as never);
    await recordFact(
      deps,
      fact("four", () => ["something"]),
    );
    expect(await newest()).not.toHaveProperty("changed");
  });
});
