import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { digestOf } from "#registry-protocol/digest.js";
import { expectRecorded } from "./support/recorded.js";
import { jsonOf, startRestStack, type RestStack } from "./support/stack.js";

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const CONFIG = "application/vnd.oci.image.config.v1+json";
const LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";
const APP = "/repositories/alpha/app";

interface Inspected {
  readonly manifests: readonly {
    readonly digest: string;
    readonly platform: string | null;
    readonly attests: string | null;
  }[];
  readonly image: {
    readonly digest: string;
    readonly size: number;
    readonly configuration: Record<string, unknown> | null;
    readonly history: readonly {
      readonly layer: number | null;
      readonly isEmpty: boolean;
      readonly createdBy: string;
    }[];
  } | null;
}

let stack: RestStack;
let rest: RestStack["rest"];
let [amd, arm] = ["", ""];

const SAID = {
  ...{ created: "2026-11-20T12:00:00Z", author: "Anna", os: "linux", architecture: "amd64" },
  config: {
    ...{ User: "10001", WorkingDir: "/srv", StopSignal: "SIGINT" },
    ...{ Entrypoint: ["/bin/app"], Cmd: ["--port", "80"], Env: ["PATH=/bin", "A=b=c", "BARE"] },
    Labels: { maintainer: "anna", number: 7 },
    ...{ ExposedPorts: { "80/tcp": {} }, Volumes: { "/data": {} } },
  },
  history: [
    { created: "2026-11-19T12:00:00Z", created_by: "ADD rootfs.tar /", comment: "base" },
    { created_by: "ENV A=b=c", empty_layer: true },
    { created_by: "COPY app /bin/app" },
  ],
};

beforeAll(async () => {
  stack = await startRestStack();
  ({ rest } = stack);
  amd = image("1.0", SAID, ["a", "b"]);
  arm = image("arm", { ...SAID, architecture: "arm64" }, ["a", "c"]);
  const about = (digest: string) => ({ mediaType: MANIFEST, digest, size: 1 });
  const attested = {
    "vnd.docker.reference.type": "attestation-manifest",
    "vnd.docker.reference.digest": amd,
  };
  put("2.0", "application/vnd.oci.image.index.v1+json", {
    annotations: { why: "for two platforms" },
    manifests: [
      { ...about(arm), platform: { os: "linux", architecture: "arm64", variant: "v8" } },
      { ...about(amd), platform: { os: "linux", architecture: "amd64" } },
      {
        ...{ ...about(arm), annotations: attested },
        platform: { os: "unknown", architecture: "unknown" },
      },
    ],
  });
  put("none", "application/vnd.oci.image.index.v1+json", { manifests: [] });
});
afterAll(() => stack.stop());

function blob(content: string) {
  const bytes = Buffer.from(content);
  const digest = digestOf(bytes);
  stack.registry.blobs.set(digest, bytes);
  return { digest, size: bytes.length };
}

function image(tag: string, config: unknown, layers: string[], configType = CONFIG): string {
  return put(tag, MANIFEST, {
    config: { mediaType: configType, ...blob(JSON.stringify(config)) },
    layers: layers.map((layer) => ({ mediaType: LAYER, ...blob(layer) })),
  });
}

function put(tag: string, mediaType: string, more: object): string {
  const content = JSON.stringify({ schemaVersion: 2, mediaType, ...more });
  for (const repository of ["alpha/app", "hidden/app"])
    stack.registry.write(repository, tag, content, mediaType);
  return digestOf(Buffer.from(content));
}

async function inspected(query: string): Promise<Inspected> {
  const answer = await rest(`${APP}/inspect?${query}`);
  expect([answer.status, answer.body.toString()]).toEqual([200, expect.anything()]);
  return jsonOf(answer) as Inspected;
}

test("what the document shows of an image is what is answered", async () => {
  expectRecorded("images.inspect", await rest(`${APP}/inspect?of=2.0`));
});

describe("an image", () => {
  test("says what it was told to run, and how each layer was made", async () => {
    const { image: one, manifests } = await inspected("of=1.0");
    expect(manifests).toEqual([]);
    expect(one).toMatchObject({ digest: amd, artifactType: null, layers: [{}, {}] });
    expect(one?.configuration).toEqual({
      ...{ created: "2026-11-20T12:00:00Z", author: "Anna", os: "linux", architecture: "amd64" },
      ...{ variant: null, user: "10001", workingDirectory: "/srv", stopSignal: "SIGINT" },
      ...{ entrypoint: ["/bin/app"], command: ["--port", "80"] },
      environment: [
        { name: "PATH", value: "/bin" },
        { name: "A", value: "b=c" },
        { name: "BARE", value: "" },
      ],
      labels: { maintainer: "anna" },
      ...{ ports: ["80/tcp"], volumes: ["/data"] },
    });
    expect(
      one?.history.map(({ layer, isEmpty, createdBy }) => [layer, isEmpty, createdBy]),
    ).toEqual([
      [1, false, "ADD rootfs.tar /"],
      [null, true, "ENV A=b=c"],
      [2, false, "COPY app /bin/app"],
    ]);
  });

  test("whose steps are not as many as its layers has none of them matched", async () => {
    image("3.0", SAID, ["a"]);
    const { image: one } = await inspected("of=3.0");
    expect(one?.history.map(({ layer }) => layer)).toEqual([null, null, null]);
  });

  test.each([
    ["whose configuration is of no form that is known", { history: 7, config: [], os: {} }, CONFIG],
    ["whose configuration is no object", "text", CONFIG],
  ])("%s says nothing of itself", async (_, config, type) => {
    image("odd", config, ["a"], type);
    const { image: one } = await inspected("of=odd");
    expect(one?.history).toEqual([]);
    expect(one?.configuration).toMatchObject({ os: null, user: null, environment: [], labels: {} });
  });

  test("that is an artifact of another kind, or lost its configuration, has none", async () => {
    image("artifact", SAID, ["a"], "application/vnd.oci.empty.v1+json");
    expect((await inspected("of=artifact")).image).toMatchObject({ configuration: null });
    const { blobs } = stack.registry;
    const kept = new Map(blobs);
    blobs.clear();
    expect((await inspected("of=1.0")).image).toMatchObject({ configuration: null, history: [] });
    for (const [digest, bytes] of kept) blobs.set(digest, bytes);
  });
});

describe("an index", () => {
  test("has the image for linux/amd64 shown, for the platform that is asked for, or by digest", async () => {
    expect((await inspected("of=2.0")).image?.digest).toBe(amd);
    expect((await inspected("of=2.0&platform=linux/arm64")).image?.digest).toBe(arm);
    expect((await inspected(`of=${arm}`)).image?.digest).toBe(arm);
  });

  test("tells images from attestations of them", async () => {
    const { manifests } = await inspected("of=2.0");
    expect(manifests.map(({ platform, attests }) => [platform, attests])).toEqual([
      ["linux/arm64/v8", null],
      ["linux/amd64", null],
      [null, amd],
    ]);
  });

  test("that is empty has no image", async () => {
    expect(await inspected("of=none")).toMatchObject({ image: null, manifests: [] });
  });
});

test.each([
  [`${APP}/inspect`, 400],
  [`${APP}/inspect?of=2.0&platform=linux/s390x`, 400],
  [`${APP}/inspect?of=nothing`, 404],
  [`${APP}/inspect?of=sha256:${"a".repeat(64)}`, 404],
  ["/repositories/hidden/app/inspect?of=1.0", 404],
])("%s is refused", async (path, status) => {
  expect((await rest(path)).status).toBe(status);
});
