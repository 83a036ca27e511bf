import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { compileTagPolicy } from "#tag-policy/tag-policy.js";
import { eventually } from "#tests/support/eventually.js";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { ask, errorOf, type AskOptions } from "#tests/support/http-client.js";
import { startLedger, type StartedLedger } from "#tests/support/ledger.js";
import { startStock, type TestRegistry } from "#tests/support/registry.js";
import { startTokenAuthority, type TokenAuthority } from "#tests/support/token-authority.js";
import { uploadBlob } from "./support/blobs.js";
import { CONFIG, image, IMAGE_TYPE, REPOSITORY } from "./support/manifests.js";
import { registryPrograms } from "./support/registry.js";

describe.each(registryPrograms())("a registry $version that deletes nothing", (program) => {
  let registry: TestRegistry;
  let authority: TokenAuthority;
  let ledger: StartedLedger;
  let gateway: TestGateway;
  beforeAll(async () => {
    // Its default: REGISTRY_STORAGE_DELETE_ENABLED is not set.
    registry = await startStock(program.file);
    authority = await startTokenAuthority();
    ledger = await startLedger();
    gateway = await startGateway({
      registryUrl: registry.url,
      tokenServerUrl: authority.server.url,
      db: ledger.open(),
      hears: ledger.config,
      policy: compileTagPolicy([{ id: "all", effect: "mutable" }]),
      allowDelete: true,
    });
    await uploadBlob(registry.url, Buffer.from(CONFIG));
  });
  afterAll(async () => {
    await gateway.stop();
    await authority.server.stop();
    await ledger.stop();
    await registry.stop();
  });

  const asked = async (method: string, reference: string, options: AskOptions = {}) => {
    const Authorization = await authority.bearer(["pull", "push", "delete"]);
    const headers = { Accept: IMAGE_TYPE, ...options.headers, Authorization };
    const target = `/v2/${REPOSITORY}/manifests/${reference}`;
    return ask(gateway.url, target, { ...options, method, headers });
  };

  test("is told of by a deletion by digest, after which all is there as before", async () => {
    const { text, digest, mediaType } = image("kept by the registry");
    const pushed = { headers: { "Content-Type": mediaType }, body: text };
    expect((await asked("PUT", "1.0", pushed)).status).toBe(201);
    const refused = await asked("DELETE", digest);
    expect([refused.status, errorOf(refused)]).toMatchObject([
      405,
      { code: "UNSUPPORTED", message: "the registry's own deletion is off" },
    ]);
    for (const reference of [digest, "1.0"])
      expect((await asked("GET", reference)).status).toBe(200);
    expect((await asked("PUT", "1.0", pushed)).status).toBe(201);
  });

  test("lets go of a tag all the same: what it means is the ledger's affair", async () => {
    const { text, digest, mediaType } = image("without a tag");
    const pushed = { headers: { "Content-Type": mediaType }, body: text };
    expect((await asked("PUT", "2.0", pushed)).status).toBe(201);
    expect((await asked("DELETE", "2.0")).status).toBe(202);
    // Every gateway hears of it from Postgres, this one too.
    await eventually("the tag is gone", async () => (await asked("GET", "2.0")).status === 404);
    expect((await asked("GET", digest)).status).toBe(200);
  });
});
