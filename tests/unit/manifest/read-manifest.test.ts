import { describe, expect, test } from "@jest/globals";
import { digestOf } from "#registry-protocol/digest.js";
import { atOnce } from "#registry-protocol/json/read-json.js";
import { MANIFEST_BOUNDS, type ManifestBounds } from "#registry-protocol/manifest/bounds.js";
import { readManifest } from "#registry-protocol/manifest/read-manifest.js";
import { EMPTY_CONFIG, IMAGE_TYPE, imageText, INDEX_TYPE } from "#tests/support/manifest-texts.js";

const DOCKER_IMAGE = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json";
const FOREIGN = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
const NON_DISTRIBUTABLE = "application/vnd.oci.image.layer.nondistributable.v1.tar";
const LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";
const URLS = ["https://layers.example/a"];
const part = (more: object = {}) => ({ ...EMPTY_CONFIG, mediaType: LAYER, ...more });
const text = (more: object) => JSON.stringify({ schemaVersion: 2, ...more });
const index = (...manifests: unknown[]) => text({ manifests });
const layers = (...some: unknown[]) => imageText({ layers: some });
const docker = (more: object) => imageText({ mediaType: DOCKER_IMAGE, ...more });
const CONFIG = JSON.stringify(EMPTY_CONFIG);
const written = (size: string) => layers(part()).replace('"size":2}]', `"size":${size}}]`);

// prettier-ignore
const TAKEN: readonly (readonly [what: string, type: string, text: string])[] = [
  ["an image", IMAGE_TYPE, imageText()],
  ["an image that says so itself", IMAGE_TYPE, imageText({ mediaType: IMAGE_TYPE })],
  ["an image without a list of layers", IMAGE_TYPE, text({ config: EMPTY_CONFIG })],
  ["an image whose lists are null", IMAGE_TYPE, imageText({ layers: null, manifests: null, annotations: null })],
  ["an image of Docker's", DOCKER_IMAGE, docker({})],
  ["an empty index", INDEX_TYPE, index()],
  ["an index of Docker's", DOCKER_LIST, text({ mediaType: DOCKER_LIST, manifests: [] })],
  ["an index with platforms", INDEX_TYPE, index(part({ platform: { os: "linux", architecture: "arm", variant: "v7", "os.features": ["a"] } }))],
  ["an artifact with a subject", IMAGE_TYPE, imageText({ artifactType: "x/y", subject: EMPTY_CONFIG, annotations: { a: "b" } })],
  ["fields that nobody knows, with any keys in them", IMAGE_TYPE, imageText({ more: { Layers: [], layers: 1 }, "org.example": null })],
  ["fields with long names that begin alike", IMAGE_TYPE, imageText({ [`${"x".repeat(5_000)}\n1`]: 1, [`${"x".repeat(5_000)}\n2`]: 2 })],
  ["a text with an escape behind a long one", IMAGE_TYPE, imageText({ annotations: { a: "x".repeat(600_000), b: "one\ntwo" } })],
  ["annotations whose keys are like fields", IMAGE_TYPE, imageText({ annotations: { Layers: "", layers: "" } })],
  ["data that is what it says", IMAGE_TYPE, layers({ ...EMPTY_CONFIG, data: "e30=" })],
  ["a content type with parameters", `${IMAGE_TYPE}; charset=utf-8; q="a b"`, imageText()],
  ["a content type in capitals", IMAGE_TYPE.toUpperCase(), imageText()],
  ["a non-distributable layer with URLs", IMAGE_TYPE, layers(part({ mediaType: NON_DISTRIBUTABLE, urls: URLS }))],
  ["a non-distributable layer without", IMAGE_TYPE, layers(part({ mediaType: NON_DISTRIBUTABLE }))],
  ["a foreign layer with URLs", DOCKER_IMAGE, docker({ layers: [part({ mediaType: FOREIGN, urls: URLS })] })],
  ["an ordinary layer with URLs", IMAGE_TYPE, layers(part({ urls: URLS }))],
  ["a layer of an unknown type with URLs", IMAGE_TYPE, layers(part({ mediaType: "x/y", urls: URLS }))],
  ["a non-distributable layer of a compression for which the registry looks at no URLs", IMAGE_TYPE, layers(part({ mediaType: `${NON_DISTRIBUTABLE}+zstd`, urls: URLS }))],
  ["a foreign layer in an image of another kind", IMAGE_TYPE, layers(part({ mediaType: FOREIGN, urls: URLS }))],
  ["a non-distributable layer in an image of Docker's", DOCKER_IMAGE, docker({ layers: [part({ mediaType: NON_DISTRIBUTABLE, urls: URLS })] })],
  ["an empty list of URLs", IMAGE_TYPE, layers(part({ urls: [] }))],
];

