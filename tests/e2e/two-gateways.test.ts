import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { eventually } from "#tests/support/eventually.js";
import { ask, errorOf } from "#tests/support/http-client.js";
import { makeImage } from "#tests/support/oci-layout.js";
import { registryClient } from "#tests/support/registry-client.js";
import { startSecondGateway } from "#tests/support/running-gateway.js";
import { skopeo } from "#tests/support/skopeo.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { testTools } from "#tests/support/tools.js";

const MEDIA_TYPE = "application/vnd.oci.image.manifest.v1+json";

let stack: TestStack;
let second: { url: string; stop(): Promise<void> };
let folder: TemporaryFolder;

beforeAll(async () => {
  [stack, folder] = await Promise.all([startTestStack(), temporaryFolder()]);
  await mkdir(join(folder.path, "state"));
  second = await startSecondGateway(stack, { STATE_DIR: join(folder.path, "state") });
});
afterAll(async () => {
  await second.stop();
  await stack.stop();
  await folder.remove();
});

describe(`two gateways on one ledger and registry ${testTools().registry.version}`, () => {
  test("agree on what a tag means, whichever was pushed through", async () => {
    const one = await makeImage(join(folder.path, "one"));
    const two = await makeImage(join(folder.path, "two"));
    const [here, there] = [skopeo(stack.url, "alice-token"), skopeo(second.url, "alice-token")];
    expect(await here.push(one, "alpha/app:1.0")).toMatchObject({ ok: true });
    const refused = await there.push(two, "alpha/app:1.0");
    expect(refused.ok).toBe(false);
    expect(refused.output).toContain("tag already exists");
    expect(await there.push(one, "alpha/app:1.0")).toMatchObject({ ok: true });
    const inspected = await there.inspect("alpha/app:1.0");
    expect(JSON.parse(inspected.stdout)).toMatchObject({ Digest: one.digest });
  });

  test("remember the newest checkpoint beside their keys, or where they are told to", async () => {
    const folders = [join(stack.dataDir, "keys"), join(folder.path, "state")];
    for (const path of folders)
      await eventually(`it is remembered in ${path}`, async () =>
        (await readdir(path)).includes("gateway-newest-checkpoint.json"),
      );
  });

  test("send clients for their token to where they came from", async () => {
    for (const url of [stack.url, second.url])
      expect((await ask(url, "/v2/")).headers["www-authenticate"]).toContain(
        `realm="${url}/token"`,
      );
  });

  test("let one of 32 racing pushes of different content through, and that is what is pulled", async () => {
    const alice = registryClient(stack.url, "alice-token");
    const manifests = await manifestsOf(alice, 32);
    const bearer = await alice.token("repository:alpha/race:pull,push");
    const answers = await Promise.all(
      manifests.map((body, i) =>
        ask(i % 2 === 0 ? stack.url : second.url, "/v2/alpha/race/manifests/1.0", {
          method: "PUT",
          body,
          headers: { Authorization: `Bearer ${bearer}`, "Content-Type": MEDIA_TYPE },
        }),
      ),
    );
    const winners = answers.filter(({ status }) => status === 201);
    const losers = answers.filter(({ status }) => status !== 201);
    expect(winners).toHaveLength(1);
    for (const loser of losers)
      expect({ status: loser.status, ...errorOf(loser) }).toMatchObject({
        status: 409,
        code: "DENIED",
        message: expect.stringMatching(/^tag already exists/),
        detail: { digest: winners[0]?.headers["docker-content-digest"] },
      });
    const pulled = await alice.manifest("alpha/race", "1.0");
    expect(manifests.indexOf(pulled.text)).toBe(answers.findIndex(({ status }) => status === 201));
  });
});

/** Manifests of which each is good and none is like another. */
async function manifestsOf(
  alice: ReturnType<typeof registryClient>,
  count: number,
): Promise<string[]> {
  await alice.push("alpha/race", "base", "base");
  const { text } = await alice.manifest("alpha/race", "base");
  const base = JSON.parse(text) as object;
  return Array.from({ length: count }, (_, i) =>
    JSON.stringify({ ...base, annotations: { number: String(i) } }),
  );
}
