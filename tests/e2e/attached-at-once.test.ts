import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { Digest } from "#registry-protocol/digest.js";
import { readyBundle } from "#tests/support/bundle-signer.js";
import { ask } from "#tests/support/http-client.js";
import { registryClient } from "#tests/support/registry-client.js";
import { serviceBeside, type ServiceBeside } from "#tests/support/service-beside.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";

const CLIENTS = 50;
const REPOSITORY = "alpha/signed";

let stack: TestStack;
let second: ServiceBeside;

beforeAll(async () => {
  stack = await startTestStack();
  second = await serviceBeside(stack, "gateway");
  await second.start();
});
afterAll(async () => {
  await second.stop("SIGKILL");
  await stack.stop();
});

test("of 50 signatures that are attached to one image at once through two gateways, one of which is killed, those that were acknowledged are listed, and so are the others once they are attached again", async () => {
  const alice = registryClient(stack.url, "alice-token");
  const subject = (await alice.push(REPOSITORY, "1.0", "signed")) as Digest;
  const authorization = `Bearer ${await alice.token(`repository:${REPOSITORY}:pull,push`)}`;
  const at = { url: stack.url, repository: REPOSITORY, authorization };
  const ready = await Promise.all(
    Array.from({ length: CLIENTS }, (_, i) => readyBundle(at, subject, `bundle ${i}`)),
  );
  const listed = async (): Promise<string[]> => {
    const headers = { Authorization: authorization };
    const answer = await ask(stack.url, `/v2/${REPOSITORY}/referrers/${subject}`, { headers });
    expect(answer.status).toBe(200);
    const { manifests } = JSON.parse(answer.body.toString()) as { manifests: { digest: string }[] };
    return manifests.map(({ digest }) => digest);
  };

  const acknowledged = new Set<string>();
  const killed: Promise<unknown>[] = [];
  await Promise.all(
    ready.map(async (bundle, i) => {
      const isThere = i % 2 === 1;
      const answer = await bundle
        .attach(isThere ? { ...at, url: second.url } : at)
        .catch(() => null);
      if (answer?.status !== 201) return;
      acknowledged.add(bundle.digest);
      if (isThere && killed.length === 0) killed.push(second.stop("SIGKILL"));
    }),
  );
  await Promise.all(killed);
  expect(acknowledged.size).toBeGreaterThanOrEqual(CLIENTS / 2 + 1);
  expect(acknowledged.size).toBeLessThan(CLIENTS);
  expect(await listed()).toEqual(expect.arrayContaining([...acknowledged]));

  for (const bundle of ready) {
    const pushed = await bundle.attach();
    expect([pushed.status, pushed.headers["oci-subject"]]).toEqual([201, subject]);
    expect((await bundle.look()).status).toBe(200);
  }
  expect(await listed()).toEqual(ready.map(({ digest }) => digest).sort());
});
