import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ask, errorOf } from "#tests/support/http-client.js";
import { makeImage } from "#tests/support/oci-layout.js";
import { registryClient } from "#tests/support/registry-client.js";
import { skopeo } from "#tests/support/skopeo.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { testTools } from "#tests/support/tools.js";

let stack: TestStack;
let folder: TemporaryFolder;
let count = 0;

beforeAll(async () => {
  [stack, folder] = await Promise.all([startTestStack(), temporaryFolder()]);
});
afterAll(async () => {
  await stack.stop();
  await folder.remove();
});

/** One row: who pushes where, and with what reason it is refused, if it is. */
const PUSHES: readonly (readonly [token: string, repository: string, reason: string | null])[] = [
  ["alice-token", "alpha/app", null],
  ["alice-token", "shared/app", null],
  ["alice-token", "beta/app", "alice is not in team beta"],
  ["bob-token", "alpha/app", "bob is not in team alpha"],
  ["bob-token", "beta/app", null],
  ["ci-token", "alpha/app", null],
  ["ci-token", "beta/app", "robot-ci is not in team beta"],
  ["ci-nowrite-token", "alpha/app", "the token lacks the scope application.write"],
  ["ci-all-token", "alpha/app", null],
  ["ci-all-token", "beta/far/below", null],
  ["ci-trusted-token", "anything/app", null],
  ["ci-all-token", "alpha", "images live below a team: team/artifact"],
];

describe(`who may push to registry ${testTools().registry.version}`, () => {
  test.each(PUSHES)("%s to %s (refused because: %s)", async (token, repository, reason) => {
    const image = await newImage();
    const { ok, output } = await skopeo(stack.url, token).push(image, `${repository}:${tag()}`);
    if (reason === null) expect({ ok, output }).toMatchObject({ ok: true });
    else {
      expect(ok).toBe(false);
      expect(output).toContain(reason);
    }
  });

  test("nobody without credentials, who is told to log in", async () => {
    const image = await newImage();
    const { ok, output } = await skopeo(stack.url, null).push(image, `alpha/app:${tag()}`);
    expect(ok).toBe(false);
    expect(output).toMatch(/authentication required|unauthorized/i);
  });

  test("nobody with a token that the company does not know", async () => {
    const image = await newImage();
    const { ok, output } = await skopeo(stack.url, "stolen").push(image, `alpha/app:${tag()}`);
    expect(ok).toBe(false);
    expect(output).toMatch(/not valid|unauthorized/i);
  });
});

describe(`who may pull from registry ${testTools().registry.version}`, () => {
  test.each(["alice-token", "bob-token", "ci-token", "ci-nowrite-token", "ci-all-token"])(
    "%s what alpha pushed",
    async (token) => {
      const image = await newImage();
      const name = `alpha/pulled:${tag()}`;
      await skopeo(stack.url, "alice-token").push(image, name);
      const { stdout } = await skopeo(stack.url, token).inspect(name);
      expect(JSON.parse(stdout)).toMatchObject({ Digest: image.digest });
    },
  );

  test("nobody without credentials", async () => {
    const name = `alpha/pulled:${tag()}`;
    await skopeo(stack.url, "alice-token").push(await newImage(), name);
    expect((await skopeo(stack.url, null).inspect(name)).ok).toBe(false);
  });
});

describe("without credentials", () => {
  test("the registry answers 401 and says where to get a token", async () => {
    const answer = await ask(stack.url, "/v2/");
    expect(answer.status).toBe(401);
    expect(answer.headers["www-authenticate"]).toBe(
      `Bearer realm="${stack.url}/token",service="wharfinger"`,
    );
    expect(errorOf(answer).code).toBe("UNAUTHORIZED");
  });

  test("the token endpoint answers 401 and says how to log in", async () => {
    const answer = await ask(
      stack.url,
      "/token?service=wharfinger&scope=repository:alpha/app:pull",
    );
    expect(answer.status).toBe(401);
    expect(answer.headers["www-authenticate"]).toMatch(/^Basic /);
    expect(errorOf(answer).message).toContain("docker login");
  });
});

describe("a blob of another repository, asked for with a token for the own one alone", () => {
  /** The registry reads both as parameters. */
  const ways = [
    ["in the query", (fields: string) => ({ query: `?${fields}`, body: "" })],
    ["in a form", (fields: string) => ({ query: "", body: fields })],
  ] as const;

  test.each(ways)("%s, becomes a plain upload and is not mounted", async (name, way) => {
    const artifact = name.replaceAll(" ", "-");
    const bob = registryClient(stack.url, "bob-token");
    await bob.push(`beta/${artifact}`, "1.0", `secret ${name}`);
    const { text } = await bob.manifest(`beta/${artifact}`, "1.0");
    const { config } = JSON.parse(text) as { config: { digest: string } };
    const { query, body } = way(`mount=${config.digest}&from=beta/${artifact}`);

    const alice = registryClient(stack.url, "alice-token");
    const token = await alice.token(`repository:alpha/${artifact}:pull,push`);
    const Authorization = `Bearer ${token}`;
    const answer = await ask(stack.url, `/v2/alpha/${artifact}/blobs/uploads/${query}`, {
      method: "POST",
      headers: { Authorization, "Content-Type": "application/x-www-form-urlencoded" },
      body,
    });
    expect(answer.status).toBe(202);
    const blob = `/v2/alpha/${artifact}/blobs/${config.digest}`;
    expect((await ask(stack.url, blob, { headers: { Authorization } })).status).toBe(404);
  });
});

function newImage() {
  count += 1;
  return makeImage(join(folder.path, `image-${count}`));
}

function tag(): string {
  return `1.${count}`;
}
