import { describe, expect, test } from "@jest/globals";
import { digestOf } from "#registry-protocol/digest.js";
import { atOnce } from "#registry-protocol/json/read-json.js";
import { growthOf } from "#registry-protocol/manifest/append-only.js";
import type { Manifest } from "#registry-protocol/manifest/manifest.js";
import { readStanding } from "#registry-protocol/manifest/read-standing.js";
import { EMPTY_CONFIG, IMAGE_TYPE, INDEX_TYPE } from "#tests/support/manifest-texts.js";

const DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json";
const A = layer("a", "signature 1");
const A2 = layer("a", "signature 2");
const B = layer("b", "signature 3");
const AUTHOR = { author: "me" };

// prettier-ignore
const ROWS: readonly (readonly [title: string, held: object, offered: object, wanted: string])[] = [
  ["the same entries", index("a"), index("a"), "grows"],
  ["one more entry", index("a"), index("a", "b"), "grows"],
  ["an entry in front", index("a"), index("b", "a"), "grows"],
  ["another order", index("a", "b"), index("b", "a"), "grows"],
  ["a repeated entry once", index("a", "a"), index("a"), "grows"],
  ["the first entries", index(), index("a"), "grows"],
  ["other words about the index", { ...index("a"), annotations: AUTHOR }, index("a"), "grows"],
  ["an entry with other annotations", manifests(part("a", { annotations: { x: "1" } })), index("a"), "entries-missing"],
  ["an entry with another media type", manifests(part("a", { mediaType: "x/y" })), index("a"), "entries-missing"],
  ["an entry with another size", manifests(part("a", { size: 3 })), index("a"), "entries-missing"],
  ["an entry with another artifact type", manifests(part("a", { artifactType: "x/y" })), index("a"), "entries-missing"],
  ["an entry without a field that we do not know", manifests(part("a", { more: [1] })), index("a"), "entries-missing"],
  ["an entry with an empty field left out", manifests(part("a", { annotations: {}, urls: [], platform: null })), index("a"), "grows"],
  ["an entry with its fields in another order", manifests(part("a", { artifactType: "x/y" })), manifests({ artifactType: "x/y", ...part("a") }), "grows"],
  ["an entry with a list of objects whose keys are in another order", manifests(part("a", { more: [{ x: 1, y: 2 }] })), manifests(part("a", { more: [{ y: 2, x: 1 }] })), "grows"],
  ["one entry less", index("a", "b"), index("a"), "entries-missing"],
  ["another entry", index("a"), index("b"), "out-of-date"],
  ["what somebody else wrote meanwhile in place of it", index("a", "b"), index("a", "c"), "out-of-date"],
  ["an entry with other annotations and a new one", manifests(part("a", { annotations: { x: "1" } })), index("a", "b"), "entries-missing"],
  ["another entry, and another subject", { ...index("a"), subject: part("s") }, { ...index("b"), subject: part("t") }, "entries-missing"],
  ["another signature, and of an image that says something else", { ...image(A), annotations: AUTHOR }, image(B), "entries-missing"],
  ["no entries any more", index("a"), index(), "entries-missing"],
  ["another artifact type", { ...index("a"), artifactType: "x/y" }, index("a"), "entries-missing"],
  ["another subject", { ...index("a"), subject: part("s") }, { ...index("a"), subject: part("t") }, "entries-missing"],
  ["no subject any more", { ...index("a"), subject: part("s") }, index("a"), "entries-missing"],
  ["one more entry of the same subject", { ...index("a"), subject: part("s") }, { ...index("a", "b"), subject: part("s") }, "grows"],
  ["one more signature", image(A), image(A, B), "grows"],
  ["one more signature of an image that says the same of itself", { ...image(A), annotations: AUTHOR }, { ...image(A, B), annotations: AUTHOR }, "grows"],
  ["an image whose configuration is of another artifact type", image(A), { ...image(A), config: part("config", { artifactType: "x/y" }) }, "entries-missing"],
  ["one more signature of the same payload", image(A), image(A, A2), "grows"],
  ["annotations in another order", image(layer("a", "s", { y: "1", x: "2" })), image(layer("a", "s", { x: "2", y: "1" })), "grows"],
  ["another signature of the same payload", image(A), image(A2), "out-of-date"],
  ["a signature less", image(A, B), image(B), "entries-missing"],
  ["a signature without its annotations", image(A), image(part("a")), "out-of-date"],
  ["an image in place of an index", index("a"), image(A), "entries-missing"],
  ["an index in place of an image", image(A), index("a"), "entries-missing"],
  ["a Docker list in place of an index", index("a"), { ...index("a"), mediaType: DOCKER_LIST }, "entries-missing"],
  ["an image whose configuration alone differs", image(A), { ...image(A), config: part("other") }, "grows"],
  ["an image whose configuration is of another type", image(A), { ...image(A), config: part("c", { mediaType: "x/y" }) }, "entries-missing"],
  ["an image that says less of itself", { ...image(A), annotations: AUTHOR }, image(A), "entries-missing"],
  ["an image that says something else of itself", { ...image(A), annotations: AUTHOR }, { ...image(A), annotations: { author: "you" } }, "entries-missing"],
  ["an image that says more of itself", image(A), { ...image(A), annotations: AUTHOR }, "grows"],
  ["an image written at another time", { ...image(A), annotations: { "org.opencontainers.image.created": "1" } }, image(A), "grows"],
];

describe("a tag that may only grow takes", () => {
  test.each(ROWS)("%s", (_title, held, offered, wanted) => {
    const growth = atOnce(growthOf(reading(held), pushed(offered)));
    expect(growth.grows ? "grows" : growth.reason).toBe(wanted);
  });

  test.each(["no json", "[]", '{"manifests":[{}]}', '{"layers":[],"Layers":[]}'])(
    "nothing after what not everybody reads in the same way: %s",
    (text) => {
      const held = atOnce(readStanding(Buffer.from(text), IMAGE_TYPE));
      const growth = atOnce(growthOf(held, pushed(index("a"))));
      expect(growth).toEqual({ grows: false, reason: "cannot-compare" });
    },
  );
});

function manifests(...parts: readonly object[]) {
  return { schemaVersion: 2, mediaType: INDEX_TYPE, manifests: parts };
}

function index(...names: readonly string[]) {
  return manifests(...names.map((name) => part(name)));
}

function image(...layers: readonly object[]) {
  return { schemaVersion: 2, mediaType: IMAGE_TYPE, config: part("config"), layers };
}

function layer(name: string, signature: string, more: Record<string, string> = {}) {
  const annotations = { "dev.cosignproject.cosign/signature": signature, ...more };
  return part(name, { annotations });
}

function part(name: string, more: object = {}) {
  return { ...EMPTY_CONFIG, digest: digestOf(Buffer.from(name)), ...more };
}

function reading(manifest: object) {
  const { mediaType } = manifest as { mediaType: string };
  return atOnce(readStanding(Buffer.from(JSON.stringify(manifest)), mediaType));
}

function pushed(manifest: object): Manifest {
  const read = reading(manifest);
  if (read.kind === "unclear") throw new Error(read.reason);
  return read;
}
