import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { eventually } from "#tests/support/eventually.js";
import { registryClient } from "#tests/support/registry-client.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";

const REPOSITORY = "alpha/followed";

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack({ env: { DISCOVERY_SECONDS: "0" } });
});
afterAll(() => stack.stop());

const linesOf = async (log: string) =>
  (await readFile(join(stack.dataDir, "logs", log), "utf8")).split("\n");

test("a push is found by its id in the registry's log, with all that the gateway asked there because of it", async () => {
  const alice = registryClient(stack.url, "alice-token");
  await alice.push(REPOSITORY, "before", "same");
  const { text } = await alice.manifest(REPOSITORY, "before");
  const bearer = await alice.token(`repository:${REPOSITORY}:pull,push`);
  const answer = await fetch(`${stack.url}/v2/${REPOSITORY}/manifests/1.0`, {
    method: "PUT",
    headers: {
      authorization: `Bearer ${bearer}`,
      "content-type": "application/vnd.oci.image.manifest.v1+json",
    },
    body: text,
  });
  expect(answer.status).toBe(201);
  const id = answer.headers.get("x-request-id") ?? "";
  const about = async () =>
    (await linesOf("registry.log")).filter((line) =>
      line.includes(`/${REPOSITORY}/manifests/1.0 `),
    );
  await eventually("the registry has written it", async () =>
    (await about()).some((line) => line.includes("PUT")),
  );
  for (const line of await about()) expect(line).toContain(`"request-id:${id}"`);
  const asked = (await about()).map((line) => /"(\w+) /.exec(line)?.[1]);
  expect(asked).toContain("HEAD");
});

test("a token is found by its id in the token server's log", async () => {
  const basic = Buffer.from("oauth2:alice-token").toString("base64");
  const answer = await fetch(`${stack.url}/token?service=wharfinger`, {
    headers: { authorization: `Basic ${basic}` },
  });
  const id = answer.headers.get("x-request-id") ?? "";
  await eventually("it is there, with what was granted", async () =>
    (await linesOf("token-server.log")).some(
      (line) => line.includes('"event":"token.issued"') && line.includes(`"requestId":"${id}"`),
    ),
  );
});
