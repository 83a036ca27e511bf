import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { ANY_MANIFEST } from "#registry-protocol/any-manifest.js";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { ask, errorOf } from "#tests/support/http-client.js";
import { manifestRegistry, type ManifestRegistry } from "#tests/support/manifest-registry.js";
import { smallManifest } from "#tests/support/small-images.js";
import { startTokenAuthority, type TokenAuthority } from "#tests/support/token-authority.js";
import { startUpstream, type UpstreamDouble } from "#tests/support/upstream-double.js";
import type { StartedLedger } from "#tests/support/ledger.js";
import { useLedger } from "#tests/support/use-ledger.js";

let ledger: StartedLedger;
let authority: TokenAuthority;
let registry: ManifestRegistry;
let upstream: UpstreamDouble;
let gateway: TestGateway;

useLedger((started) => {
  ledger = started;
});
beforeEach(async () => {
  authority = await startTokenAuthority();
  registry = manifestRegistry();
  upstream = await startUpstream(registry.handler);
  const tokenServerUrl = authority.server.url;
  gateway = await startGateway({ registryUrl: upstream.url, tokenServerUrl, db: ledger.db });
});
afterEach(async () => {
  await gateway.stop();
  await upstream.stop();
  await authority.server.stop();
});

async function pull(reference: string) {
  const headers = { Authorization: await authority.bearer(["pull"]), Accept: ANY_MANIFEST };
  return ask(gateway.url, `/v2/alpha/app/manifests/${reference}`, { headers });
}

test("a tag of which the registry has lost the manifest is known and lost, one that never was is unknown", async () => {
  const digest = registry.write("alpha/app", "1.0", smallManifest("1.0"));
  // Found at the registry: the ledger has its digest, and not its bytes.
  expect((await pull("1.0")).status).toBe(200);
  await ledger.db.query("delete from ledger.manifest");
  registry.tags.clear();
  registry.manifests.clear();
  const lost = await pull("1.0");
  expect([lost.status, errorOf(lost).code]).toEqual([404, "MANIFEST_UNKNOWN"]);
  expect(errorOf(lost).message).toContain(`known and lost: the registry does not have ${digest}`);
  const never = await pull("2.0");
  expect([never.status, errorOf(never).message]).toEqual([404, "manifest unknown"]);
});
