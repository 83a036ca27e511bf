import { once } from "node:events";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { digestOf } from "#registry-protocol/digest.js";
import { MARKER } from "#registry-protocol/storage-marker.js";
import type { Database } from "#service-kit/db/pool.js";
import { eventually } from "#tests/support/eventually.js";
import { answersIn, ask, errorOf, rawExchange, type Answer } from "#tests/support/http-client.js";
import { imageText } from "#tests/support/manifest-texts.js";
import { registryClient, type RegistryClient } from "#tests/support/registry-client.js";
import { openLedgerOf } from "#tests/support/running-gateway.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import { testTools } from "#tests/support/tools.js";

const MIB = 1024 * 1024;
const MEDIA_TYPE = "application/vnd.oci.image.manifest.v1+json";
const EMPTY = digestOf(Buffer.alloc(0));
const SOUND = "alpha/sound";
const LONG_NAME = `alpha/${"a".repeat(250)}`;

let stack: TestStack;
let ledger: Database;
let alice: RegistryClient;
let bearer: string;
let pids: (number | null)[];

beforeAll(async () => {
  stack = await startTestStack();
  ledger = await openLedgerOf(stack);
  alice = registryClient(stack.url, "alice-token");
  pids = await runningPids();
});
beforeEach(async () => {
  bearer = `Bearer ${await alice.token("repository:alpha/app:pull,push")}`;
});
afterAll(async () => {
  expect(await runningPids()).toEqual(pids);
  await ledger.close();
  await stack.stop();
});

/** One row: what is wrong with the manifest, where it is put, what it is, and how that is answered. */
const MANIFESTS: readonly (readonly [
  what: string,
  reference: string,
  body: string,
  statuses: number[],
  code: string,
])[] = [
  ["larger than 4 MiB", "1.0", "x".repeat(4 * MIB + 1), [413], "DENIED"],
  ["larger than 4 MiB, by digest", EMPTY, "x".repeat(4 * MIB + 1), [413], "DENIED"],
  ["broken JSON", "1.0", '{"schemaVersion":2,', [400], "MANIFEST_INVALID"],
  ["no JSON", "1.0", "\x00\x01\x02", [400], "MANIFEST_INVALID"],
  ["nothing", "1.0", "", [400], "MANIFEST_INVALID"],
  ["JSON of another kind", "1.0", "[]", [400], "MANIFEST_INVALID"],
  ["JSON of no kind", "1.0", "{}", [400], "MANIFEST_INVALID"],
  ["null", "1.0", "null", [400], "MANIFEST_INVALID"],
  ["a manifest of version 7", "1.0", '{"schemaVersion":7}', [400], "MANIFEST_INVALID"],
  [
    "a manifest with layers that are none",
    "1.0",
    '{"schemaVersion":2,"layers":7}',
    [400],
    "MANIFEST_INVALID",
  ],
  [
    "a manifest with a layer that was never pushed",
    "1.0",
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA_TYPE,
      config: { mediaType: "a/b", size: 2, digest: digestOf(Buffer.from("{}")) },
      layers: [],
    }),
    [400, 404],
    "MANIFEST_BLOB_UNKNOWN",
  ],
  ["put under another one's digest", EMPTY, imageText(), [400], "DIGEST_INVALID"],
  ["put under a digest that is none", "sha256:abc", "{}", [400], "DIGEST_INVALID"],
  ["put under a tag that is none", ".hidden", "{}", [400], "NAME_INVALID"],
  ["put under a tag of 129 characters", "t".repeat(129), "{}", [400], "NAME_INVALID"],
  ["put under latest", "latest", imageText(), [409], "DENIED"],
];

describe(`on registry ${testTools().registry.version}, nothing is stored of a manifest that is`, () => {
  test.each(MANIFESTS)("%s", async (_what, reference, body, statuses, code) => {
    const answer = await asAlice("PUT", `/v2/alpha/app/manifests/${reference}`, body);
    expect(statuses).toContain(answer.status);
    expect(errorOf(answer).code).toBe(code);
    await expectNothingStored();
  });

  test("cut off half-way", async () => {
    const text = JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPE });
    await sendHalf("PUT", "/v2/alpha/app/manifests/1.0", text);
    await expectNothingStored();
  });
});

/** One row: a path, and how it is refused. */
const PATHS: readonly (readonly [path: string, code: string])[] = [
  ["/v2/alpha/../app/manifests/1.0", "NAME_INVALID"],
  ["/v2/alpha/app/../../beta/app/manifests/1.0", "NAME_INVALID"],
  ["/v2/alpha/%2e%2e/beta/manifests/1.0", "NAME_INVALID"],
  ["/v2/alpha%2f..%2fbeta/manifests/1.0", "NAME_INVALID"],
  ["/v2//alpha/app/manifests/1.0", "NAME_INVALID"],
  ["/v2/alpha//app/manifests/1.0", "NAME_INVALID"],
  ["/v2/Alpha/app/manifests/1.0", "NAME_INVALID"],
  [`/v2/${LONG_NAME}/manifests/1.0`, "NAME_INVALID"],
  [`/v2/alpha/app/manifests/${"t".repeat(129)}`, "NAME_INVALID"],
  ["/v2/alpha/app/manifests/%2e%2e", "NAME_INVALID"],
  ["/v2/alpha/app/blobs/uploads/..", "BLOB_UPLOAD_INVALID"],
  ["/v2/alpha/app/blobs/sha256:abc", "DIGEST_INVALID"],
  ["/v2/alpha/app/nothing", "UNSUPPORTED"],
];

