import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { digestOf } from "#registry-protocol/digest.js";
import { gzipLayer } from "#tests/support/tar-layers.js";
import { expectRecorded } from "./support/recorded.js";
import { jsonOf, startRestStack, type RestStack } from "./support/stack.js";

let stack: RestStack;
let rest: RestStack["rest"];
let image: string;
let index: string;

beforeAll(async () => {
  stack = await startRestStack();
  ({ rest } = stack);
  const base = await gzipLayer([{ name: "etc" }, { name: "etc/os-release", content: "ID=x" }]);
  const app = await gzipLayer([
    { name: "srv/app.js", content: "1" },
    { name: "etc/.wh.os-release", content: "" },
  ]);
  image = put(
    "application/vnd.oci.image.manifest.v1+json",
    {
      config: { mediaType: "application/vnd.oci.image.config.v1+json", ...blob(Buffer.from("{}")) },
      layers: [base, app].map((bytes) => ({
        ...{ mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", ...blob(bytes) },
      })),
    },
    "1.0",
  );
  const platform = { os: "linux", architecture: "arm64" };
  const child = { mediaType: "application/vnd.oci.image.manifest.v1+json", digest: image, size: 1 };
  const manifests = [
    { ...child, platform },
    { ...child, platform: { ...platform, os: "windows" } },
  ];
  index = put("application/vnd.oci.image.index.v1+json", { manifests }, "2.0");
});
afterAll(() => stack.stop());

function blob(bytes: Buffer) {
  const digest = digestOf(bytes);
  stack.registry.blobs.set(digest, bytes);
  return { digest, size: bytes.length };
}

function put(mediaType: string, more: object, tag: string): string {
  const content = JSON.stringify({ schemaVersion: 2, mediaType, ...more });
  for (const repository of ["alpha/app", "hidden/app"])
    stack.registry.write(repository, tag, content, mediaType);
  return digestOf(Buffer.from(content));
}

const OF_TAG = "/repositories/alpha/app/tags/1.0/contents";
const ofDigest = (digest: string) => `/repositories/alpha/app/digests/${digest}/contents`;

async function pathsIn(path: string): Promise<readonly string[]> {
  const answer = await rest(path);
  expect([answer.status, answer.body.toString()]).toEqual([200, expect.anything()]);
  const lines = answer.body.toString().trimEnd().split("\n");
  const [head, ...found] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(head).toMatchObject({ image });
  expect(found.pop()).toEqual({ end: "complete" });
  return found.map(({ layer, kind, path: one }) => [layer, kind, one].join(" "));
}

describe("the files in an image", () => {
  test("of a tag are listed layer by layer, as they are unpacked", async () => {
    const answer = await rest(OF_TAG);
    expectRecorded("images.contents-of-tag", answer);
    expect(answer.headers["content-type"]).toBe("application/x-ndjson");
    expect(await pathsIn(OF_TAG)).toEqual([
      ...["1 folder etc", "1 file etc/os-release", "2 file srv/app.js", "2 removed etc/os-release"],
    ]);
  });

  test("of a digest are listed as they are seen of all layers, or of one", async () => {
    expectRecorded("images.contents", await rest(`${ofDigest(image)}?view=merged`));
    expect(await pathsIn(`${ofDigest(image)}?view=merged`)).toEqual([
      "2 file srv/app.js",
      "1 folder etc",
    ]);
    expect(await pathsIn(`${ofDigest(image)}?layer=1`)).toHaveLength(2);
  });

  test("of an index are those of the platform that is asked for", async () => {
    expect(await pathsIn(`${ofDigest(index)}?platform=linux/arm64`)).toHaveLength(4);
    const answer = await rest(ofDigest(index));
    expect(answer.status).toBe(400);
    expect((jsonOf(answer) as { detail: string }).detail).toBe(
      "platform: the index has no image for linux/amd64, but for linux/arm64, windows/arm64",
    );
  });

  test("are not read for HEAD, and no more than once at once for one caller", async () => {
    const head = await rest(OF_TAG, { method: "HEAD" });
    expect([head.status, head.body.length]).toEqual([200, 0]);
    const answers = await Promise.all(Array.from({ length: 4 }, () => rest(OF_TAG)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  });

  test.each([
    ["a tag that there is not", "/repositories/alpha/app/tags/9.9/contents", 404],
    ["a digest that there is not", ofDigest(`sha256:${"0".repeat(64)}`), 404],
    ["a repository that may not be seen", "/repositories/hidden/app/tags/1.0/contents", 404],
    ["a layer that there is not", `${OF_TAG}?layer=3`, 400],
    ["a platform that can be none", `${OF_TAG}?platform=amd64`, 400],
    ["a view that there is not", `${OF_TAG}?view=all`, 400],
  ])("of %s are refused", async (_what, path, status) => {
    expect((await rest(path)).status).toBe(status);
  });

  test("of what was deleted are not shown", async () => {
    const digest = put(
      "application/vnd.oci.image.manifest.v1+json",
      {
        config: {
          mediaType: "application/vnd.oci.image.config.v1+json",
          ...blob(Buffer.from("{ }")),
        },
        layers: [],
      },
      "3.0",
    );
    await stack.ledger.db.query(
      `insert into ledger.manifest (repository, digest, media_type, content, deleted_at, deleted_by)
       values ('alpha/app', $1, 'application/vnd.oci.image.manifest.v1+json', $2, now(), 'alice')`,
      [digest, Buffer.from("{}")],
    );
    expect((await rest(ofDigest(digest))).status).toBe(404);
  });
});
