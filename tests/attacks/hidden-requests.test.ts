import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { digestOf, registryClient, type RegistryClient } from "#tests/support/registry-client.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import { hidingRequest, type HidingRequest } from "./support/hidden-request.js";

/** Around every number of headers that means something to us or to Node. */
const FILLERS = [0, 95, 97, 98, 99, 100, 990, 998, 999, 1_000, 1_010, 1_032, 1_100] as const;
const FRAMINGS = ["length", "chunked"] as const;
const FORMS = FILLERS.flatMap((fillers) => FRAMINGS.map((framing) => ({ fillers, framing })));
const MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json";

let stack: TestStack;
let alice: RegistryClient;
let bob: RegistryClient;
let released: string;
let other: string;

beforeAll(async () => {
  stack = await startTestStack();
  alice = registryClient(stack.url, "alice-token");
  bob = registryClient(stack.url, "bob-token");
  released = await alice.push("alpha/app", "1.0", "released");
  other = await alice.push("alpha/app", "1.1", "other");
});
afterAll(() => stack.stop());

describe("with the stock registry and our token server, a request hidden in another one", () => {
  test.each(["GET", "HEAD"])("of bob's (%s) does not change what alice pulls", async (method) => {
    const authorization = `Bearer ${await bob.token("repository:alpha/app:pull")}`;
    const target = `/v2/alpha/app/manifests/${released}`;
    const hidden = `GET /v2/alpha/app/manifests/${other} HTTP/1.1\r\nHost: r\r\nX-Rest: `;
    for (const form of FORMS) {
      const attacks = Array.from({ length: 3 }, () =>
        send({ ...form, method, target, authorization, hidden }),
      );
      const pulled = await Promise.all(
        Array.from({ length: 4 }, () => alice.manifest("alpha/app", "1.0")),
      );
      for (const statuses of await Promise.all(attacks)) expectRefused(statuses);
      for (const { status, text } of [...pulled, await alice.manifest("alpha/app", "1.0")])
        expect([status, digestOf(text)]).toEqual([200, released]);
    }
  });

  test("of alice's neither overwrites a tag, nor makes one, nor deletes anything", async () => {
    const { text } = await alice.manifest("alpha/app", "1.1");
    const authorization = `Bearer ${await alice.token("repository:alpha/app:pull,push,delete")}`;
    const put = (tag: string) =>
      `PUT /v2/alpha/app/manifests/${tag} HTTP/1.1\r\nHost: r\r\nContent-Type: ${MANIFEST_TYPE}\r\n` +
      `Authorization: ${authorization}\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
    const remove = `DELETE /v2/alpha/app/manifests/${released} HTTP/1.1\r\nHost: r\r\nX-Rest: `;
    const session = "/v2/alpha/app/blobs/uploads/5f0c7a52-0000-4000-8000-000000000000";
    for (const form of FORMS)
      for (const hidden of [put("1.0"), put("latest"), put("hidden"), remove])
        for (const [method, target] of [
          ["GET", `/v2/alpha/app/manifests/${released}`],
          ["DELETE", session],
        ] as const) {
          expectRefused(await send({ ...form, method, target, authorization, hidden }));
          // What a next user sends would complete what is hidden.
          expect((await alice.manifest("alpha/app", released)).status).toBe(200);
        }
    expect(await tagsAtRegistry("alpha/app")).toEqual({ "1.0": released, "1.1": other });
    expect(digestOf((await alice.manifest("alpha/app", "1.0")).text)).toBe(released);
  });

  test("of a stranger's does not make the next user's login part of his own", async () => {
    const form = "grant_type=password&access_type=offline&service=wharfinger&username=oauth2";
    const body = `${form}&password=bob-token&client_id=`;
    const hidden =
      "POST /token HTTP/1.1\r\nHost: t\r\nContent-Type: application/x-www-form-urlencoded\r\n" +
      `Content-Length: ${body.length + 200}\r\n\r\n${body}`;
    for (const shape of FORMS)
      for (const [method, target] of [
        ["GET", "/token?service=wharfinger"],
        ["HEAD", "/token"],
        ["DELETE", "/api/v1/refresh-tokens/5f0c7a52-0000-4000-8000-000000000000"],
        ["GET", "/api/v1/refresh-tokens"],
      ] as const) {
        const attacks = [1, 2].map(() => send({ ...shape, method, target, hidden }));
        const tokens = await Promise.all([alice.token(), alice.token()]);
        for (const statuses of await Promise.all(attacks)) expectRefused(statuses);
        for (const token of [...tokens, await alice.token()])
          expect(subjectOf(token)).toBe("alice");
      }
    const listed = await fetch(`${stack.url}/api/v1/refresh-tokens`, {
      headers: { authorization: `Basic ${Buffer.from("oauth2:bob-token").toString("base64")}` },
    });
    expect(listed.status).toBe(200);
    expect(await listed.text()).not.toMatch(/authorization|HTTP\/1|basic|GET/i);
  });
});

/** Sends a request and whatever it hides, and returns the statuses of all answers. */
async function send(request: HidingRequest): Promise<number[]> {
  const socket = connect(stack.port, "127.0.0.1");
  let text = "";
  socket.setEncoding("latin1").on("data", (part: string) => (text += part));
  socket.on("error", () => undefined);
  await once(socket, "connect");
  socket.write(hidingRequest(request));
  if (!socket.closed) await once(socket, "close");
  return [...text.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => Number(status));
}

/** One answer, which refuses, and the end of the connection. */
function expectRefused(statuses: readonly number[]): void {
  expect(statuses).toHaveLength(1);
  expect([400, 405, 431]).toContain(statuses[0]);
}

/** @returns digest by tag as the registry's own files have them */
async function tagsAtRegistry(repository: string): Promise<Record<string, string>> {
  const entries = await readdir(stack.dataDir, { recursive: true });
  const links = entries.filter(
    (path) => path.includes(`/${repository}/_manifests/tags/`) && path.endsWith("/current/link"),
  );
  const tags = await Promise.all(
    links.map(async (path) => [
      path.split("/").at(-3),
      (await readFile(join(stack.dataDir, path), "utf8")).trim(),
    ]),
  );
  return Object.fromEntries(tags) as Record<string, string>;
}

function subjectOf(token: string): unknown {
  const claims = Buffer.from(token.split(".")[1] ?? "", "base64url").toString();
  return (JSON.parse(claims) as { sub?: unknown }).sub;
}
