import { createHash } from "node:crypto";
import { beforeAll, afterAll, describe, expect, test } from "@jest/globals";
import type { View } from "#access-policy/view.js";
import { SYSTEM, type AuditEntry } from "#audit-log/entry.js";
import { recordAudit } from "#audit-log/record-audit.js";
import { openCatalog, type Catalog } from "#gateway/catalog/catalog.js";
import { listRefusals, tagHistory } from "#gateway/catalog/history.js";
import { TAG_ORDERS, type TagOrder } from "#gateway/catalog/sql/tags.js";
import { listTags, listTagsOfDigest, type TagsAsked } from "#gateway/catalog/tags.js";
import { parseDigest } from "#registry-protocol/digest.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import { compileTagPolicy } from "#tag-policy/tag-policy.js";
import { SILENT, startLedger, type StartedLedger } from "#tests/support/ledger.js";

const APP = parseRepositoryName("alpha/app");
const ALL: View = { rules: ["+**"], values: {}, limits: null };
const ALPHA: View = { ...ALL, rules: ["+alpha/**"] };
const BETA: View = { ...ALL, rules: ["+beta/**"] };
const VERSIONS = [
  "v2.0.0",
  "1.10.0",
  "1.9.0",
  "1.10.0-rc.2",
  "1.10.0-rc.10",
  "1.10",
  "main",
  "1.0_x",
];
const policy = compileTagPolicy([
  { id: "branches move", tags: ["main", "1.9.0"], effect: "mutable" },
]);
const digestOf = (text: string) =>
  parseDigest(`sha256:${createHash("sha256").update(text).digest("hex")}`);

let ledger: StartedLedger;
let catalog: Catalog;

beforeAll(async () => {
  ledger = await startLedger();
  catalog = openCatalog({ db: ledger.db, log: SILENT });
  for (const [index, tag] of VERSIONS.entries()) await put("alpha/app", tag, index);
  await put("alpha/other", "same", 1);
  await put("beta/app", "same", 1);
  await ledger.db.query(
    "update ledger.tag set locked_at = now(), locked_by = 'bob' where name = '1.9.0'",
  );
  await ledger.db.query(
    `insert into ledger.pull_total (repository, tag, count, last_at)
     values ('alpha/app', 'main', 3, '2026-02-02'), ('alpha/app', '1.10', 4, '2026-02-01'), ('alpha/app', '', 9, '2026-02-03')`,
  );
  await ledger.db.query(
    `insert into ledger.scm_source (repository, digest, url, revision, author, status, origin, pushed_by)
     values ('alpha/app', $1, 'git:x', 'abc', 'alice', '', 'header', 'alice')`,
    [manifestOf(0).digest],
  );
  await ledger.db.query(
    `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at)
     values ('alpha/other', $1, 'sha256:x', 'alice', now())`,
    [`${manifestOf(1).digest.replace(":", "-")}.sig`],
  );
  await ledger.db.query(
    `update ledger.tag set deleted_at = now(), deleted_by = 'bob' where name = '1.0_x'`,
  );
});
afterAll(() => ledger.stop());

function manifestOf(index: number) {
  const text = JSON.stringify({
    config: { mediaType: "application/vnd.example.config", size: index, digest: "sha256:c" },
    layers: [{ size: 100, digest: "sha256:l" }],
  });
  return { text, digest: digestOf(text) };
}

async function put(repository: string, tag: string, index: number): Promise<void> {
  const { text, digest } = manifestOf(index);
  await ledger.db.query(
    `insert into ledger.manifest (repository, digest, media_type, content) values ($1, $2, 'application/x', $3)`,
    [repository, digest, Buffer.from(text)],
  );
  await ledger.db.query(
    `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at)
     values ($1, $2, $3, 'alice', timestamptz '2026-01-01' + $4 * interval '1 hour')`,
    [repository, tag, digest, (index * 3) % 8],
  );
}

