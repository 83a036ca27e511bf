import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { image } from "#tests/integration/tags/support/manifests.js";
import { registryPrograms } from "#tests/integration/tags/support/registry.js";
import { REPOSITORY, startWharf, type Wharf } from "#tests/integration/tags/support/wharf.js";

describe.each(registryPrograms())("a manifest pushed by digest, registry $version", ({ file }) => {
  let wharf: Wharf;

  beforeAll(async () => {
    wharf = await startWharf(file, []);
  });
  beforeEach(() => wharf.ledger.clear());
  afterAll(() => wharf.stop());

  test("while Postgres is away is not stored", async () => {
    const manifest = image("by digest, away");
    await wharf.database.cut();
    try {
      expect((await wharf.push(manifest)).status).toBe(503);
    } finally {
      await wharf.database.mend();
    }
    expect(await wharf.atRegistry(manifest.digest)).toBe(404);
  });

  test("while Postgres is silent is not stored", async () => {
    const manifest = image("by digest, silent");
    wharf.database.hold();
    try {
      expect((await wharf.push(manifest)).status).toBe(503);
    } finally {
      wharf.database.release();
    }
    expect(await wharf.atRegistry(manifest.digest)).toBe(404);
  });

  test("by a gateway that died behind the registry's answer is on record soon", async () => {
    const manifest = image("by digest, died");
    await wharf.db.query(
      `insert into ledger.manifest_push (id, repository, digest, actor, unsettled_at)
       values (gen_random_uuid(), $1, $2, '{"uid":"alice"}', now() - interval '1 second')`,
      [REPOSITORY, manifest.digest],
    );
    await wharf.writeAtRegistry(manifest);
    await wharf.gateways[1].recoverManifests();
    const [entry] = await wharf.audited("manifest.pushed");
    expect(entry).toMatchObject({ digest: manifest.digest, actor: { uid: "alice" } });
    expect((await wharf.push(manifest)).status).toBe(201);
    expect(await wharf.audited("manifest.pushed")).toHaveLength(1);
  });
});
