import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { digestOf } from "#registry-protocol/digest.js";
import { expectRecorded } from "./support/recorded.js";
import { jsonOf, putBuiltOn, putImage, startRestStack, type RestStack } from "./support/stack.js";

let stack: RestStack;
let rest: RestStack["rest"];
let base: string;
let built: string;
let first: string;

beforeAll(async () => {
  stack = await startRestStack();
  ({ rest } = stack);
  for (const repository of ["base/os", "hidden/os"])
    base = await putImage(stack.ledger, repository, "12", "base");
  for (const repository of ["alpha/app", "hidden/app"])
    built = await putBuiltOn(stack.ledger, repository, "base");
  first = image("1.0", ["MODE=slow"], ["a", "b"]);
  image("1.1", ["MODE=fast"], ["a", "c"]);
  const platform = { os: "linux", architecture: "arm64" };
  const type = "application/vnd.oci.image.manifest.v1+json";
  const child = { mediaType: type, digest: first, size: 1, platform };
  put("2.0", "application/vnd.oci.image.index.v1+json", { manifests: [child] });
});
afterAll(() => stack.stop());

function blob(content: string) {
  const bytes = Buffer.from(content);
  const digest = digestOf(bytes);
  stack.registry.blobs.set(digest, bytes);
  return { digest, size: bytes.length };
}

function image(tag: string, env: string[], layers: string[]): string {
  const config = JSON.stringify({ os: "linux", architecture: "arm64", config: { Env: env } });
  return put(tag, "application/vnd.oci.image.manifest.v1+json", {
    config: { mediaType: "application/vnd.oci.image.config.v1+json", ...blob(config) },
    layers: layers.map((layer) => ({
      ...{ mediaType: "application/vnd.oci.image.layer.v1.tar", ...blob(layer) },
    })),
  });
}

function put(tag: string, mediaType: string, more: object): string {
  const content = JSON.stringify({ schemaVersion: 2, mediaType, ...more });
  for (const repository of ["alpha/app", "hidden/app"])
    stack.registry.write(repository, tag, content, mediaType);
  return digestOf(Buffer.from(content));
}

const APP = "/repositories/alpha/app";
const DIFF = `${APP}/diff?before=1.0&after=1.1`;

test("what the document shows of images is what is answered", async () => {
  expectRecorded("images.bases", await rest(`${APP}/bases?of=${built}`));
  expectRecorded("images.built-on", await rest("/repositories/base/os/built-on?of=12"));
  expectRecorded("images.diff", await rest(DIFF));
});

describe("two images", () => {
  const differences = async (path: string) => {
    const answer = await rest(path);
    expect([answer.status, answer.body.toString()]).toEqual([200, expect.anything()]);
    return (jsonOf(answer) as { differences: { what: string; name: string }[] }).differences;
  };

  test("differ in configuration and layers, by tag or by digest", async () => {
    const wanted = [
      { what: "env", name: "MODE", before: "slow", after: "fast" },
      expect.objectContaining({ what: "layer", name: "2" }),
    ];
    expect(await differences(DIFF)).toEqual(wanted);
    expect(await differences(`${APP}/diff?before=${first}&after=1.1`)).toEqual(wanted);
    expect(await differences(`${DIFF}&other=alpha/app`)).toEqual(wanted);
    expect(await differences(`${APP}/diff?before=1.0&after=1.0`)).toEqual([]);
  });

  test("of an index have its children compared, and the image for a platform", async () => {
    const path = `${APP}/diff?before=2.0&after=1.0`;
    expect(await differences(path)).toEqual([
      { what: "platform", name: "linux/arm64", before: first, after: null },
    ]);
    expect(await differences(`${path}&platform=linux/arm64`)).toHaveLength(1);
    expect((await rest(`${path}&platform=linux/s390x`)).status).toBe(400);
  });

  test("of which the registry has lost a configuration differ in the rest", async () => {
    const { blobs } = stack.registry;
    const kept = new Map(blobs);
    blobs.clear();
    expect((await differences(DIFF)).map(({ what }) => what)).toEqual(["layer"]);
    for (const [digest, bytes] of kept) blobs.set(digest, bytes);
  });

  test.each([
    [`${APP}/diff?before=1.0&after=none`, 404],
    [`${APP}/diff?before=1.0&after=sha256:${"a".repeat(64)}`, 404],
    [`${APP}/diff?before=1.0`, 400],
    [`${APP}/diff?before=1.0&after=sha256:a`, 400],
    [`${DIFF}&other=hidden/app`, 404],
    ["/repositories/hidden/app/diff?before=1.0&after=1.1", 404],
    ["/repositories/hidden/app/bases?of=1.0", 404],
    ["/repositories/hidden/app/built-on?of=1.0", 404],
    [`${APP}/bases`, 400],
    [`${APP}/bases?of=none`, 404],
    [`${APP}/built-on?of=1.0&limit=201`, 400],
  ])("%s is refused", async (path, status) => {
    expect((await rest(path)).status).toBe(status);
  });
});

describe("images with lower layers in common", () => {
  const found = async (path: string) =>
    (jsonOf(await rest(path)) as { items: { repository: string; digest: string }[] }).items.map(
      ({ repository, digest }) => [repository, digest],
    );

  test("are found where one may pull alone", async () => {
    expect(await found(`${APP}/bases?of=${built}`)).toEqual([["base/os", base]]);
    expect(await found("/repositories/base/os/built-on?of=12")).toEqual([["alpha/app", built]]);
    expect(await found("/repositories/base/os/bases?of=12")).toEqual([]);
  });
});
