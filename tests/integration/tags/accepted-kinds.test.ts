import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { digestOf } from "#registry-protocol/digest.js";
import { ask, errorOf } from "#tests/support/http-client.js";
import { CONFIG, REPOSITORY, type TestManifest } from "./support/manifests.js";
import { registryPrograms } from "./support/registry.js";
import { startWharf, type Wharf } from "./support/wharf.js";

const DOCKER = "application/vnd.docker.distribution.manifest.v2+json";
const LIST = "application/vnd.docker.distribution.manifest.list.v2+json";
const OCI = "application/vnd.oci.image.manifest.v1+json";

const AMD64 = dockerImage("amd64");
const ARM64 = dockerImage("arm64");
const BOTH = list([ARM64, "arm64"], [AMD64, "amd64"]);
const ARM_ALONE = list([ARM64, "arm64"]);

describe.each(registryPrograms())("kinds of manifests, registry $version", (program) => {
  let wharf: Wharf;
  beforeAll(async () => {
    wharf = await startWharf(program.file, []);
    for (const child of [AMD64, ARM64]) expect((await wharf.push(child)).status).toBe(201);
    for (const [tag, manifest] of [
      ["both", BOTH],
      ["arm", ARM_ALONE],
      ["image", AMD64],
    ] as const)
      expect((await wharf.push(manifest, tag)).status).toBe(201);
  });
  afterAll(() => wharf.stop());

  const read = (reference: string, Accept?: string, method = "GET") =>
    wharf.ask(["pull"], targetOf(reference), {
      method,
      headers: Accept === undefined ? {} : { Accept },
    });
  /** The stock registry's own answer, past the gateway. */
  const stock = (reference: string, Accept: string, method: string) =>
    ask(wharf.registry.url, targetOf(reference), { method, headers: { Accept } });

  const alike = async (tag: string, accept: string, method: string) => {
    const [ours, theirs] = [await read(tag, accept, method), await stock(tag, accept, method)];
    expect(ours.status).toBe(theirs.status);
    for (const name of ["docker-content-digest", "content-type", "content-length", "etag"])
      if (theirs.status === 200) expect(ours.headers[name]).toBe(theirs.headers[name]);
    if (theirs.status === 200) expect(ours.body).toEqual(theirs.body);
    return ours;
  };

  test.each(["GET", "HEAD"])(
    "%s by who takes single images alone gets that for linux/amd64, as from the stock registry",
    async (method) => {
      for (const accept of [DOCKER, `${DOCKER}, */*`, `${OCI}, ${DOCKER}`]) {
        const answer = await alike("both", accept, method);
        expect(answer.headers["docker-content-digest"]).toBe(AMD64.digest);
      }
    },
  );

  test.each(["GET", "HEAD"])("%s of a list without one is 404 to them", async (method) => {
    const answer = await alike("arm", DOCKER, method);
    expect(answer.status).toBe(404);
    if (method === "GET") expect(errorOf(answer).code).toBe("MANIFEST_UNKNOWN");
  });

  test.each([`${DOCKER}, ${LIST}`, LIST])("who takes %s gets the list", async (accept) => {
    const answer = await alike("both", accept, "GET");
    expect(answer.headers["docker-content-digest"]).toBe(BOTH.digest);
  });

  test("who names no kind gets what there is", async () => {
    for (const accept of [undefined, "*/*"])
      expect((await read("both", accept)).headers["docker-content-digest"]).toBe(BOTH.digest);
  });

  test("a single image is itself", async () => {
    const answer = await alike("image", DOCKER, "GET");
    expect(answer.headers["docker-content-digest"]).toBe(AMD64.digest);
  });

  test("by digest a list is a list", async () => {
    const answer = await alike(BOTH.digest, DOCKER, "GET");
    expect(answer.headers["docker-content-digest"]).toBe(BOTH.digest);
  });

  test("it is a pull of the tag", async () => {
    await wharf.gateways[0].flushPulls();
    await wharf.db.query("delete from ledger.pull");
    await read("both", DOCKER);
    await wharf.gateways[0].flushPulls();
    const { rows } = await wharf.db.query("select tag, digest from ledger.pull");
    expect(rows).toEqual([{ tag: "both", digest: AMD64.digest }]);
  });

  test("it is the same while Postgres is away", async () => {
    await read("both", `${DOCKER}, ${LIST}`);
    await wharf.database.cut();
    try {
      const answer = await read("both", DOCKER);
      expect([answer.status, answer.headers["docker-content-digest"]]).toEqual([200, AMD64.digest]);
      expect((await read("arm", DOCKER)).status).toBe(404);
    } finally {
      await wharf.database.mend();
    }
  });
});

function targetOf(reference: string): string {
  return `/v2/${REPOSITORY}/manifests/${reference}`;
}

function dockerImage(name: string): TestManifest {
  const mediaType = "application/vnd.docker.container.image.v1+json";
  const config = { mediaType, digest: digestOf(Buffer.from(CONFIG)), size: CONFIG.length };
  return manifest(DOCKER, { config, layers: [], name });
}

function list(...images: readonly (readonly [TestManifest, string])[]): TestManifest {
  return manifest(LIST, {
    manifests: images.map(([{ digest, text, mediaType }, architecture]) => ({
      ...{ mediaType, digest, size: text.length },
      platform: { os: "linux", architecture },
    })),
  });
}

function manifest(mediaType: string, content: object): TestManifest {
  const text = JSON.stringify({ schemaVersion: 2, mediaType, ...content });
  return { text, digest: digestOf(Buffer.from(text)), mediaType };
}
