import { describe, expect, test } from "@jest/globals";
import { digestOf } from "#registry-protocol/digest.js";
import { atOnce } from "#registry-protocol/json/read-json.js";
import { defaultImage, takesSingleImagesAlone } from "#registry-protocol/manifest/default-image.js";
import { readStanding } from "#registry-protocol/manifest/read-standing.js";

const DOCKER = "application/vnd.docker.distribution.manifest.v2+json";
const OCI = "application/vnd.oci.image.manifest.v1+json";
const LIST = "application/vnd.docker.distribution.manifest.list.v2+json";
const INDEX = "application/vnd.oci.image.index.v1+json";

describe("who takes single images alone", () => {
  test.each([
    [DOCKER],
    [OCI],
    [`${DOCKER}, */*`],
    [`${OCI},${DOCKER};q=0.5, ${INDEX}`],
    [DOCKER.toUpperCase()],
    [`text/html, ${DOCKER} ; charset=utf-8`],
  ])("says %s", (accept) => {
    expect(takesSingleImagesAlone(accept)).toBe(true);
  });

  test.each([
    [`${DOCKER}, ${LIST}`],
    [`${LIST};q=0.1,${OCI}`],
    [LIST],
    [INDEX],
    ["*/*"],
    ["application/json"],
    [""],
    [undefined],
    [`${DOCKER}x`],
  ])("does not say %s", (accept) => {
    expect(takesSingleImagesAlone(accept)).toBe(false);
  });
});

describe("the image that they get", () => {
  const arm = part("arm", { os: "linux", architecture: "arm64" });
  const windows = part("windows", { os: "windows", architecture: "amd64" });
  const amd = part("amd", { os: "linux", architecture: "amd64" });
  const other = part("amd too", { os: "linux", architecture: "amd64", variant: "v3" });

  test("is the first one for linux/amd64", () => {
    expect(imageOf(LIST, [arm, windows, amd, other])).toBe(amd.digest);
  });

  test("is none when the list has none", () => {
    expect(imageOf(LIST, [arm, windows, part("any", undefined)])).toBeNull();
    expect(imageOf(LIST, [])).toBeNull();
  });

  test("is not chosen from an OCI index, as stock registries do not either", () => {
    expect(imageOf(INDEX, [amd])).toBeUndefined();
  });
});

function imageOf(mediaType: string, manifests: readonly object[]) {
  const content = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests }));
  return defaultImage(atOnce(readStanding(content, mediaType)));
}

function part(name: string, platform: object | undefined) {
  return { mediaType: DOCKER, digest: digestOf(Buffer.from(name)), size: 2, platform };
}