// prettier-ignore
const REFUSED: readonly (readonly [what: string, type: string, text: string, problem: string])[] = [
  ["layers in capitals, alone", IMAGE_TYPE, imageText().replace('"layers"', '"Layers"'), 'the key "Layers" in the manifest'],
  ["layers in capitals beside layers", IMAGE_TYPE, imageText({ Layers: [] }), 'the key "Layers" in the manifest'],
  ["layers with a long s", IMAGE_TYPE, imageText({ "layer\u017f": [] }), 'the key "layer\\u017f" in the manifest'],
  ["children in capitals", INDEX_TYPE, text({ manifests: [], MANIFESTS: [] }), 'the key "MANIFESTS"'],
  ["children in an image, in capitals", IMAGE_TYPE, imageText({ Manifests: [] }), 'the key "Manifests"'],
  ["a configuration in an index, in capitals", INDEX_TYPE, text({ manifests: [], Config: {} }), 'the key "Config"'],
  ["a media type in capitals", IMAGE_TYPE, imageText({ MediaType: IMAGE_TYPE }), 'the key "MediaType"'],
  ["a version in capitals", IMAGE_TYPE, imageText({ schemaversion: 2 }), 'the key "schemaversion"'],
  ["a subject in capitals", IMAGE_TYPE, imageText({ Subject: null }), 'the key "Subject"'],
  ["a digest in capitals", IMAGE_TYPE, layers(part({ Digest: "x" })), 'the key "Digest" in layers[0]'],
  ["URLs with a long s", IMAGE_TYPE, layers(part({ "url\u017f": URLS })), 'the key "url\\u017f" in layers[0]'],
  ["a size in capitals in the configuration", IMAGE_TYPE, imageText({ config: { ...EMPTY_CONFIG, SIZE: 1 } }), 'the key "SIZE" in config'],
  ["an architecture in capitals", INDEX_TYPE, index(part({ platform: { Architecture: "x" } })), 'the key "Architecture" in the platform of manifests[0]'],
  ["layers twice", IMAGE_TYPE, `{"schemaVersion":2,"config":${CONFIG},"layers":[],"layers":[]}`, 'the key "layers" stands twice'],
  ["annotations twice", IMAGE_TYPE, `{"schemaVersion":2,"config":${CONFIG},"annotations":{"a":"b","a":"c"}}`, 'the key "a" stands twice'],
  ["an image that carries children", IMAGE_TYPE, imageText({ manifests: [] }), 'an image has no "manifests"'],
  ["an image that carries blobs", IMAGE_TYPE, imageText({ blobs: [] }), 'an image has no "blobs"'],
  ["an image that carries layers of Docker's first format", IMAGE_TYPE, imageText({ fsLayers: [] }), 'an image has no "fsLayers"'],
  ["an index that carries a configuration", INDEX_TYPE, text({ manifests: [], config: EMPTY_CONFIG }), 'an index has no "config"'],
  ["an index that carries layers", INDEX_TYPE, text({ manifests: [], layers: [] }), 'an index has no "layers"'],
  ["an index that carries blobs", INDEX_TYPE, text({ manifests: [], blobs: [] }), 'an index has no "blobs"'],
  ["an index without children", INDEX_TYPE, text({}), 'an index needs a list "manifests"'],
  ["an index whose children are null", INDEX_TYPE, text({ manifests: null }), 'an index needs a list "manifests"'],
  ["an image without configuration", IMAGE_TYPE, text({ layers: [] }), 'an image needs a "config"'],
  ["an index under an image's type", IMAGE_TYPE, index(), 'an image has no "manifests"'],
  ["an image that says that it is an index", IMAGE_TYPE, imageText({ mediaType: INDEX_TYPE }), '"mediaType" has to be that of Content-Type'],
  ["an image of Docker's that does not say so", DOCKER_IMAGE, imageText(), '"mediaType" has to be that of Content-Type'],
  ["an image that says nothing in a string", IMAGE_TYPE, imageText({ mediaType: "" }), '"mediaType" has to be that of Content-Type'],
  ["Docker's schema 1", "application/vnd.docker.distribution.manifest.v1+prettyjws", imageText(), "push it as an OCI image"],
  ["the withdrawn artifact manifest", "application/vnd.oci.artifact.manifest.v1+json", imageText(), "push it as an OCI image"],
  ["plain JSON", "application/json", imageText(), "push it as an OCI image"],
  ["no content type", "", imageText(), "is no manifest's"],
  ["two content types", `${IMAGE_TYPE}, ${INDEX_TYPE}`, imageText(), "is no manifest's"],
  ["a parameter that is none", `${IMAGE_TYPE}; charset`, imageText(), "is no manifest's"],
  ["version 1", IMAGE_TYPE, imageText({ schemaVersion: 1 }), '"schemaVersion" has to be 2'],
  ["version 2.0", IMAGE_TYPE, imageText().replace("2,", "2.0,"), '"schemaVersion" has to be 2'],
  ["a version in a string", IMAGE_TYPE, imageText({ schemaVersion: "2" }), '"schemaVersion" has to be 2'],
  ["no object", IMAGE_TYPE, "[]", "it is no object"],
  ["a size of 1.0", IMAGE_TYPE, written("1.0"), '"size" in layers[0] has to be a whole number'],
  ["a size of 1e3", IMAGE_TYPE, written("1e3"), "has to be a whole number"],
  ["a size of -0", IMAGE_TYPE, written("-0"), "has to be a whole number"],
  ["a size below nothing", IMAGE_TYPE, written("-1"), "has to be a whole number"],
  ["a size that a double rounds", IMAGE_TYPE, written("9007199254740993"), "has to be a whole number"],
  ["a size above 64 bits", IMAGE_TYPE, written("18446744073709551616"), "has to be a whole number"],
  ["a size in a string", IMAGE_TYPE, written('"2"'), "has to be a whole number"],
  ["no size", IMAGE_TYPE, layers(part({ size: null })), '"size" in layers[0] is missing'],
  ["no digest", IMAGE_TYPE, layers(part({ digest: undefined })), '"digest" in layers[0] is missing'],
  ["a digest in capitals", IMAGE_TYPE, layers(part({ digest: EMPTY_CONFIG.digest.toUpperCase() })), '"digest" in layers[0] is none'],
  ["a short digest", INDEX_TYPE, index(part({ digest: "sha256:abc" })), '"digest" in manifests[0] is none: "sha256:abc"'],
  ["a digest of another algorithm", INDEX_TYPE, index(part({ digest: `md5:${"0".repeat(32)}` })), "is none"],
  ["no media type of a part", IMAGE_TYPE, layers(part({ mediaType: undefined })), '"mediaType" in layers[0] is missing'],
  ["an empty media type of a part", IMAGE_TYPE, layers(part({ mediaType: "" })), '"mediaType" in layers[0] is missing'],
  ["a media type that is a number", IMAGE_TYPE, layers(part({ mediaType: 5 })), '"mediaType" in layers[0] has to be a string'],
  ["a URL that is a number", IMAGE_TYPE, layers(part({ urls: [5] })), '"urls" in layers[0] has to be a list of strings'],
  ["data of another size", IMAGE_TYPE, layers({ ...EMPTY_CONFIG, size: 3, data: "e30=" }), "is not what digest and size say"],
  ["a key without a colon", IMAGE_TYPE, imageText().replace('"config":', '"config",'), 'it is no JSON: ","'],
  ["layers that are no list", IMAGE_TYPE, imageText({ layers: {} }), '"layers" in the manifest has to be a list'],
  ["a layer that is null", IMAGE_TYPE, layers(null), "layers[0] has to be an object"],
  ["a subject that is a list", IMAGE_TYPE, imageText({ subject: [] }), '"subject" in the manifest has to be an object'],
  ["annotations that are no strings", IMAGE_TYPE, imageText({ annotations: { a: 1 } }), "has to hold strings"],
  ["an annotation that is null", IMAGE_TYPE, layers(part({ annotations: { a: null } })), "has to hold strings"],
  ["a platform's variant that is a number", INDEX_TYPE, index(part({ platform: { variant: 5 } })), '"variant" in the platform of manifests[0] has to be a string'],
  ["an image that carries a history", IMAGE_TYPE, imageText({ history: [] }), 'an image has no "history"'],
  ["an image that carries signatures", IMAGE_TYPE, imageText({ signatures: [] }), 'an image has no "signatures"'],
  ["a history in capitals", IMAGE_TYPE, imageText({ History: [] }), 'the key "History" in the manifest'],
  ["platform features that are no list", INDEX_TYPE, index(part({ platform: { "os.features": "a" } })), "has to be a list"],
  ["data that is something else", IMAGE_TYPE, layers({ ...EMPTY_CONFIG, data: "e31=" }), '"data" in layers[0] has to be base64'],
  ["data of another digest", IMAGE_TYPE, layers({ ...EMPTY_CONFIG, data: "W10=" }), "is not what digest and size say"],
  ["a foreign layer without URLs", DOCKER_IMAGE, docker({ layers: [part({ mediaType: FOREIGN })] }), "is a foreign layer without urls"],
  ["a URL of another scheme in an ordinary layer", IMAGE_TYPE, layers(part({ urls: ["ftp://x/y"] })), "no http or https"],
  ["a URL of another scheme", IMAGE_TYPE, layers(part({ mediaType: NON_DISTRIBUTABLE, urls: ["ftp://x/y"] })), "no http or https"],
  ["a URL that is none", IMAGE_TYPE, layers(part({ mediaType: NON_DISTRIBUTABLE, urls: ["http://a:b:c/"] })), "no http or https"],
  ["a URL that nobody could use", IMAGE_TYPE, layers(part({ mediaType: NON_DISTRIBUTABLE, urls: [`http://a/${"b".repeat(4_096)}`] })), "a url of more than 4096 characters"],
  ["a configuration with URLs", IMAGE_TYPE, imageText({ config: { ...EMPTY_CONFIG, mediaType: NON_DISTRIBUTABLE, urls: URLS } }), "config may have no urls"],
  ["a child with URLs", INDEX_TYPE, index(part({ urls: URLS })), "manifests[0] may have no urls"],
  ["a subject with URLs", IMAGE_TYPE, imageText({ subject: part({ urls: URLS }) }), "subject may have no urls"],
];

