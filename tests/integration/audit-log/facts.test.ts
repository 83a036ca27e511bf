import { describe, expect, test } from "@jest/globals";
import { keysFact, loginsFact, policyFact } from "#audit-log/facts.js";
import { recordAudit } from "#audit-log/record-audit.js";
import { factQueue, recordFact, type FactDeps } from "#audit-log/record-fact.js";
import { SILENT } from "#tests/support/ledger.js";
import { startRelay } from "#tests/support/tcp-relay.js";
import type { TestPostgres } from "#tests/support/postgres.js";
import { waitUntil } from "#local/processes/wait.js";
import { useAuditLog, type TestAuditLog } from "./support/audited.js";

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
