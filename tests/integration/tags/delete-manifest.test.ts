import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { registryListing } from "#service-kit/http/registry-listing.js";
import { PIER_ONE_TAGS } from "#tag-policy/tag-policy.js";
import { inUseGuard } from "#gateway/in-use/guard.js";
import { deleteManifest } from "#gateway/deletion/delete-manifest.js";
import { parseDigest } from "#registry-protocol/digest.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { errorOf, type Answer } from "#tests/support/http-client.js";
import { startApart } from "#tests/support/race.js";
import { image, index } from "./support/manifests.js";
import { registryPrograms } from "./support/registry.js";
import { REPOSITORY, startWharf, type Wharf } from "./support/wharf.js";

const RULES = [
  { id: "releases", tags: ["v-*"], effect: "immutable" },
  { id: "all", effect: "mutable" },
] as const;

describe.each(registryPrograms())("deletion of manifests, registry $version", (program) => {
  let wharf: Wharf;
  beforeAll(async () => {
    wharf = await startWharf(program.file, RULES);
  });
  afterAll(() => wharf.stop());

  test("of one that a tag means which is kept is refused, and names the tag", async () => {
    const manifest = image("direct");
    await wharf.push(manifest, "v-direct");
    const answer = await wharf.remove(manifest.digest);
    expect(answer.status).toBe(409);
    expect(errorOf(answer)).toEqual({
      code: "DENIED",
      message: 'tags still need this manifest: v-direct (by rule "releases")',
      detail: { tags: ["v-direct"], more: false },
    });
    expect(await wharf.atRegistry(manifest.digest)).toBe(200);
  });

  test("of a child of a tagged index is refused, also through an index in it", async () => {
    const [child, grandchild] = [image("child"), image("grandchild")];
    const inner = index("inner", grandchild);
    await wharf.push(child);
    await wharf.push(grandchild);
    await wharf.push(inner);
    await wharf.push(index("outer", child, inner), "outer");
    for (const { digest } of [child, grandchild, inner])
      expect(neededBy(await wharf.remove(digest))).toEqual(["outer"]);
  });

  test("of a referrer of what a tag needs is refused; so is a part of such a referrer", async () => {
    const [child, part] = [image("signed child"), image("part")];
    await wharf.push(child);
    await wharf.push(index("signed", child), "signed");
    const signature = image("signature", { subject: child });
    const counterSignature = image("counter signature", { subject: signature });
    await wharf.push(signature);
    await wharf.push(counterSignature);
    for (const { digest } of [signature, counterSignature])
      expect(neededBy(await wharf.remove(digest))).toEqual(["signed"]);
    await wharf.push(part);
    expect((await wharf.remove(part.digest)).status).toBe(202);
  });

  test("names at most ten tags", async () => {
    const manifest = image("popular");
    for (let i = 0; i < 11; i += 1) await wharf.push(manifest, `v-popular-${i}`);
    const answer = await wharf.remove(manifest.digest);
    expect(neededBy(answer)).toHaveLength(10);
    expect(errorOf(answer).message).toMatch(/v-popular-0.* and more$/);
  });

  test("of one that no tag needs any more is done, and on record", async () => {
    const child = image("free child");
    const outer = index("free", child);
    await wharf.push(child);
    await wharf.push(outer, "free");
    await wharf.remove("free");
    expect((await wharf.remove(outer.digest)).status).toBe(202);
    expect((await wharf.remove(child.digest, wharf.gateways[1])).status).toBe(202);
    for (const { digest } of [outer, child]) {
      expect(await wharf.atRegistry(digest)).toBe(404);
      const read = await wharf.ask(["pull"], `/v2/${REPOSITORY}/manifests/${digest}`);
      expect(read.status).toBe(404);
    }
    const entries = await wharf.audited("manifest.deleted");
    expect(entries.slice(-2)).toMatchObject([
      { digest: outer.digest, actor: { uid: "alice" }, repository: REPOSITORY, tag: null },
      { digest: child.digest },
    ]);
  });

  test("a second time finds nothing; after another push it is there again, and can be needed", async () => {
    const manifest = image("again");
    await wharf.push(manifest);
    expect((await wharf.remove(manifest.digest)).status).toBe(202);
    const second = await wharf.remove(manifest.digest);
    expect([second.status, errorOf(second).code]).toEqual([404, "MANIFEST_UNKNOWN"]);
    expect((await wharf.push(manifest, "v-again")).status).toBe(201);
    expect(neededBy(await wharf.remove(manifest.digest))).toEqual(["v-again"]);
  });

  test("knows what tags need that were at the registry before the ledger", async () => {
    const [child, signature] = [
      image("old child"),
      image("old signature", { subject: image("old child") }),
    ];
    await wharf.writeAtRegistry(child);
    await wharf.writeAtRegistry(signature);
    await wharf.writeAtRegistry(index("old", child), "old");
    expect((await wharf.describe("old")).body).toMatchObject({ origin: "adopted" });
    expect(neededBy(await wharf.remove(child.digest))).toEqual(["old"]);
    expect(neededBy(await wharf.remove(signature.digest))).toEqual(["old"]);
  });

  test("of what a tag needs that only the registry knows is refused", async () => {
    const [direct, child] = [image("undiscovered"), image("undiscovered child")];
    await wharf.writeAtRegistry(direct, "v-undiscovered");
    await wharf.writeAtRegistry(child);
    await wharf.writeAtRegistry(index("undiscovered", child), "undiscovered-index");
    expect(neededBy(await wharf.remove(direct.digest))).toEqual(["v-undiscovered"]);
    expect(neededBy(await wharf.remove(child.digest))).toEqual(["undiscovered-index"]);
    const adopted = (await wharf.audited("tag.adopted")).map(({ tag }) => tag);
    expect(adopted).toEqual(expect.arrayContaining(["v-undiscovered", "undiscovered-index"]));
  });

  test("waits for a push that hides what its tag means at the registry", async () => {
    const manifest = image("hidden");
    await wharf.writeAtRegistry(manifest, "v-hidden");
    await wharf.db.query(
      `insert into ledger.tag (repository, name, reservation, reserved_digest, reserved_by,
         reserved_at, reserved_until, reserved_origin)
       values ($1, 'v-hidden', gen_random_uuid(), $2, 'alice', now(), now() + interval '1 hour',
         '{"uid":"alice"}')`,
      [REPOSITORY, image("other").digest],
    );
    expect((await wharf.remove(manifest.digest)).status).toBe(503);
    await wharf.db.query(`delete from ledger.tag where name = 'v-hidden'`);
    expect(neededBy(await wharf.remove(manifest.digest))).toEqual(["v-hidden"]);
  });

  test("knows what manifests point to that were stored before references were", async () => {
    const child = image("stored child");
    await wharf.push(child);
    await wharf.push(index("stored", child), "stored");
    await wharf.db.query(`truncate ledger.manifest_link`);
    await wharf.db.query(`update ledger.manifest set linked_at = null`);
    expect(neededBy(await wharf.remove(child.digest))).toEqual(["stored"]);
  });

  test("a push that the deletion overtakes is not committed, and succeeds when it is made again", async () => {
    const child = image("overtaken child");
    const outer = index("overtaken", child);
    await wharf.push(child);
    // The registry has accepted the index, and its push is about to be committed.
    await wharf.push(outer, "overtaken");
    await wharf.db.query(
      `update ledger.tag set digest = null, pushed_by = null, pushed_at = null,
         reservation = gen_random_uuid(), reserved_digest = digest, reserved_by = 'alice',
         reserved_at = clock_timestamp(), reserved_until = now() - interval '1 second',
         reserved_origin = '{"uid":"alice"}'
       where name = 'overtaken'`,
    );
    expect((await wharf.remove(child.digest)).status).toBe(202);
    // Whoever settles the push now finds the index at the registry, and must not believe it.
    const again = await wharf.push(outer, "overtaken");
    expect(again.status).not.toBe(201);
    const pushes = await wharf.audited("tag.pushed");
    expect(pushes.filter(({ tag }) => tag === "overtaken")).toHaveLength(1);
    await wharf.push(child);
    const settled = await wharf.push(outer, "overtaken");
    expect(settled.status).toBe(201);
    expect(await wharf.atRegistry(child.digest)).toBe(200);
  });

  test("leaves a gap below an index that keeps it from being pushed until the gap is filled", async () => {
    const grandchild = image("gap");
    const inner = index("gap", grandchild);
    const outer = index("gap outer", inner);
    await wharf.push(grandchild);
    await wharf.push(inner);
    expect((await wharf.remove(grandchild.digest)).status).toBe(202);
    const refused = await wharf.push(outer, "gap");
    expect([refused.status, errorOf(refused)]).toMatchObject([
      404,
      { code: "MANIFEST_BLOB_UNKNOWN", detail: { digest: grandchild.digest } },
    ]);
    expect(await wharf.atRegistry("gap")).toBe(404);
    await wharf.push(grandchild);
    expect((await wharf.push(outer, "gap")).status).toBe(201);
    expect(neededBy(await wharf.remove(grandchild.digest))).toEqual(["gap"]);
  });

  test("is no obstacle when the manifest came back past the ledger", async () => {
    const grandchild = image("back");
    const inner = index("back", grandchild);
    await wharf.push(grandchild);
    await wharf.push(inner);
    expect((await wharf.remove(grandchild.digest)).status).toBe(202);
    await wharf.writeAtRegistry(grandchild);
    expect((await wharf.push(index("back outer", inner), "back")).status).toBe(201);
  });

  test("races with pushes that begin to need the manifest: whatever is acknowledged is whole", async () => {
    let deleted = 0;
    // From well before the commit to well after it, in small steps; at the ends one waits for the other.
    const leads = [-Infinity, ...Array.from({ length: 25 }, (_, i) => i * 6 - 48), Infinity];
    for (const lead of leads) {
      const child = image(`race ${lead}`);
      const outer = index(`race ${lead}`, child);
      await wharf.push(child);
      const [pushed, removed] = await startApart(
        lead,
        () => wharf.push(outer, `race${lead}`, wharf.gateways[0]),
        () => wharf.remove(child.digest, wharf.gateways[1]),
      );
      const stands = await wharf.atRegistry(child.digest);
      if (removed.status === 202) deleted += 1;
      expect([202, 409, 503]).toContain(removed.status);
      if (pushed.status === 201) expect([removed.status, stands]).not.toEqual([202, 404]);
      if (removed.status === 202) expect([stands, pushed.status === 201]).toEqual([404, false]);
    }
    expect(deleted).toBeGreaterThan(0);
    expect(deleted).toBeLessThan(leads.length);
  });

  test("beside a push of the same manifest is never told that the registry deletes nothing", async () => {
    const statuses: number[] = [];
    for (let round = 0; round < 100; round += 1) {
      const manifest = image(`beside ${round}`);
      await wharf.push(manifest);
      const [, removed] = await startApart(
        (round % 20) - 10,
        () => wharf.push(manifest, undefined, wharf.gateways[0]),
        () => wharf.remove(manifest.digest, wharf.gateways[1]),
      );
      statuses.push(removed.status);
    }
    expect(statuses.filter((status) => ![202, 404, 503].includes(status))).toEqual([]);
    expect(statuses).toContain(202);
  });

  test("that the registry does not answer leaves everything in doubt as it was; the next one finishes it", async () => {
    const manifest = image("doubt");
    await wharf.push(manifest);
    const deps = {
      db: wharf.db,
      log: { info: () => undefined } as never,
      audit: () => Promise.resolve(),
      upstreamManifest: () => Promise.resolve(null),
      upstreamDigest: () => Promise.resolve(null),
      listing: registryListing(wharf.registry.url, () => ""),
      policy: PIER_ONE_TAGS,
      inheritance: { recordOwn: () => Promise.resolve() },
    };
    const actor = { uid: "alice", realm: "", kind: "", address: "", userAgent: "", requestId: "" };
    const repository = parseRepositoryName(REPOSITORY);
    const removal = { repository, digest: parseDigest(manifest.digest), actor };
    const lost = () => Promise.reject(new Error("no answer"));
    await expect(
      deleteManifest(deps, removal, { inUse: inUseGuard(0), atRegistry: lost }),
    ).rejects.toThrow("no answer");
    // While nobody knows, no push that begins before may rely on it; one that begins after may push it again.
    expect((await wharf.push(manifest, "v-doubt")).status).toBe(503);
    // The registry has the tag of that push, so the manifest is needed.
    expect(neededBy(await wharf.remove(manifest.digest))).toEqual(["v-doubt"]);
  });
});

function neededBy(answer: Answer): unknown {
  expect(answer.status).toBe(409);
  return (errorOf(answer).detail as { tags: unknown }).tags;
}
