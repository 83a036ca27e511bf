import { expect, test } from "@jest/globals";
import { SYSTEM, type AuditAction } from "#audit-log/entry.js";
import { recordAudit } from "#audit-log/record-audit.js";
import type { Asked } from "#gateway/api/implement.js";
import { installationOperations } from "#gateway/api/installation-operations.js";
import type { Database } from "#service-kit/db/pool.js";
import { APP, ONE } from "../ledger/support/rows.js";
import { writeRaw } from "../audit-log/support/raw-entries.js";
import { useLedger } from "#tests/support/use-ledger.js";

let db: Database;
useLedger((started) => {
  ({ db } = started);
});

const entry = (action: AuditAction, reason: string) =>
  db.transaction((tx) =>
    recordAudit(tx, {
      ...{ action, actor: { ...SYSTEM, uid: "olga" }, repository: null, tag: null, digest: null },
      ...{ reason, detail: {} },
      ...(action === "manifest.deleted" ? { repository: APP, digest: ONE } : {}),
    }),
  );

test("what a collection would free is what was deleted since the last one of blobs has ended", async () => {
  for (const [action, reason] of [
    ["garbage.begun", "blobs"],
    ["manifest.deleted", "before"],
    ["garbage.ended", "blobs"],
    ["manifest.deleted", "one"],
    ["garbage.begun", "blobs"],
    ["manifest.deleted", "two"],
    ["garbage.ended", "uploads"],
    ["manifest.deleted", "three"],
  ] as const)
    await entry(action, reason);
  await writeRaw(db, { position: 999, action: "garbage.ended", repository: null, content: "none" });
  const reads = { listRepositories: () => Promise.reject(new Error("away")), listTags: () => Promise.reject(new Error("away")) }; // prettier-ignore
  const readiness = () => Promise.resolve({ ready: true, checks: {}, reasons: {}, warnings: [] });
  const [operation] = installationOperations({ db, upstream: reads, readiness });
  const answer = (await operation?.answer({} as Asked)) as { body: { garbage: object } };
  expect(answer.body.garbage).toMatchObject({
    deletedSince: 3,
    steps: [
      { step: "ended", of: "uploads", by: "olga" },
      { step: "begun", of: "blobs" },
      { step: "ended", of: "blobs" },
      { step: "begun", of: "blobs" },
    ],
  });
});
