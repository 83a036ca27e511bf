import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { fileAt, settingsAt } from "#audit-log/at-one-moment.js";
import { decidingSettings } from "#audit-log/deciding-settings.js";
import { loginsFact, policyFact, settingsFact } from "#audit-log/facts.js";
import type { Fact } from "#audit-log/record-fact.js";
import { reportLog } from "#audit-log/verify/report.js";
import { useAuditLog, type TestAuditLog } from "./support/audited.js";
import { onRecord } from "./support/on-record.js";

let log: TestAuditLog;

useAuditLog((made) => {
  log = made;
});

const { fact: record } = onRecord(() => log);
const sha256Of = (text: string) => createHash("sha256").update(text).digest("hex");
const policy = (content: string) =>
  policyFact({ path: "policy.yaml", rules: 1, sha256: sha256Of(content), content });

/** @returns a moment after what is on record, by the database's clock */
async function now(): Promise<Date> {
  const { rows } = await log.db.query<{ at: Date }>("select clock_timestamp() as at");
  return new Date((rows[0]?.at ?? new Date(0)).getTime() + 1);
}

/** Records facts one after the other. @returns a moment after each, later than all before */
async function recordAll(...facts: readonly Fact[]): Promise<Date[]> {
  const moments: Date[] = [];
  for (const fact of facts) {
    await record(fact);
    const moment = await now();
    moments.push(moment);
    // The next one is later by a millisecond, which is as fine as a moment is asked for.
    await log.db.query(
      "select pg_sleep(greatest(0, extract(epoch from $1::timestamptz - clock_timestamp()) + 0.002))",
      [moment],
    );
  }
  return moments;
}

describe("what decided who may do what", () => {
  test("can be read as it was at any moment, file by file", async () => {
    const before = await now();
    const [first, , third] = await recordAll(
      policy("rules: one\n"),
      loginsFact({ path: "logins.yaml", yaml: "teams: {}\n" }),
      policy("rules: two\n"),
      policy("rules: one\n"),
    );
    const content = async (at: Date | undefined) =>
      (await fileAt(log.db, "access policy", at ?? before))?.content ?? null;
    expect(await content(before)).toBeNull();
    expect(await content(first)).toBe("rules: one\n");
    expect(await content(third)).toBe("rules: two\n");
    expect(await content(await now())).toBe("rules: one\n");
    expect(await fileAt(log.db, "logins", await now())).toMatchObject({
      ...{ path: "logins.yaml", content: "teams: {}\n" },
    });
    expect(await fileAt(log.db, "tag policy", await now())).toBeNull();
    const { rowCount } = await log.db.query("select from audit.followed_file");
    expect(rowCount).toBe(3);
  });

  test("is kept also of a file that was on record before contents were", async () => {
    const known = policy("rules: old\n");
    const { action, subject, fingerprint, reason, detail } = known;
    await record({ action, subject, fingerprint, reason, detail });
    expect(await fileAt(log.db, "access policy", await now())).toMatchObject({ content: null });
    expect(await record(known)).toBe(false);
    expect(await fileAt(log.db, "access policy", await now())).toMatchObject({
      content: "rules: old\n",
    });
  });

  test("cannot be changed, and verify finds what was changed all the same", async () => {
    await record(policy("rules: []\n"));
    const change = "update audit.followed_file set content = 'rules: [everybody]'";
    await expect(log.db.query(change)).rejects.toThrow(/permission denied|append-only/);
    expect((await log.verify()).findings).toEqual([]);
    await log.forge((tx) => tx.query(change));
    const lines = reportLog(await log.verify());
    expect(lines).toContainEqual(expect.stringContaining("files on record: what is kept"));
    expect(lines).toContain("THE AUDIT LOG IS BROKEN");
  });
});

describe("settings that decide", () => {
  const settings = (env: NodeJS.ProcessEnv) =>
    settingsFact("gateway", decidingSettings(env, ["ALLOW_DELETE", "REGISTRY_URL"]));

  test("go on record when they are others than before, with what has changed", async () => {
    expect(await record(settings({ ALLOW_DELETE: "false" }))).toBe(true);
    expect(await record(settings({ ALLOW_DELETE: " false ", PORT: "1" }))).toBe(false);
    await record(settings({ ALLOW_DELETE: "true", REGISTRY_URL: "http://registry:5000" }));
    await record(settings({}));
    const entries = await log.ledger.audited();
    expect(entries.map(({ detail }) => detail["changed"] ?? null)).toEqual([
      null,
      {
        ALLOW_DELETE: { from: "false", to: "true" },
        REGISTRY_URL: { from: null, to: "http://registry:5000" },
      },
      {
        ALLOW_DELETE: { from: "true", to: null },
        REGISTRY_URL: { from: "http://registry:5000", to: null },
      },
    ]);
  });

  test("show no credentials", () => {
    const { REGISTRY_URL } = decidingSettings(
      { REGISTRY_URL: "http://user:secret@registry:5000,https://x:y@other/" },
      ["REGISTRY_URL"],
    );
    expect(REGISTRY_URL).toBe("http://registry:5000,https://other/");
  });

  test("can be read as they were at any moment, of each service", async () => {
    const [first] = await recordAll(
      settings({ ALLOW_DELETE: "true" }),
      settingsFact("token-server", { ADMIN_TEAMS: "ops" }),
      settings({}),
    );
    expect(await settingsAt(log.db, first ?? new Date(0))).toEqual([
      expect.stringMatching(/^gateway, since 20/),
      "  ALLOW_DELETE=true",
    ]);
    expect(await settingsAt(log.db, await now())).toEqual([
      expect.stringMatching(/^gateway, since 20/),
      "  as without any",
      expect.stringMatching(/^token-server, since 20/),
      "  ADMIN_TEAMS=ops",
    ]);
  });
});
