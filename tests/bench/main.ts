import { randomUUID } from "node:crypto";
import { readConfig } from "#gateway/config/config.js";
import { openOwnRequests } from "#gateway/wiring/registry.js";
import { openKeyRing } from "#service-kit/signing/key-ring.js";
import { SILENT } from "#tests/support/ledger.js";
import { registryClient } from "#tests/support/registry-client.js";
import { environmentOfGateway } from "#tests/support/running-gateway.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import { measureSideBySide, type Side } from "./side-by-side.js";

const REPOSITORY = "alpha/bench";
const MEDIA_TYPE = "application/vnd.oci.image.manifest.v1+json";

/** Compares the gateway with the registry behind it on this machine, and prints both and their ratio. */
async function main(): Promise<void> {
  const stack = await startTestStack();
  try {
    const alice = registryClient(stack.url, "alice-token");
    await alice.push(REPOSITORY, "base", "base");
    const { text: manifest } = await alice.manifest(REPOSITORY, "base");
    const gateway = {
      name: "gateway",
      url: stack.url,
      authorization: `Bearer ${await alice.token(`repository:${REPOSITORY}:pull,push`)}`,
    };
    const sides = [gateway, await registryItself(stack)] as const;

    await measureSideBySide("pull a manifest by tag", sides, ({ url, authorization }) =>
      wanted(200, `${url}/v2/${REPOSITORY}/manifests/base`, {
        headers: { authorization, accept: MEDIA_TYPE },
      }),
    );
    await measureSideBySide("push a manifest under a new tag", sides, ({ url, authorization }) =>
      wanted(201, `${url}/v2/${REPOSITORY}/manifests/${randomUUID()}`, {
        method: "PUT",
        headers: { authorization, "content-type": MEDIA_TYPE },
        body: manifest,
      }),
    );
  } finally {
    await stack.stop();
  }
}

/** The registry behind the gateway, with a token as the gateway makes them. */
async function registryItself(stack: TestStack): Promise<Side> {
  const config = readConfig(await environmentOfGateway(stack));
  const keys = await openKeyRing(config.keys, { now: Date.now, log: SILENT });
  const { authorization } = openOwnRequests(config, keys);
  const access = { type: "repository", name: REPOSITORY, actions: ["pull", "push"] } as const;
  return {
    name: "registry",
    url: config.registryUrl,
    authorization: authorization("bench", [access]),
  };
}

async function wanted(status: number, url: string, init: RequestInit): Promise<void> {
  const answer = await fetch(url, init);
  await answer.arrayBuffer();
  if (answer.status !== status) throw new Error(`${url} answered ${answer.status}`);
}

await main();
