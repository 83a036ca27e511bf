import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { recordAudit } from "#audit-log/record-audit.js";
import { BOUNDS } from "#gateway/ledger/bounds.js";
import { deleteUntagged, type UntaggedManifest } from "#gateway/deletion/delete-untagged.js";
import { operator } from "#audit-log/operator.js";
import { openDeletionOfManifests } from "#gateway/wiring/deletion.js";
import { registryListing } from "#service-kit/http/registry-listing.js";
import { registryUpstream } from "#gateway/upstream/upstream.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { PIER_ONE_TAGS } from "#tag-policy/tag-policy.js";
import { SILENT } from "#tests/support/ledger.js";
import { image, index, INDEX_TYPE, manifestOf, type TestManifest } from "./support/manifests.js";
import { plantManifest } from "./support/planted.js";
import { registryPrograms } from "./support/registry.js";
import { REPOSITORY, startWharf, type Wharf } from "./support/wharf.js";

const repository = parseRepositoryName(REPOSITORY);

describe.each(registryPrograms())("manifests without a tag, registry $version", (program) => {
  let wharf: Wharf;
  let told: Map<string, object>;
  beforeAll(async () => {
    wharf = await startWharf(program.file, []);
  });
  beforeEach(() => {
    told = new Map();
  });
  afterAll(() => wharf.stop());

  test("that a tag needs are kept: its referrers and theirs, and the children of its index", async () => {
    const child = image("child");
    const tagged = index("tagged", child);
    const signature = image("signature", { subject: tagged });
    const ofSignature = image("signature of the signature", { subject: signature });
    for (const manifest of [child, signature, ofSignature]) await wharf.push(manifest);
    expect((await wharf.push(tagged, "1.0")).status).toBe(201);
    await remove([ofSignature, signature, child]);
    const kept = { outcome: "kept", tags: ["1.0"] };
    expect([...told.values()]).toEqual([kept, kept, kept]);
    for (const manifest of [child, signature, ofSignature])
      expect(await wharf.atRegistry(manifest.digest)).toBe(200);
  });

  test("that nothing needs go, on record, and the ledger no longer says that they are there", async () => {
    const child = image("unneeded child");
    const parent = index("unneeded", child);
    for (const manifest of [child, parent]) await wharf.push(manifest);
    await remove([child, parent]);
    expect([...told.values()]).toEqual([{ outcome: "deleted" }, { outcome: "deleted" }]);
    for (const { digest } of [child, parent]) {
      expect(await wharf.atRegistry(digest)).toBe(404);
      const { rows } = await wharf.db.query(
        "select deleted_by as by from ledger.manifest where digest = $1 and deleted_at is not null",
        [digest],
      );
      expect(rows).toEqual([{ by: operator("olga", {}).uid }]);
    }
    const digests = (await wharf.audited("manifest.deleted")).map(({ digest }) => digest);
    expect(digests).toEqual(expect.arrayContaining([child.digest, parent.digest]));
  });

  test("are known for what they need also where they came past the gateway, in any order", async () => {
    const child = image("foreign child");
    const signed = image("signed");
    await wharf.push(signed, "2.0");
    await wharf.writeAtRegistry(child);
    const { text } = index("foreign referrer", child);
    const subject = JSON.parse(image("", { subject: signed }).text) as { subject: object };
    const referrer = manifestOf(INDEX_TYPE, {
      ...(JSON.parse(text) as object),
      subject: subject.subject,
    });
    await wharf.writeAtRegistry(referrer);
    await remove([child, referrer]);
    const kept = { outcome: "kept", tags: ["2.0"] };
    expect([...told.values()]).toEqual([kept, kept]);
  });

  test("are none where a tag that the registry cannot read means them", async () => {
    const half = '{"schemaVersion": 2, "mediaTy';
    const digest = await plantManifest(wharf.registry, half, { tag: "half" });
    await remove([{ text: half, digest, mediaType: "" }]);
    expect([...told.values()]).toEqual([{ outcome: "kept", tags: ["half"] }]);
  });

  test("are only told of in a dry run, and what the registry lost meanwhile is passed over", async () => {
    const [there, lost] = [image("there"), image("lost")];
    const kept = image("kept");
    await wharf.push(there);
    await wharf.push(kept, "3.0");
    await remove([there, lost, kept], true);
    expect(Object.fromEntries(told)).toEqual({
      [kept.digest]: { outcome: "kept", tags: ["3.0"] },
      [there.digest]: { outcome: "deleted" },
      [lost.digest]: { outcome: "gone" },
    });
    expect(await wharf.atRegistry(there.digest)).toBe(200);
  });

  async function remove(manifests: readonly TestManifest[], dryRun = false): Promise<void> {
    const { url } = wharf.registry;
    const authorization = () => "";
    const deletion = openDeletionOfManifests(
      { keepInUseDays: 0 },
      {
        ...{ db: wharf.db, log: SILENT, audit: recordAudit, policy: PIER_ONE_TAGS },
        registry: {
          ...{ url, authorization, bounds: BOUNDS },
          upstream: registryUpstream(url, authorization),
          listing: registryListing(url, authorization),
        },
      },
    );
    const untagged = manifests.map(({ digest }) => ({ repository, digest }));
    await deleteUntagged(deletion.deps, untagged, {
      ...{ actor: operator("olga", {}), dryRun, inUse: deletion.inUse },
      atRegistry: (manifest: UntaggedManifest) => deletion.atRegistry(manifest, "request"),
      tell: ({ digest }, outcome) => told.set(digest, outcome),
    });
  }
});
