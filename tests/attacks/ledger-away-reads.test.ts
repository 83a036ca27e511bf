import { afterAll, afterEach, beforeAll, beforeEach, expect } from "@jest/globals";
import { describe, test } from "@jest/globals";
import type { TestGateway } from "#tests/support/gateway.js";
import { ask, errorOf, type Answer } from "#tests/support/http-client.js";
import { eventually } from "#tests/support/eventually.js";
import { CONFIG, type TestManifest } from "#tests/integration/tags/support/manifests.js";
import { registryPrograms } from "#tests/integration/tags/support/registry.js";
import { REPOSITORY, startWharf, type Wharf } from "#tests/integration/tags/support/wharf.js";
import { digestOf, type Digest } from "#registry-protocol/digest.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";

const DOCKER_IMAGE = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json";
/** Each of them had a registry 2.8 choose for itself what a tag means. */
const IMAGES_ALONE = `${DOCKER_IMAGE}, application/vnd.oci.image.manifest.v1+json`;
const ACCEPTS = [
  undefined,
  "*/*",
  DOCKER_IMAGE,
  IMAGES_ALONE,
  "application/vnd.docker.distribution.manifest.v1+prettyjws",
  DOCKER_LIST,
  "text/html",
];
const RULES = [
  { id: "snapshots", tags: ["*-SNAPSHOT"], effect: "mutable", deletable: true },
  { id: "releases", tags: ["*"], effect: "immutable", deletable: true },
] as const;

