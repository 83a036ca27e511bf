import { describe, expect, test } from "@jest/globals";
import { readTag } from "#gateway/from-pier-one/read-tag.js";
import type { PierOneTag } from "#gateway/from-pier-one/sql/pier-one-tags.js";
import { digestOf } from "#registry-protocol/digest.js";
import { PIER_ONE_TAGS } from "#tag-policy/tag-policy.js";

const BLOB = { mediaType: "application/octet-stream", size: 7, digest: digestOf(Buffer.from("a")) };
const DOCKER = "application/vnd.docker.distribution.manifest.v2+json";
const LIST = "application/vnd.docker.distribution.manifest.list.v2+json";
const NOW = Date.parse("2026-11-28T00:00:00Z");
const IMAGE = { schemaVersion: 2, mediaType: DOCKER, config: BLOB, layers: [BLOB] };

function tag(manifest: object = IMAGE, known: Partial<PierOneTag> = {}): PierOneTag {
  return {
    ...{ team: "alpha", artifact: "app", name: "1.0", createdBy: "olga" },
    ...{ createdAt: "2016-01-30T20:33:57.123456Z", contentDigest: null, source: null },
    manifest: JSON.stringify(manifest),
    ...known,
  };
}

describe("a tag of Pier One's", () => {
  test("has the name, author, date and blobs that it will have here", async () => {
    expect(await readTag(tag(), PIER_ONE_TAGS, NOW)).toMatchObject({
      ...{ repository: "alpha/app", tag: "1.0", pushedBy: "olga" },
      ...{ pushedAt: "2016-01-30T20:33:57.123456Z", blobs: [BLOB.digest], source: null },
    });
  });

  test("has its source, as far as it is one; what is none is as if it were not there", async () => {
    const source = {
      url: "https://u:p@example.org/a",
      revision: "abc",
      author: "olga",
      status: "",
    };
    const noted = { ...source, createdAt: "2016-01-30T20:33:57.123456Z", named: true };
    const read = await readTag(tag(IMAGE, { source: noted }), PIER_ONE_TAGS, NOW);
    expect(read.source).toMatchObject({
      source: { url: "https://example.org/a" },
      ...{ origin: "header", createdAt: noted.createdAt },
    });
    const none = { ...noted, url: "" };
    expect((await readTag(tag(IMAGE, { source: none }), PIER_ONE_TAGS, NOW)).source).toBeNull();
  });

  test.each([
    ["an index", tag({ schemaVersion: 2, mediaType: LIST, manifests: [] }), /is an index/],
    ["what nobody reads as an image", tag({ ...IMAGE, config: 7 }), /cannot be read: /],
    ["a date of tomorrow", tag(IMAGE, { createdAt: "2026-11-28T00:00:01.000000Z" }), /time zone/],
    ["no date", tag(IMAGE, { createdAt: null }), /time zone/],
    ["no manifest", tag(IMAGE, { manifest: null }), /first registry protocol/],
    ["a name that is none", tag(IMAGE, { name: "-" }), /such a name/],
    ["the name latest", tag(IMAGE, { name: "latest" }), /the newest tag/],
  ])("with %s is not carried", async (_what, found, why) => {
    await expect(readTag(found, PIER_ONE_TAGS, NOW)).rejects.toThrow(why);
  });
});
