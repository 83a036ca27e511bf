import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { SYSTEM } from "#audit-log/entry.js";
import { recordAudit } from "#audit-log/record-audit.js";
import { inUseGuard } from "#gateway/in-use/guard.js";
import { BOUNDS } from "#gateway/ledger/bounds.js";
import { registryListing } from "#service-kit/http/registry-listing.js";
import { compileTagPolicy } from "#tag-policy/tag-policy.js";
import { registryUpstream } from "#gateway/upstream/upstream.js";
import { deleteManifest } from "#gateway/deletion/delete-manifest.js";
import { recoverDeletions } from "#gateway/deletion/recover-deletions.js";
import { Unreadable } from "#registry-protocol/manifest/unreadable.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { ask } from "#tests/support/http-client.js";
import { SILENT } from "#tests/support/ledger.js";
import { image, type TestManifest } from "./support/manifests.js";
import { registryPrograms } from "./support/registry.js";
import { REPOSITORY, startWharf, type Wharf } from "./support/wharf.js";

const RULES = [{ id: "all", effect: "mutable" }] as const;
const ACTOR = {
  ...{ uid: "alice", realm: "", kind: "user", address: "192.0.2.7" },
  ...{ userAgent: "curl", requestId: "r1" },
};

describe.each(registryPrograms())("lost deletions, registry $version", (program) => {
  let wharf: Wharf;
  beforeAll(async () => {
    wharf = await startWharf(program.file, RULES);
  });
  afterAll(() => wharf.stop());

  test("one that the registry has done is put on record once, in the name of who deleted", async () => {
    const manifest = image("done");
    await wharf.push(manifest);
    await loseGateway(manifest, () => deleteAtRegistry(manifest));
    await Promise.all([recover(), recover()]);
    expect(await auditedOf(manifest)).toEqual([]);
    await outlast(manifest);
    await Promise.all([recover(), recover()]);
    expect(await auditedOf(manifest)).toMatchObject([
      { actor: ACTOR, repository: REPOSITORY, reason: "settled for a gateway that was lost" },
    ]);
    expect(await noteOf(manifest)).toEqual({ deleting: false, by: null, deletedBy: "alice" });
  });

  test("one that the registry never did is dropped", async () => {
    const manifest = image("not done");
    await wharf.push(manifest);
    await loseGateway(manifest, () => Promise.resolve());
    await outlast(manifest);
    await recover();
    expect(await auditedOf(manifest)).toEqual([]);
    expect(await noteOf(manifest)).toEqual({ deleting: false, by: null, deletedBy: null });
    expect(await wharf.atRegistry(manifest.digest)).toBe(200);
  });

  test("one that cannot be told is left for later, and keeps no other waiting", async () => {
    const [silent, other] = [image("silent"), image("other")];
    for (const manifest of [silent, other]) {
      await wharf.push(manifest);
      await loseGateway(manifest, () => deleteAtRegistry(manifest));
      await outlast(manifest);
    }
    await recover(silent);
    expect(await auditedOf(silent)).toEqual([]);
    expect(await auditedOf(other)).toHaveLength(1);
    await recover();
    expect(await auditedOf(silent)).toHaveLength(1);
  });

  test("one of a manifest that the registry has and cannot read was not done, and is dropped", async () => {
    const manifest = image("odd");
    await wharf.push(manifest);
    await loseGateway(manifest, () => Promise.resolve());
    await outlast(manifest);
    await recover(manifest, new Unreadable("it is cut off"));
    expect(await auditedOf(manifest)).toEqual([]);
    expect(await noteOf(manifest)).toEqual({ deleting: false, by: null, deletedBy: null });
  });

  test("one of which nobody knows who began it is put on record as the gateway's own", async () => {
    const manifest = image("whose");
    await wharf.push(manifest);
    await loseGateway(manifest, () => deleteAtRegistry(manifest));
    await outlast(manifest);
    await wharf.db.query("update ledger.manifest set deleting_by = null where digest = $1", [
      manifest.digest,
    ]);
    await recover();
    expect(await auditedOf(manifest)).toMatchObject([{ actor: { uid: SYSTEM.uid } }]);
    expect(await noteOf(manifest)).toMatchObject({ deleting: false, deletedBy: SYSTEM.uid });
  });

  function parts(silent?: TestManifest, trouble = new Error("no answer")) {
    const upstream = registryUpstream(wharf.registry.url, () => "");
    return {
      ...{ db: wharf.db, log: SILENT, audit: recordAudit, policy: compileTagPolicy(RULES) },
      listing: registryListing(wharf.registry.url, () => ""),
      inheritance: { recordOwn: () => Promise.resolve() },
      upstreamDigest: () => Promise.resolve(null),
      upstreamManifest: (
        ...[{ repository }, digest]: [
          { repository: ReturnType<typeof parseRepositoryName> },
          TestManifest["digest"],
        ]
      ) =>
        digest === silent?.digest
          ? Promise.reject(trouble)
          : upstream.getManifest(repository, digest),
    };
  }

  function recover(silent?: TestManifest, trouble?: Error): Promise<void> {
    return recoverDeletions(
      { ...parts(silent, trouble), bounds: BOUNDS },
      new AbortController().signal,
    );
  }

  /** The gateway dies after it has told the registry. */
  async function loseGateway({ digest }: TestManifest, told: () => Promise<void>): Promise<void> {
    const removal = { repository: parseRepositoryName(REPOSITORY), digest, actor: ACTOR };
    const deleted = deleteManifest(parts(), removal, {
      inUse: inUseGuard(0),
      atRegistry: async () => {
        await told();
        throw new Error("the gateway is gone");
      },
    });
    await expect(deleted).rejects.toThrow("the gateway is gone");
  }

  async function deleteAtRegistry({ digest }: TestManifest): Promise<void> {
    const target = `/v2/${REPOSITORY}/manifests/${digest}`;
    expect((await ask(wharf.registry.url, target, { method: "DELETE" })).status).toBe(202);
  }

  /** Longer than a deletion can take. */
  async function outlast({ digest }: TestManifest): Promise<void> {
    await wharf.db.query(
      `update ledger.manifest set deleting_at = deleting_at - interval '61 seconds' where digest = $1`,
      [digest],
    );
  }

  async function auditedOf({ digest }: TestManifest) {
    return (await wharf.audited("manifest.deleted")).filter((entry) => entry.digest === digest);
  }

  async function noteOf({ digest }: TestManifest) {
    const { rows } = await wharf.db.query(
      `select deleting_at is not null as deleting, deleting_by as by, deleted_by as "deletedBy"
       from ledger.manifest where digest = $1`,
      [digest],
    );
    return rows[0];
  }
});