describe.each(registryPrograms())("while Postgres is away, registry $version", ({ file }) => {
  let wharf: Wharf;
  let other: TestGateway;

  beforeAll(async () => {
    wharf = await startWharf(file, [...RULES]);
    [, other] = wharf.gateways;
  });
  beforeEach(() => wharf.ledger.clear());
  afterEach(() => wharf.mend());
  afterAll(() => wharf.stop());

  const read = async (tag: string, accept?: string, method = "GET", gateway = other) => {
    const Authorization = await wharf.authority.bearer(["pull"]);
    const headers = { Authorization, ...(accept === undefined ? {} : { Accept: accept }) };
    return ask(gateway.url, `/v2/${REPOSITORY}/manifests/${tag}`, { method, headers });
  };
  const keyOf = (tag: string) => ({
    repository: parseRepositoryName(REPOSITORY),
    tag: parseTag(tag),
  });
  const recall = (tag: string) => other.remembered.recall(keyOf(tag));
  const heardThat = (tag: string, { digest }: TestManifest) =>
    eventually("it was heard", () => {
      const known = recall(tag);
      return known.kind === "means" && known.digest === digest;
    });
  const readByEach = async (tag: string) => {
    const answers: Answer[] = [];
    for (const method of ["GET", "HEAD"])
      for (const accept of ACCEPTS) answers.push(await read(tag, accept, method));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    return answers.map((answer) => answer.headers["docker-content-digest"]);
  };
  const digestsRead = async (tag: string) => [...new Set(await readByEach(tag))];
  const push = async (manifest: TestManifest, tag?: string, status = 201) => {
    expect((await wharf.push(manifest, tag)).status).toBe(status);
  };

  test("a tag is to every client what it was before", async () => {
    const child = dockerImage("away child");
    await push(child);
    const list = dockerList(child);
    await push(list, "away-list");
    const before = await readByEach("away-list");
    await wharf.database.cut();
    expect(await readByEach("away-list")).toEqual(before);
    const alone = new Set([DOCKER_IMAGE, IMAGES_ALONE]);
    expect(before).toEqual(
      [...ACCEPTS, ...ACCEPTS].map((accept) =>
        alone.has(accept ?? "") ? child.digest : list.digest,
      ),
    );
  });

  test("a manifest that was pushed by sha512 alone is read by it, and what nobody pushed is not", async () => {
    const one = dockerImage("by sha512");
    const [digest, never] = [one.text, "never pushed"].map((text) =>
      digestOf(Buffer.from(text), "sha512:" as Digest),
    );
    await push({ ...one, digest: digest as Digest });
    await wharf.database.cut();
    for (const method of ["GET", "HEAD"]) {
      const answer = await read(digest ?? "", DOCKER_IMAGE, method);
      expect([answer.status, answer.headers["docker-content-digest"]]).toEqual([200, digest]);
      expect(answer.body.toString()).toBe(method === "GET" ? one.text : "");
    }
    expect((await read(never ?? "", DOCKER_IMAGE)).status).toBe(503);
  });

  test("a blob that was pushed by sha512 is no manifest", async () => {
    const blob = Buffer.from("{}");
    const digest = digestOf(blob, "sha512:" as Digest);
    const uploads = `/v2/${REPOSITORY}/blobs/uploads/`;
    const begun = await wharf.ask(["pull", "push"], uploads, { method: "POST" });
    const put = await wharf.ask(
      ["pull", "push"],
      `${begun.headers.location ?? ""}&digest=${digest}`,
      { method: "PUT", body: blob },
    );
    expect(put.status).toBe(201);
    await wharf.database.cut();
    expect((await read(digest, DOCKER_IMAGE)).status).toBe(503);
  });

  test("a tag that is known to have drifted is served as the ledger has it, by every gateway", async () => {
    const [ours, foreign] = [dockerImage("drift ours"), dockerImage("drift foreign")];
    await push(ours, "drifted");
    await wharf.writeAtRegistry(foreign, "drifted");
    await wharf.db.query("update ledger.tag set drift_digest = $1, drift_since = now()", [
      foreign.digest,
    ]);
    await other.learnWithheld();
    await wharf.database.cut();
    expect(await digestsRead("drifted")).toEqual([ours.digest]);
  });

  test("a tag that was repaired counts as drifted no longer", async () => {
    const [ours, newer] = [dockerImage("repaired ours"), dockerImage("repaired newer")];
    await push(ours, "2-SNAPSHOT");
    await wharf.db.query("update ledger.tag set drift_digest = 'sha256:x', drift_since = now()");
    await other.learnWithheld();
    await push(newer, "2-SNAPSHOT");
    await heardThat("2-SNAPSHOT", newer);
    await other.learnWithheld();
    await wharf.database.cut();
    expect(await digestsRead("2-SNAPSHOT")).toEqual([newer.digest]);
  });

  test("a tag that was deleted stays away, also where nobody asked for it before", async () => {
    const gone = dockerImage("deleted");
    await push(gone, "deleted");
    await wharf.db.query("update ledger.tag set deleted_at = now(), deleted_by = 'bob'");
    await other.learnWithheld();
    await wharf.database.cut();
    for (const method of ["GET", "HEAD"])
      expect((await read("deleted", undefined, method)).status).toBe(503);
    expect(errorOf(await read("deleted")).message).toContain("was deleted");
  });

  test("a tag that another gateway has deleted since it was read here stays away", async () => {
    await push(dockerImage("deleted elsewhere"), "elsewhere");
    expect((await read("elsewhere")).status).toBe(200);
    expect((await wharf.remove("elsewhere")).status).toBe(202);
    await eventually("it was heard", () => recall("elsewhere").kind === "deleted");
    await wharf.database.cut();
    expect((await read("elsewhere")).status).toBe(503);
  });

  test("a tag that another gateway has moved since it was read here means what it was moved to, or nobody can tell", async () => {
    const [first, second] = [dockerImage("moved first"), dockerImage("moved second")];
    await push(first, "3-SNAPSHOT");
    expect((await read("3-SNAPSHOT")).headers["docker-content-digest"]).toBe(first.digest);
    await push(second, "3-SNAPSHOT");
    await heardThat("3-SNAPSHOT", second);
    await wharf.database.cut();
    expect(await digestsRead("3-SNAPSHOT")).toEqual([second.digest]);
    // Past every gateway, or by one that can still ask the ledger: that is the same from here.
    await wharf.writeAtRegistry(first, "3-SNAPSHOT");
    expect((await read("3-SNAPSHOT")).status).toBe(503);
  });

  test("what a first push has stored before the ledger went away is what it is in the end", async () => {
    const pushed = dockerImage("half pushed");
    await wharf.writeAtRegistry(pushed, "half");
    await wharf.db.query(
      `insert into ledger.tag (repository, name, reservation, reserved_digest, reserved_by,
         reserved_at, reserved_until, reserved_origin)
       values ($1, 'half', gen_random_uuid(), $2, 'alice', now(), now(), '{"uid":"alice"}')`,
      [REPOSITORY, pushed.digest],
    );
    await wharf.database.cut();
    expect(await digestsRead("half")).toEqual([pushed.digest]);
    await wharf.database.mend();
    await other.recover(keyOf("half"));
    expect((await read("half")).headers["docker-content-digest"]).toBe(pushed.digest);
  });

  test("a tag whose push was refused means what it meant", async () => {
    const [held, refused] = [dockerImage("held"), dockerImage("refused")];
    await push(held, "held");
    await push(refused, "held", 409);
    await wharf.database.cut();
    expect(await digestsRead("held")).toEqual([held.digest]);
  });

  test("a database that is silent keeps readers waiting for seconds, and no longer", async () => {
    const [known, unknown] = [dockerImage("silent known"), dockerImage("silent unknown")];
    await push(known, "known");
    await push(unknown, "unknown");
    expect((await read("known")).status).toBe(200);
    wharf.database.hold();
    try {
      const since = performance.now();
      const answers = await Promise.all(["known", "unknown"].map((tag) => read(tag)));
      expect(performance.now() - since).toBeLessThan(6_000);
      expect(answers.map(({ headers }) => headers["docker-content-digest"])).toEqual([
        known.digest,
        unknown.digest,
      ]);
    } finally {
      wharf.database.release();
    }
  });
});

function dockerImage(name: string): TestManifest {
  const config = {
    mediaType: "application/vnd.docker.container.image.v1+json",
    size: Buffer.byteLength(CONFIG),
    digest: digestOf(Buffer.from(CONFIG)),
  };
  return asManifest(DOCKER_IMAGE, { config, layers: [], annotations: { name } });
}

function dockerList({ text, digest, mediaType }: TestManifest): TestManifest {
  const platform = { architecture: "amd64", os: "linux" };
  const child = { mediaType, digest, size: Buffer.byteLength(text), platform };
  return asManifest(DOCKER_LIST, { manifests: [child] });
}

function asManifest(mediaType: string, content: object): TestManifest {
  const text = JSON.stringify({ schemaVersion: 2, mediaType, ...content });
  return { text, digest: digestOf(Buffer.from(text)), mediaType };
}