describe(`on registry ${testTools().registry.version}, nothing is stored at a path that is none`, () => {
  test.each(PATHS)("%s", async (path, code) => {
    for (const method of ["PUT", "GET"]) {
      const answer = await asAlice(method, path, method === "PUT" ? "{}" : undefined);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
      expect(errorOf(answer).code).toBe(code);
    }
    await expectNothingStored();
  });
});

describe(`on registry ${testTools().registry.version}, nothing is stored of a blob that is`, () => {
  test("sent under another one's digest", async () => {
    const location = await startUpload();
    const answer = await asAlice("PUT", `${location}&digest=${EMPTY}`, "not empty");
    expect(answer.status).toBe(400);
    expect(errorOf(answer).code).toBe("DIGEST_INVALID");
    await expectNothingStored();
  });

  test("sent under a digest that is none", async () => {
    const answer = await asAlice("PUT", `${await startUpload()}&digest=sha256:abc`, "x");
    expect(answer.status).toBe(400);
    expect(errorOf(answer).code).toBe("DIGEST_INVALID");
    await expectNothingStored();
  });

  test("sent to an upload that nobody started", async () => {
    const answer = await asAlice("PATCH", "/v2/alpha/app/blobs/uploads/never-started", "x");
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    await expectNothingStored();
  });

  test("cut off half-way", async () => {
    const location = await startUpload();
    await sendHalf("PUT", `${location}&digest=${digestOf(Buffer.alloc(1_000))}`, "x".repeat(1_000));
    await expectNothingStored();
  });
});

describe("an unknown method", () => {
  test.each(["SMUGGLE", "get", "PUTT"])("%s is refused in the registry's form", async (method) => {
    const head = `${method} /v2/alpha/app/manifests/1.0 HTTP/1.1\r\nHost: a\r\n\r\n`;
    const [answer] = answersIn(await rawExchange(stack.port, head));
    expect(answer?.status).toBe(405);
    if (answer !== undefined) expect(errorOf(answer).code).toBe("UNSUPPORTED");
    await expectNothingStored();
  });

  test.each(["POST", "PATCH", "OPTIONS", "PROPFIND"])(
    "%s of a manifest is refused in the registry's form",
    async (method) => {
      const answer = await asAlice(method, "/v2/alpha/app/manifests/1.0");
      expect(answer.status).toBe(405);
      expect(errorOf(answer).code).toBe("UNSUPPORTED");
    },
  );
});

describe("beside all that", () => {
  test("a push works", async () => {
    const digest = await alice.push(SOUND, "1.0", "content");
    expect((await alice.manifest(SOUND, "1.0")).status).toBe(200);
    expect(digest).toMatch(/^sha256:/);
  });
});

function asAlice(method: string, target: string, body?: string): Promise<Answer> {
  const headers = { Authorization: bearer, "Content-Type": MEDIA_TYPE };
  return ask(stack.url, target, { method, headers, ...(body === undefined ? {} : { body }) });
}

async function startUpload(): Promise<string> {
  const { headers } = await asAlice("POST", "/v2/alpha/app/blobs/uploads/", "");
  if (headers.location === undefined) throw new Error("no upload was started");
  return headers.location;
}

/** Sends the head of a request and half of its body, and hangs up. */
async function sendHalf(method: string, target: string, body: string): Promise<void> {
  const before = await requestsOver();
  const socket = connect(stack.port, "127.0.0.1");
  await once(socket, "connect");
  const head = [
    `${method} ${target} HTTP/1.1`,
    "Host: gateway",
    `Authorization: ${bearer}`,
    `Content-Type: ${MEDIA_TYPE}`,
    `Content-Length: ${body.length}`,
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body.slice(0, body.length / 2)}`);
  await once(socket.resume(), "close");
  await eventually("the request is over", async () => (await requestsOver()) > before);
}

async function requestsOver(): Promise<number> {
  const { gatewayMetrics = "" } = await stack.addresses();
  const text = (await ask(gatewayMetrics, "/metrics")).body.toString();
  const lines = text.matchAll(/^http_requests_total\{route="(?:manifest|upload)\..*\} (\d+)$/gm);
  return [...lines].reduce((sum, line) => sum + Number(line[1]), 0);
}

/** Neither ledger nor registry has anything of any repository, but of the one that was pushed to rightly. */
async function expectNothingStored(): Promise<void> {
  const { rows } = await ledger.query(
    "select repository, name from ledger.tag where repository <> $1",
    [SOUND],
  );
  expect(rows).toEqual([]);
  const tags = await asAlice("GET", "/v2/alpha/app/tags/list");
  expect(tags.status === 404 || tags.body.toString().includes('"tags":null')).toBe(true);
  expect(await linksOfRegistry()).toEqual([]);
}

/** What the registry keeps of tags, manifests and blobs in any repository, but the storage's own marker, and the one that was pushed to rightly. */
async function linksOfRegistry(): Promise<string[]> {
  const root = join(stack.dataDir, "registry");
  if (!existsSync(root)) return [];
  const files = await readdir(root, { recursive: true });
  const sound = [MARKER.repository, SOUND].map((name) => `/repositories/${name}/`);
  return files.filter(
    (file) =>
      /\/_(?:manifests|layers)\/.*\/link$/.test(file) && !sound.some((one) => file.includes(one)),
  );
}

function runningPids(): Promise<(number | null)[]> {
  const parts = ["gateway", "token-server", "registry", "postgres"] as const;
  return Promise.all(parts.map((part) => stack.pidOf(part)));
}
