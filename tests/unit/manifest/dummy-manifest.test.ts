import { describe, expect, test } from "@jest/globals";
import { atOnce } from "#registry-protocol/json/read-json.js";
import {
  dummyForm,
  isDummyConfiguration,
  isDummyTag,
} from "#registry-protocol/manifest/dummy-manifest.js";
import type { Manifest } from "#registry-protocol/manifest/manifest.js";
import { readManifest } from "#registry-protocol/manifest/read-manifest.js";
import { MANIFEST_BOUNDS } from "#registry-protocol/manifest/bounds.js";
import {
  dummyPushes,
  emptyImages,
  PORTAINER,
  type DummyPush,
} from "#tests/support/dummy-manifests.js";
import { INDEX_TYPE } from "#tests/support/manifest-texts.js";

const TAG = "1-SNAPSHOT";

function readingOf({ text, mediaType }: DummyPush): Manifest {
  return atOnce(readManifest(Buffer.from(text), mediaType, MANIFEST_BOUNDS));
}

/** All that is asked of the manifest, and of its configuration where that decides. */
function isDummy(push: DummyPush, tag = TAG): boolean {
  const form = dummyForm(readingOf(push), push.digest);
  const config = Buffer.from(push.blobs[0] ?? "");
  return (
    form === "certain" || (form === "configuration" && atOnce(isDummyConfiguration(config, tag)))
  );
}

describe("what is pushed in a tag's place to delete it is told by its bytes", () => {
  test.each(dummyPushes(TAG).map((push) => [push.client, push] as const))("%s", (_client, push) => {
    expect(isDummy(push)).toBe(true);
  });

  test("Portainer's, where it was pushed under its own tag first", () => {
    expect(dummyForm(readingOf(PORTAINER), PORTAINER.digest)).toBe("first-tag");
    expect(isDummyTag("__portainer_dummy_1764181812123456789")).toBe(true);
  });

  test.each(["0.5", "9.313225746154785e-10", "5e-05"])("a number by Python: %s", (text) => {
    expect(atOnce(isDummyConfiguration(Buffer.from(text), TAG))).toBe(true);
  });
});

test("a configuration has to say both when and which: one label more or other than that is an image's", () => {
  const dummy = (Labels: object) =>
    atOnce(isDummyConfiguration(Buffer.from(JSON.stringify({ config: { Labels } })), TAG));
  expect(dummy({ "delete-tag": TAG, "delete-date": "now" })).toBe(true);
  expect(dummy({ "delete-tag": TAG, other: "now" })).toBe(false);
  expect(dummy({ "delete-tag": TAG, "delete-date": "now", other: "x" })).toBe(false);
});

describe("an image of nothing is an image", () => {
  test.each(emptyImages(TAG).map((push) => [push.client, push] as const))("%s", (_client, push) => {
    expect(isDummy(push)).toBe(false);
  });

  test("regclient's under another tag", () => {
    const pushes = dummyPushes(TAG).filter(({ client }) => client.startsWith("regctl"));
    expect(pushes.map((push) => isDummy(push, "another"))).toEqual(pushes.map(() => false));
  });

  test.each(["__portainer_dummy_", "__portainer_dummy_1a", "x__portainer_dummy_1", "1.0"])(
    "under the tag %s",
    (tag) => {
      expect(isDummyTag(tag)).toBe(false);
    },
  );

  test("with images in it", () => {
    const text = JSON.stringify({ schemaVersion: 2, mediaType: INDEX_TYPE, manifests: [] });
    const [push] = dummyPushes(TAG);
    const index = { ...(push as DummyPush), text, mediaType: INDEX_TYPE };
    expect(dummyForm(readingOf(index), index.digest)).toBeNull();
  });

  test("with a second layer, another layer, or a large configuration", () => {
    const [push] = dummyPushes(TAG);
    const { text, digest } = push as DummyPush;
    const changed = (change: (text: string) => string) =>
      dummyForm(readingOf({ ...(push as DummyPush), text: change(text) }), digest);
    const [layer] = /\{[^{}]*\}(?=\]\}$)/.exec(text) ?? [""];
    expect(changed((before) => before)).toBe("configuration");
    expect(changed((before) => before.replace(layer, `${layer},${layer}`))).toBeNull();
    expect(
      changed((before) => before.replace(layer, layer.replace(/sha256:.{4}/, "sha256:0000"))),
    ).toBeNull();
    expect(changed((before) => before.replace(/"size":\d{3}/, '"size":1025'))).toBeNull();
    expect(changed((before) => before.replace(/container\.image[^"]*|image\.config[^"]*/, "x"))).toBeNull(); // prettier-ignore
  });
});