async function audited(entry: Partial<AuditEntry>): Promise<void> {
  const whole: AuditEntry = {
    ...{
      action: "tag.pushed",
      actor: { ...SYSTEM, uid: "alice", address: "192.0.2.1" },
      repository: "alpha/app",
    },
    ...{ tag: "1.9.0", digest: null, reason: "stored", detail: {} },
    ...entry,
  };
  await ledger.db.transaction((tx) => recordAudit(tx, whole));
}

async function listed(sort: TagOrder, limit = 3): Promise<string[]> {
  const names: string[] = [];
  let after: TagsAsked["after"];
  do {
    const asked = { repository: APP, policy, sort, limit, ...(after && { after }) };
    const page = await listTags(catalog, ALL, asked);
    names.push(...page.items.map(({ name }) => name));
    after = page.next ?? undefined;
  } while (after !== undefined);
  return names;
}

describe("tags are listed", () => {
  test("by version, numbers by their value and what is none at the end", async () => {
    expect(await listed("version")).toEqual([
      ...["v2.0.0", "1.10.0", "1.10.0-rc.10", "1.10.0-rc.2", "1.10", "1.9.0", "main"],
    ]);
  });

  test("by name, by push and by pull, without those that were deleted", async () => {
    expect(await listed("name")).toEqual(VERSIONS.filter((name) => name !== "1.0_x").sort());
    expect(await listed("pushed")).toEqual([
      ...["1.10", "1.9.0", "1.10.0-rc.10", "1.10.0", "main", "1.10.0-rc.2", "v2.0.0"],
    ]);
    expect(await listed("pulled")).toEqual([
      ...["main", "1.10", "1.10.0", "1.10.0-rc.10", "1.10.0-rc.2", "1.9.0", "v2.0.0"],
    ]);
  });

  test.each(TAG_ORDERS)("by %s, the same on pages of whatever size", async (sort) => {
    const whole = await listed(sort, 100);
    for (const limit of [1, 2, 6, 7]) expect(await listed(sort, limit)).toEqual(whole);
  });

  test("with what they are, where they come from, and the rule that says whether they change", async () => {
    const { items } = await listTags(catalog, ALL, {
      repository: APP,
      policy,
      sort: "version",
      limit: 9,
    });
    const one = (name: string) => items.find((tag) => tag.name === name);
    expect(one("v2.0.0")).toEqual({
      ...{ name: "v2.0.0", digest: manifestOf(0).digest, mediaType: "application/x" },
      ...{ artifactType: "application/vnd.example.config", platforms: null, size: 100 },
      ...{ pushedBy: "alice", pushedAt: new Date("2026-01-01T00:00:00Z"), origin: "pushed" },
      ...{ lockedBy: null, lockedAt: null, pulls: 0, pulledAt: null },
      source: { url: "git:x", revision: "abc", author: "alice", status: "" },
      ...{ hasReferrers: false, hasSignature: false, mutability: "immutable", rule: "immutable" },
    });
    expect(one("main")).toMatchObject({ pulls: 3, mutability: "mutable", rule: "branches move" });
    expect(one("1.9.0")).toMatchObject({
      mutability: "immutable",
      rule: "locked",
      lockedBy: "bob",
    });
  });

  test("with whether a signature stands beside them", async () => {
    const repository = parseRepositoryName("alpha/other");
    const { items } = await listTags(catalog, ALL, { repository, policy, sort: "name", limit: 1 });
    expect(items).toMatchObject([{ name: "same", hasSignature: true, hasReferrers: false }]);
  });

  test("for nobody who may not know of their repository", async () => {
    const asked = { repository: APP, policy, sort: "name" as const, limit: 1 };
    await expect(listTags(catalog, BETA, asked)).rejects.toMatchObject({ code: "NAME_UNKNOWN" });
  });
});

test.each(TAG_ORDERS)("a place that no page by %s ended at is refused", async (sort) => {
  const after = { key: "\0", name: "x" };
  const asked = listTags(catalog, ALL, { repository: APP, policy, sort, limit: 1, after });
  await expect(asked).rejects.toMatchObject({ code: "REQUEST_INVALID" });
});

