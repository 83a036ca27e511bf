import { describe, expect, test } from "@jest/globals";
import { SYSTEM, type AuditEntry } from "#audit-log/entry.js";
import { withTagGrounds } from "#gateway/ledger/with-tag-grounds.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { PIER_ONE_TAGS } from "#tag-policy/tag-policy.js";

const PUSHED: AuditEntry = {
  ...{ action: "tag.pushed", actor: SYSTEM, repository: parseRepositoryName("alpha/app") },
  ...{ tag: "1.0", digest: null, reason: "stored", detail: { change: "new" } },
};
const GROUNDS = { tagRule: "immutable", tagPolicy: "built-in" };

/** @returns what goes on record of an entry */
async function recorded(change: Partial<AuditEntry>): Promise<AuditEntry["detail"]> {
  const entries: AuditEntry[] = [];
  const record = withTagGrounds((_tx, entry) => {
    entries.push(entry);
    return Promise.resolve();
  }, PIER_ONE_TAGS);
  await record({ query: () => Promise.reject(new Error("nothing is asked")) }, { ...PUSHED, ...change }); // prettier-ignore
  return entries[0]?.detail ?? {};
}

describe("an entry about a tag", () => {
  test.each(["tag.pushed", "tag.adopted", "tag.refused", "tag.deleted", "tag.locked"] as const)(
    "%s says by which rule of which file",
    async (action) => {
      expect(await recorded({ action })).toStrictEqual({ ...GROUNDS, change: "new" });
    },
  );

  test("keeps the rule that whoever decided went by", async () => {
    const detail = { tagRule: "frozen", tagPolicy: "f1" };
    expect(await recorded({ detail })).toStrictEqual(detail);
  });

  test.each<[string, Partial<AuditEntry>]>([
    ["that rules for tags have no say in", { action: "image.marked" }],
    ["that names no tag", { tag: null }],
    ["that names no repository", { repository: null }],
  ])("%s is left as it is", async (_what, change) => {
    expect(await recorded(change)).toStrictEqual({ change: "new" });
  });
});