describe("a manifest is taken", () => {
  test.each(TAKEN)("%s", (_what, type, content) => {
    expect(read(type, content).mediaType).toBe(/^[^;]*/.exec(type.toLowerCase())?.[0]);
  });
});

describe("a manifest is refused, and it is said why", () => {
  test.each(REFUSED)("%s", (_what, type, content, problem) => {
    expect(() => read(type, content)).toThrow(problem);
  });

  const few: ManifestBounds = {
    layers: 2,
    children: 2,
    annotations: 2,
    annotationCharacters: 8,
    urls: 1,
  };
  // prettier-ignore
  test.each([
    ["MANIFEST_LAYERS", IMAGE_TYPE, (n: number) => layers(...Array<object>(n).fill(part()))],
    ["MANIFEST_CHILDREN", INDEX_TYPE, (n: number) => index(...Array<object>(n).fill(part()))],
    ["MANIFEST_ANNOTATIONS", IMAGE_TYPE, (n: number) => imageText({ annotations: Object.fromEntries(Array.from({ length: n }, (_, i) => [i, ""])) })],
    ["MANIFEST_ANNOTATION_CHARACTERS", IMAGE_TYPE, (n: number) => imageText({ annotations: { a: "b".repeat(n) }, layers: [part({ annotations: { a: "bcde" } })] })],
  ])("more than %s says", (setting, type, make) => {
    expect(read(type, make(2), few).mediaType).toBe(type);
    expect(() => read(type, make(3), few)).toThrow(`(${setting})`);
  });

  test("more than MANIFEST_LAYER_URLS says", () => {
    const foreign = (...urls: string[]) => layers(part({ mediaType: NON_DISTRIBUTABLE, urls }));
    expect(read(IMAGE_TYPE, foreign("https://a/"), few).kind).toBe("image");
    expect(() => read(IMAGE_TYPE, foreign("https://a/", "https://b/"), few)).toThrow(
      "(MANIFEST_LAYER_URLS)",
    );
  });
});

test("a manifest is read as what it says", () => {
  const layer = part({ annotations: { a: "b" }, artifactType: "x/y" });
  expect(read(IMAGE_TYPE, imageText({ layers: [layer], annotations: { c: "d" } }))).toMatchObject({
    kind: "image",
    subject: null,
    annotations: new Map([["c", "d"]]),
    config: { digest: digestOf(Buffer.from("{}")), size: 2, platform: null },
    layers: [{ mediaType: LAYER, annotations: new Map([["a", "b"]]), artifactType: "x/y" }],
  });
  expect(read(INDEX_TYPE, index(part({ platform: { os: "linux" } })))).toMatchObject({
    kind: "index",
    manifests: [{ platform: { os: "linux", architecture: null } }],
  });
});

function read(type: string, content: string, bounds = MANIFEST_BOUNDS) {
  return atOnce(readManifest(Buffer.from(content), type, bounds));
}
