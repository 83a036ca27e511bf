import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { AuditEntry } from "#audit-log/entry.js";
import { recordAudit } from "#audit-log/record-audit.js";
import { orderedBy } from "#gateway/commands/discover/ordered-by.js";
import { parseCommand } from "#gateway/commands/discover/options.js";
import { forgetOnRecord } from "#gateway/mode/forget-gateway.js";
import { garbageRecord } from "#gateway/mode/garbage-record.js";
import { operator } from "#audit-log/operator.js";
import { startLedger, type StartedLedger } from "#tests/support/ledger.js";

let ledger: StartedLedger;
beforeAll(async () => {
  ledger = await startLedger();
});
afterAll(() => ledger.stop());

const OLGA = operator("olga", {}, { account: "root", host: "h1" });

async function onRecord(like: string): Promise<AuditEntry[]> {
  const { rows } = await ledger.db.query<{ entry: AuditEntry }>(
    "select content::json as entry from audit.entry where action like $1 order by at",
    [like],
  );
  return rows.map(({ entry }) => entry);
}
const deps = () => ({ db: ledger.db, audit: recordAudit });

describe("what an operator does beside the registry is on record, by name:", () => {
  test("a gateway that is not waited for any more, once", async () => {
    await ledger.db.query(
      `insert into ledger.gateway (name, mode_changed_at, writes, process, seen_at)
       values ('g1:8080/x', now(), 1, '{}', now())`,
    );
    await forgetOnRecord(deps(), "g1:8080/x", OLGA);
    await forgetOnRecord(deps(), "g1:8080/x", OLGA);
    expect(await onRecord("gateway.%")).toMatchObject([
      {
        action: "gateway.forgotten",
        actor: { uid: "olga", kind: "command", address: "h1", userAgent: "run as root" },
        detail: { gateway: "g1:8080/x" },
      },
    ]);
  });

  test("garbage: what is planned, and what came of it", async () => {
    const record = garbageRecord(deps(), OLGA, "untagged manifests");
    await record.begun({ manifests: 3 });
    await record.ended({ deleted: 2, kept: 1, gone: 0 });
    expect(await onRecord("garbage.%")).toMatchObject([
      { action: "garbage.begun", actor: { uid: "olga" }, detail: { manifests: 3 } },
      { action: "garbage.ended", reason: "untagged manifests", detail: { deleted: 2, kept: 1 } },
    ]);
  });

  test("a repair; a pass as gateways make them, and a dry run, are nobody's", async () => {
    for (const words of [[], ["--dry-run", "--repair"]]) {
      const plain = orderedBy(deps(), parseCommand(words));
      await plain.begun();
      await plain.ended(null);
    }
    expect(await onRecord("discovery.%")).toEqual([]);
    const repair = orderedBy(deps(), parseCommand(["--repair", "--by", "olga"]));
    await repair.begun();
    await repair.ended(null);
    expect(await onRecord("discovery.%")).toMatchObject([
      {
        action: "discovery.begun",
        reason: "repair",
        actor: { uid: "olga" },
        detail: { of: "all" },
      },
      { action: "discovery.ended", actor: { uid: "olga" }, detail: { done: false } },
    ]);
  });
});
