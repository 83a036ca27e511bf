import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { registryUpstream, type Upstream } from "#gateway/upstream/upstream.js";
import { parseDigest } from "#registry-protocol/digest.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import { requestAtHand, withRequestAtHand } from "#service-kit/request-at-hand.js";
import { startUpstream, type UpstreamDouble } from "#tests/support/upstream-double.js";

const DIGEST = `sha256:${"a".repeat(64)}`;
const repository = parseRepositoryName("alpha/app");
const tag = parseTag("1.0");

let registry: UpstreamDouble;
let upstream: Upstream;

beforeAll(async () => {
  registry = await startUpstream();
  upstream = registryUpstream(registry.url, () => "Bearer token");
});
afterAll(() => registry.stop());

describe("a tag that the registry is asked for", () => {
  test.each([1, 2])("is asked for again when %i answers are 500: somebody writes it", async (n) => {
    answerWith(...Array.from({ length: n }, () => 500), 200);
    expect(await upstream.digestOfTag(repository, tag)).toBe(DIGEST);
    expect(registry.seen).toHaveLength(n + 1);
  });

  test("stays untold when the registry goes on answering 500", async () => {
    answerWith(500);
    await expect(upstream.digestOfTag(repository, tag)).rejects.toThrow(
      "the registry answered 500",
    );
    expect(registry.seen).toHaveLength(3);
  });

  test.each([401, 429, 502, 503])("is asked for once when the answer is %i", async (status) => {
    answerWith(status);
    await expect(upstream.digestOfTag(repository, tag)).rejects.toThrow(`answered ${status}`);
    expect(registry.seen).toHaveLength(1);
  });

  test("is asked for once when there is none", async () => {
    answerWith(404);
    expect(await upstream.digestOfTag(repository, tag)).toBeNull();
    expect(registry.seen).toHaveLength(1);
  });
});

describe("what the registry is asked because of a request", () => {
  test("says so by the request's id, what nobody asked for says nothing", async () => {
    answerWith(200);
    await withRequestAtHand(async () => {
      const request = requestAtHand();
      if (request !== null) request.requestId = "request-1";
      await upstream.digestOfTag(repository, tag);
      await upstream.blobSize(repository, parseDigest(DIGEST));
    });
    await upstream.digestOfTag(repository, tag);
    expect(registry.seen.map(({ headers }) => headers.referer)).toEqual([
      "request-id:request-1",
      "request-id:request-1",
      undefined,
    ]);
  });
});

describe("a manifest that the registry is to delete", () => {
  const errand = { subject: "alice", clientAddress: "192.0.2.1", requestId: "r" };
  const remove = () => upstream.deleteManifest(repository, { tag }, errand);

  test("has gone when the registry fails and does not know it then", async () => {
    answerWith(500, 404);
    expect((await remove()).status).toBe(202);
    expect(registry.seen).toHaveLength(2);
  });

  test("is none when the registry says so at once", async () => {
    answerWith(404);
    expect((await remove()).status).toBe(404);
  });

  test("stays undecided when the registry goes on failing", async () => {
    answerWith(500);
    expect((await remove()).status).toBe(500);
    expect(registry.seen).toHaveLength(3);
  });
});

/** One status after the other; the last one stays. */
function answerWith(...statuses: readonly number[]): void {
  registry.answerWith((req, res) => {
    const status = statuses[registry.seen.length - 1] ?? statuses.at(-1) ?? 500;
    req.resume();
    res.writeHead(status, status === 200 ? { "Docker-Content-Digest": DIGEST } : {}).end();
  });
}
