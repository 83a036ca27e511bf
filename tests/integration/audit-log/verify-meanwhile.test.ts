import { describe, expect, test } from "@jest/globals";
import { SYSTEM, type AuditAction, type AuditEntry } from "#audit-log/entry.js";
import { newestDecisions } from "#audit-log/decisions.js";
import { recordAudit } from "#audit-log/record-audit.js";
import type { PartQuestions } from "#audit-log/verify/missing-parts.js";
import { verifyParts } from "#audit-log/verify/verify-parts.js";
import { verifyPulls } from "#audit-log/verify/verify-pulls.js";
import { verifyTags } from "#audit-log/verify/verify-tags.js";
import { verifyUnknown } from "#audit-log/verify/verify-unknown.js";
import type { Database } from "#service-kit/db/pool.js";
import { ListingRefused } from "#service-kit/http/registry-listing.js";
import { useLedger } from "#tests/support/use-ledger.js";
import { APP, fillManifests, fillTags, ONE, THREE } from "../ledger/support/rows.js";
import { writeRaw } from "./support/raw-entries.js";

let db: Database;
useLedger((started) => {
  ({ db } = started);
});

const progress = () => undefined;

describe("what changes while it is verified is not wrong", () => {
  test("a tag that was pushed again between the ledger's answer and the registry's", async () => {
    await fillTags(db);
    const verified = (moves: boolean) =>
      verifyTags({
        ...{ db, progress },
        registry: {
          digestOf: async (repository, tag, supposed) => {
            if (tag !== "first" || repository !== APP) return supposed;
            if (moves) await db.query("update ledger.tag set digest = $1 where name = 'first'", [THREE]); // prettier-ignore
            return THREE;
          },
        },
      });
    expect((await verified(false)).findings).toMatchObject([{ repository: APP, tag: "first" }]);
    expect(await verified(true)).toMatchObject({ wrong: 0, findings: [] });
  });

  test("a manifest that was deleted while its parts were looked for", async () => {
    await fillManifests(db);
    const verified = (deletes: boolean) => {
      const questions: PartQuestions = {
        stands: async (_repository, { digest }) => {
          if (deletes) await db.query("update ledger.manifest set deleted_at = now(), deleted_by = 'bob'"); // prettier-ignore
          return digest === ONE ? "there" : "missing";
        },
        reading: () =>
          Promise.resolve({
            ...{
              kind: "index",
              schemaVersion: 2,
              mediaType: "",
              artifactType: null,
              subject: null,
            },
            ...{ annotations: new Map(), manifests: [{ digest: THREE, urls: [] }] },
          } as never),
        isKept: () => Promise.resolve(true),
      };
      return verifyParts({ db, questions, progress });
    };
    const found = await verified(false);
    expect(found.findings.map(({ problem }) => problem)).toContainEqual(
      expect.stringContaining(`lacks ${THREE}`),
    );
    expect(await verified(true)).toMatchObject({ wrong: 0, findings: [] });
  });
});

describe("a registry's list of tags", () => {
  const verified = (failure: Error) =>
    verifyUnknown({
      ...{ db, progress, registry: { digestOf: () => Promise.resolve(null) } },
      listing: {
        repositories: async function* () {
          yield await Promise.resolve([APP]);
        },
        // eslint-disable-next-line require-yield -- it fails before it has anything
        tags: async function* () {
          await Promise.resolve();
          throw failure;
        },
      },
    });

  test("that is not there is none; one that breaks off is no list", async () => {
    expect(await verified(new ListingRefused("tags", 404))).toMatchObject({ checked: 0, wrong: 0 });
    await expect(verified(new ListingRefused("tags", 500))).rejects.toThrow(ListingRefused);
    await expect(verified(new Error("reset"))).rejects.toThrow("reset");
  });
});

test("entries that somebody else wrote say nothing of days of pulls, and do not keep them from being verified", async () => {
  for (const [position, action] of ["pulls.sealed", "pulls.forgotten"].entries())
    await writeRaw(db, {
      position: position + 1,
      action,
      repository: null,
      content: { detail: 1 },
    });
  expect(await verifyPulls(db, progress)).toEqual({ checked: 0, forgotten: 0, findings: [] });
});

test("decisions are those of these kinds that somebody asked for, the newest first, and no more than that", async () => {
  const entry = (action: AuditAction, uid: string, kind: AuditEntry["actor"]["kind"]) =>
    db.transaction((tx) =>
      recordAudit(tx, {
        ...{ action, actor: { ...SYSTEM, uid, kind }, repository: APP, tag: "1", digest: ONE },
        ...{ reason: "", detail: {} },
      }),
    );
  await entry("tag.pushed", "alice", "oauth2");
  await entry("tag.pushed", "", "system");
  await entry("tag.locked", "carol", "oauth2");
  await entry("tag.deleted", "bob", "oauth2");
  await writeRaw(db, { chain: 3, position: 999, at: "2090-01-01T00:00:00Z", content: "nothing" });
  const decided = async (actions: readonly AuditAction[], last: number) =>
    (await newestDecisions(db, actions, last)).map(({ actor }) => actor.uid);
  expect(await decided(["tag.pushed", "tag.deleted"], 10)).toEqual(["bob", "alice"]);
  expect(await decided(["tag.pushed", "tag.deleted"], 1)).toEqual(["bob"]);
  expect(await decided(["tag.locked"], 10)).toEqual(["carol"]);
});
