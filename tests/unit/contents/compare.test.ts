import { describe, expect, test } from "@jest/globals";
import { compareChildren, compareImages } from "#gateway/contents/compare.js";
import { digestOf } from "#registry-protocol/digest.js";
import { readStored } from "#gateway/upstream/read-stored.js";

const digest = (text: string) => digestOf(Buffer.from(text));
const image = (layers: readonly string[], config: unknown, annotations = {}) => ({
  layers: layers.map((name) => ({ digest: digest(name) })),
  annotations: new Map<string, string>(Object.entries(annotations)),
  config,
});

describe("two images", () => {
  test("differ in what is another, came or went", () => {
    const before = image(
      ["a", "b"],
      {
        os: "linux",
        config: { Env: ["A=1", "B=x=y"], Cmd: ["run"], ExposedPorts: { "80/tcp": {} } },
      },
      { by: "alice" },
    );
    const after = image(["a", "c", "d"], {
      ...{ os: "linux", created: "2026-11-20T12:00:00Z" },
      config: { Env: ["A=2"], Cmd: ["run"], User: "1000", Labels: { team: "alpha" } },
    });
    expect(compareImages(before, after)).toEqual([
      { what: "config", name: "ports", before: '["80/tcp"]', after: null },
      { what: "config", name: "created", before: null, after: "2026-11-20T12:00:00Z" },
      { what: "config", name: "user", before: null, after: "1000" },
      { what: "env", name: "A", before: "1", after: "2" },
      { what: "env", name: "B", before: "x=y", after: null },
      { what: "label", name: "team", before: null, after: "alpha" },
      { what: "annotation", name: "by", before: "alice", after: null },
      { what: "layer", name: "2", before: digest("b"), after: digest("c") },
      { what: "layer", name: "3", before: null, after: digest("d") },
    ]);
  });

  test.each([null, 1, "text", [], { config: "x" }, { config: { Env: "x", Labels: ["y"] } }])(
    "of which one has no configuration that can be read differ in their layers alone: %j",
    (config) => {
      expect(compareImages(image(["a"], config), image(["b"], null))).toEqual([
        { what: "layer", name: "1", before: digest("a"), after: digest("b") },
      ]);
    },
  );
});

test("indexes differ in their platforms, attestations left out", async () => {
  const index = async (of: string) => {
    const child = (platform: object, name: string) => ({
      ...{ mediaType: "application/vnd.oci.image.manifest.v1+json", size: 1 },
      ...{ digest: digest(name), platform },
    });
    const mediaType = "application/vnd.oci.image.index.v1+json";
    const manifests = [
      child({ os: "linux", architecture: "arm64", variant: "v8" }, of),
      child({ os: "unknown", architecture: "unknown" }, `attestation of ${of}`),
    ];
    const content = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests }));
    return (await readStored({ digest: digestOf(content), content, mediaType })).reading;
  };
  const [a, b] = [await index("a"), await index("b")];
  expect(compareChildren(a, b)).toEqual([
    { what: "platform", name: "linux/arm64/v8", before: digest("a"), after: digest("b") },
  ]);
  expect(compareChildren(a, a)).toEqual([]);
});
