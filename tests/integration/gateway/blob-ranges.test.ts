import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { digestOf } from "#registry-protocol/digest.js";
import { uploadBlob } from "#tests/integration/tags/support/blobs.js";
import { REPOSITORY } from "#tests/integration/tags/support/manifests.js";
import { registryPrograms } from "#tests/integration/tags/support/registry.js";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { ask, errorOf } from "#tests/support/http-client.js";
import { startStock, type TestRegistry } from "#tests/support/registry.js";
import { startTokenAuthority, type TokenAuthority } from "#tests/support/token-authority.js";

const BLOB = Buffer.from("0123456789abcdefghij");
const EMPTY = Buffer.from("");
const TARGET = targetOf(digestOf(BLOB));

describe.each(registryPrograms())("parts of blobs, registry $version", ({ file }) => {
  let registry: TestRegistry;
  let authority: TokenAuthority;
  let gateway: TestGateway;
  let bearer: string;
  beforeAll(async () => {
    registry = await startStock(file);
    authority = await startTokenAuthority();
    bearer = await authority.bearer(["pull"]);
    for (const blob of [BLOB, EMPTY]) await uploadBlob(registry.url, blob);
    gateway = await startGateway({
      registryUrl: registry.url,
      tokenServerUrl: authority.server.url,
    });
  });
  afterAll(async () => {
    await gateway.stop();
    await authority.server.stop();
    await registry.stop();
  });

  /** `ask` fails when an answer is cut off. */
  const read = (headers: Record<string, string>, { method = "GET", target = TARGET } = {}) =>
    ask(gateway.url, target, { method, headers: { ...headers, Authorization: bearer } });

  test.each([
    ["bytes=0-4", "01234", "bytes 0-4/20"],
    ["bytes=15-", "fghij", "bytes 15-19/20"],
    ["bytes=-5", "fghij", "bytes 15-19/20"],
    ["bytes=18-500", "ij", "bytes 18-19/20"],
    ["Bytes=0-0", "0", "bytes 0-0/20"],
  ])("%s is that part", async (Range, text, contentRange) => {
    const answer = await read({ Range });
    expect([answer.status, answer.body.toString()]).toEqual([206, text]);
    expect(answer.headers["content-range"]).toBe(contentRange);
  });

  test.each([
    ...["bytes=20-", "bytes=100-200", "bytes=100-,200-", "bytes=-0"],
    ...["bytes=abc", "bytes=5-2", "bytes=", "bytes=0-4x", "garbage"],
  ])("%s is a whole 416 with the blob's length", async (Range) => {
    const answer = await read({ Range });
    expect(answer.status).toBe(416);
    expect(answer.headers["content-range"]).toBe("bytes */20");
    expect(errorOf(answer).code).toBe("SIZE_INVALID");
  });

  test("the connection is kept after a 416", async () => {
    for (let i = 0; i < 3; i += 1) {
      expect((await read({ Range: "bytes=20-" })).status).toBe(416);
      expect((await read({})).body.toString()).toBe(BLOB.toString());
    }
  });

  test("a unit that nobody knows is ignored", async () => {
    const answer = await read({ Range: "lines=0-1" });
    expect([answer.status, answer.body.toString()]).toEqual([200, BLOB.toString()]);
  });

  test.each(["bytes=0-4", "bytes=100-", "bytes=abc"])("HEAD ignores %s", async (Range) => {
    const answer = await read({ Range }, { method: "HEAD" });
    expect([answer.status, answer.headers["content-length"]]).toEqual([200, "20"]);
  });

  test("a part of another blob than If-Range names is all of it", async () => {
    const headers = { "If-Range": `"${digestOf(EMPTY)}"`, Range: "bytes=0-4" };
    expect((await read(headers)).body.toString()).toBe(BLOB.toString());
  });

  test("an empty blob has no part; newer registries answer with all of it", async () => {
    const answer = await read({ Range: "bytes=0-4" }, { target: targetOf(digestOf(EMPTY)) });
    if (answer.status === 200) expect(answer.body.length).toBe(0);
    else expect([answer.status, answer.headers["content-range"]]).toEqual([416, "bytes */0"]);
  });

  test.each(["bytes=0-4", "bytes=abc"])("%s of a blob that is not there is 404", async (Range) => {
    const target = targetOf(digestOf(Buffer.from("not there")));
    expect(errorOf(await read({ Range }, { target })).code).toBe("BLOB_UNKNOWN");
  });

  test.each(["GET", "HEAD"])(
    "%s with an If-Match that does not fit is a whole 412",
    async (method) => {
      const answer = await read({ "If-Match": '"x"' }, { method });
      expect(answer.status).toBe(412);
      if (method === "GET") expect(errorOf(answer).code).toBe("DENIED");
    },
  );
});

function targetOf(digest: string): string {
  return `/v2/${REPOSITORY}/blobs/${digest}`;
}