describe("tags of a digest", () => {
  test("are found wherever the view has them, page by page", async () => {
    const { digest } = manifestOf(1);
    const first = await listTagsOfDigest(catalog, ALL, { digest, limit: 2 });
    expect(first.items.map(({ repository, name }) => [repository, name])).toEqual([
      ["alpha/app", "1.10.0"],
      ["alpha/other", "same"],
    ]);
    const rest = await listTagsOfDigest(catalog, ALL, {
      digest,
      limit: 2,
      ...(first.next && { after: first.next }),
    });
    expect(rest).toMatchObject({ items: [{ repository: "beta/app" }], next: null });
    expect((await listTagsOfDigest(catalog, BETA, { digest, limit: 9 })).items).toHaveLength(1);
    expect(await listTagsOfDigest(catalog, ALL, { digest: digestOf("nothing"), limit: 9 })).toEqual(
      {
        ...{ items: [], next: null },
      },
    );
  });
});

describe("what happened", () => {
  beforeAll(async () => {
    await audited({ reason: "first" });
    await audited({ tag: "other" });
    await audited({ action: "tag.refused", reason: "second", detail: { rule: "x" } });
    await audited({
      action: "tag.refused",
      repository: "beta/app",
      tag: "same",
      actor: { ...SYSTEM, uid: "bob" },
    });
    await audited({ action: "tag.refused", repository: null, tag: null });
    await audited({ action: "tag.locked", reason: "third" });
  });

  test("to a tag is told newest first, with who it was and not from where", async () => {
    const of = { repository: APP, tag: parseTag("1.9.0"), limit: 2 };
    const first = await tagHistory(catalog, ALPHA, of);
    expect(first.items.map(({ reason }) => reason)).toEqual(["third", "second"]);
    expect(first.items[1]?.by).toEqual({ uid: "alice", realm: "", kind: "system" });
    expect(JSON.stringify(first)).not.toContain("192.0.2.1");
    const rest = await tagHistory(catalog, ALPHA, {
      ...of,
      ...(first.next && { after: first.next }),
    });
    expect([rest.items.map(({ reason }) => reason), rest.next]).toEqual([["first"], null]);
  });

  test("is told to nobody who may not know of the repository, and not of what never was", async () => {
    const of = { repository: APP, tag: parseTag("1.9.0"), limit: 2 };
    await expect(tagHistory(catalog, BETA, of)).rejects.toMatchObject({ code: "NAME_UNKNOWN" });
    const never = { ...of, tag: parseTag("never") };
    await expect(tagHistory(catalog, ALPHA, never)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("as a refusal is found by repository, tag and who, where the view has it", async () => {
    const refused = async (view: View, of: object) =>
      (await listRefusals(catalog, view, { limit: 10, ...of })).items.map(({ repository, by }) => [
        repository,
        by.uid,
      ]);
    const [own, others] = [
      ["alpha/app", "alice"],
      ["beta/app", "bob"],
    ];
    expect(await refused(ALL, {})).toEqual([others, own]);
    expect(await refused(ALPHA, {})).toEqual([own]);
    expect(await refused(ALL, { repository: parseRepositoryName("beta/app") })).toEqual([others]);
    expect(await refused(ALL, { actor: "alice" })).toEqual([own]);
    expect(await refused(ALL, { tag: parseTag("same") })).toEqual([others]);
    expect(await refused(ALPHA, { actor: "bob" })).toEqual([]);
    const hidden = listRefusals(catalog, ALPHA, {
      limit: 1,
      repository: parseRepositoryName("beta/app"),
    });
    await expect(hidden).rejects.toMatchObject({ code: "NAME_UNKNOWN" });
  });

  test("as a refusal is told page by page", async () => {
    const first = await listRefusals(catalog, ALL, { limit: 1 });
    const next = await listRefusals(catalog, ALL, {
      limit: 1,
      ...(first.next && { after: first.next }),
    });
    expect([first.items[0]?.repository, next.items[0]?.repository, next.next]).toEqual([
      ...["beta/app", "alpha/app", null],
    ]);
  });
});
