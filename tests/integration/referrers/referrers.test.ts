import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import {
  INDEX_TYPE,
  image,
  index,
  manifestOf,
  type TestManifest,
} from "#tests/integration/tags/support/manifests.js";
import { registryPrograms } from "#tests/integration/tags/support/registry.js";
import { REPOSITORY, startWharf, type Wharf } from "#tests/integration/tags/support/wharf.js";
import { eventually } from "#tests/support/eventually.js";
import { errorOf, type Answer } from "#tests/support/http-client.js";
import { LEDGER_MIGRATIONS } from "#tests/support/migrations.js";

const UNKNOWN = `sha256:${"ab".repeat(32)}`;
const MEBIBYTE = 1024 * 1024;
const HEAVY = "x".repeat(0.75 * MEBIBYTE);

/** More than any list here has. */
const MOST_PAGES = 100;

describe.each(registryPrograms())("referrers, registry $version", (program) => {
  let wharf: Wharf;
  beforeAll(async () => {
    wharf = await startWharf(program.file, [
      { id: "changing", tags: ["changing*"], effect: "mutable", deletable: true },
    ]);
  });
  afterAll(() => wharf.stop());

  const ask = (digest: string, query = "", method = "GET") =>
    wharf.ask(["pull"], `/v2/${REPOSITORY}/referrers/${digest}${query}`, { method });
  const listed = async (digest: string, query = ""): Promise<Listed[]> =>
    listIn(await ask(digest, query)).manifests;
  const digests = async (digest: string): Promise<string[]> =>
    (await listed(digest)).map((one) => one.digest);

  test("of a manifest that nobody knows are an empty index, by GET and HEAD", async () => {
    const answer = await ask(UNKNOWN);
    expect(answer.status).toBe(200);
    expect(answer.headers["content-type"]).toBe(INDEX_TYPE);
    expect(answer.headers["oci-filters-applied"]).toBeUndefined();
    expect(listIn(answer)).toEqual({ schemaVersion: 2, mediaType: INDEX_TYPE, manifests: [] });
    const head = await ask(UNKNOWN, "", "HEAD");
    expect([head.status, head.body.length]).toEqual([200, 0]);
    expect(head.headers["content-length"]).toBe(answer.headers["content-length"]);
  });

  test.each(["sha256:abc", "sha256", "md5:x", `sha256:${"A".repeat(64)}`])(
    "of %s are asked for in vain: 400",
    async (digest) => {
      const answer = await ask(digest);
      expect([answer.status, errorOf(answer).code]).toEqual([400, "DIGEST_INVALID"]);
    },
  );

  test("are told to whoever pushes them, by digest, by tag and again, and may come before their subject", async () => {
    const subject = image("subject that comes later");
    const [one, two] = [image("one", { subject }), index("two")] as const;
    const indexed = manifestOf(INDEX_TYPE, {
      manifests: [],
      subject: described(subject),
      annotations: { a: "b" },
    });
    for (const [manifest, tag] of [
      [one, undefined],
      [one, "changing"],
      [one, "changing"],
      [indexed, undefined],
    ] as const) {
      const answer = await wharf.push(manifest, tag);
      expect([answer.status, answer.headers["oci-subject"]]).toEqual([201, subject.digest]);
    }
    expect((await wharf.push(two)).headers["oci-subject"]).toBeUndefined();
    expect((await digests(subject.digest)).sort()).toEqual([one.digest, indexed.digest].sort());
    expect((await wharf.push(subject, "subject")).status).toBe(201);
    expect(await digests(subject.digest)).toHaveLength(2);
  });

  test("are described as the specification derives it, and filtered by their kind", async () => {
    const subject = image("described");
    const own = manifestOf("application/vnd.oci.image.manifest.v1+json", {
      ...bodyOf(image("own", { subject, annotations: { é: "ü\u2028" } })),
      artifactType: "application/spdx+json",
    });
    const byConfig = image("by configuration", { subject });
    const bare = manifestOf(INDEX_TYPE, { manifests: [], subject: described(subject) });
    for (const one of [own, byConfig, bare]) expect((await wharf.push(one)).status).toBe(201);
    const all = new Map((await listed(subject.digest)).map((one) => [one.digest, one]));
    expect(all.get(own.digest)).toEqual({
      ...described(own),
      artifactType: "application/spdx+json",
      annotations: { name: "own", é: "ü\u2028" },
    });
    expect(all.get(byConfig.digest)).toEqual({
      ...described(byConfig),
      artifactType: "application/vnd.oci.empty.v1+json",
      annotations: { name: "by configuration" },
    });
    expect(all.get(bare.digest)).toEqual(described(bare));
    const filtered = await ask(subject.digest, "?artifactType=application%2Fspdx%2Bjson");
    expect(filtered.headers["oci-filters-applied"]).toBe("artifactType");
    expect(listIn(filtered).manifests.map((one) => one.digest)).toEqual([own.digest]);
    expect(await listed(subject.digest, "?artifactType=a/b")).toEqual([]);
    expect((await ask(subject.digest, "?artifactType=%00")).status).toBe(400);
  });

  test("come in pages, each with a link to the next one, also where a few are large", async () => {
    const subject = image("with many");
    const many = [1, 2, 3, 4, 5].map((i) => image(`many ${i}`, { subject }));
    for (const one of many) await wharf.push(one);
    const { found, pages } = await walk(`/v2/${REPOSITORY}/referrers/${subject.digest}?n=2`);
    expect(found).toEqual(many.map(({ digest }) => digest).sort());
    expect(pages.map(({ manifests }) => manifests.length)).toEqual([2, 2, 1]);
    const kind = "application%2Fvnd.oci.empty.v1%2Bjson";
    const again = await walk(
      `/v2/${REPOSITORY}/referrers/${subject.digest}?artifactType=${kind}&n=3`,
    );
    expect(again.found).toEqual(found);
    const heavy = image("with large ones");
    const large = [1, 2, 3].map((i) =>
      image(`large ${i}`, { subject: heavy, annotations: { a: HEAVY, b: HEAVY } }),
    );
    for (const one of large) expect((await wharf.push(one)).status).toBe(201);
    const whole = await walk(`/v2/${REPOSITORY}/referrers/${heavy.digest}`);
    expect(whole.found).toEqual(large.map(({ digest }) => digest).sort());
    expect(whole.pages.length).toBeGreaterThan(1);
    expect(Math.max(...whole.bytes)).toBeLessThan(4 * MEBIBYTE);
  });

  test("that older clients listed under a fallback tag past the gateway count, and so does what they add", async () => {
    const subject = image("from before");
    const [one, two, three] = ["b1", "b2", "b3"].map((name) => image(name, { subject })) as Three;
    const other = image("of something else", { subject: image("else") });
    for (const manifest of [one, other]) await wharf.writeAtRegistry(manifest);
    const tag = subject.digest.replace(":", "-");
    await wharf.writeAtRegistry(index("fallback", one, other), tag);
    expect(await digests(subject.digest)).toEqual([one.digest]);
    await wharf.push(two);
    expect((await wharf.push(index("fallback", one, other, two), tag)).status).toBe(201);
    expect(await digests(subject.digest)).toEqual([one.digest, two.digest].sort());
    await wharf.writeAtRegistry(three);
    expect((await wharf.push(index("fallback", one, other, two, three), tag)).status).toBe(201);
    expect(await digests(subject.digest)).toEqual([one.digest, two.digest, three.digest].sort());
  });

  test("that were pushed past the gateway count from when somebody reads them, by digest or by tag", async () => {
    const subject = image("read");
    const [byDigest, byTag] = [image("r1", { subject }), image("r2", { subject })];
    await wharf.writeAtRegistry(byDigest);
    await wharf.writeAtRegistry(byTag, "past");
    for (const reference of [byDigest.digest, "past"]) {
      const headers = { Accept: byDigest.mediaType };
      const target = `/v2/${REPOSITORY}/manifests/${reference}`;
      expect((await wharf.ask(["pull"], target, { headers })).status).toBe(200);
    }
    await eventually("both are listed", async () => (await digests(subject.digest)).length === 2);
  });

  test("that the ledger found at the registry are there for whoever pushes the same again", async () => {
    const subject = image("found");
    const found = image("found and pushed", { subject });
    await wharf.writeAtRegistry(found, "found");
    const answer = await wharf.push(found, "found");
    expect([answer.status, answer.headers["oci-subject"]]).toEqual([201, subject.digest]);
    expect(await digests(subject.digest)).toEqual([found.digest]);
  });

  test("vanish when they are deleted, and come back when they are pushed again", async () => {
    const subject = image("that loses one");
    const [kept, gone] = [image("kept", { subject }), image("gone", { subject })];
    await wharf.push(subject, "loses");
    await wharf.push(kept);
    await wharf.push(gone, "changing-gone");
    expect(await digests(subject.digest)).toHaveLength(2);
    expect((await wharf.remove(gone.digest)).status).toBe(409);
    const alone = image("of nobody's", { subject: image("untagged") });
    await wharf.push(alone);
    expect(await digests(image("untagged").digest)).toEqual([alone.digest]);
    expect((await wharf.remove(alone.digest)).status).toBe(202);
    expect(await digests(image("untagged").digest)).toEqual([]);
    await wharf.push(alone);
    expect(await digests(image("untagged").digest)).toEqual([alone.digest]);
  });

  test("are named to whoever wants to delete their subject", async () => {
    const subject = image("that is needed");
    const referrer = image("that needs it", { subject });
    await wharf.push(subject, "changing-needed");
    await wharf.push(referrer);
    const answer = await wharf.remove(subject.digest);
    expect(answer.status).toBe(409);
    expect(errorOf(answer)).toMatchObject({ detail: { referrers: [referrer.digest] } });
  });

  test("are shown to whoever may pull from the repository, and to nobody else", async () => {
    const target = `/v2/beta/other/referrers/${UNKNOWN}`;
    expect((await wharf.ask(["pull"], target)).status).toBe(401);
    expect((await wharf.ask([], `/v2/${REPOSITORY}/referrers/${UNKNOWN}`)).status).toBe(401);
  });

  test("cannot be told while the ledger is away: 503, never an empty list", async () => {
    await wharf.database.cut();
    try {
      expect((await ask(UNKNOWN)).status).toBe(503);
    } finally {
      await wharf.mend();
    }
    expect((await ask(UNKNOWN)).status).toBe(200);
  });

  test("of before the triggers are described by the migration", async () => {
    const subject = image("old");
    const old = image("old referrer", { subject });
    await wharf.push(old);
    const [before] = await listed(subject.digest);
    await wharf.db.query("delete from ledger.referrer where digest = $1", [old.digest]);
    await eventually("it is gone", async () => (await listed(subject.digest)).length === 0);
    for (let times = 0; times < 2; times += 1) {
      await wharf.db.query(await backFill());
      // Nobody tells gateways of it: they have what they read in memory for a moment.
      await eventually("it is listed", async () => (await listed(subject.digest)).length === 1);
      expect(await listed(subject.digest)).toEqual([before]);
    }
  });

  /** On a machine with much to do megabytes may not come in time: 503, "try again". */
  async function decided(target: string): Promise<Answer> {
    let answer = await wharf.ask(["pull"], target);
    await eventually("the list is told", async () => {
      if (answer.status === 503) answer = await wharf.ask(["pull"], target);
      return answer.status !== 503;
    });
    return answer;
  }

  async function walk(first: string) {
    const pages: List[] = [];
    const bytes: number[] = [];
    for (let target: string | undefined = first; target !== undefined;) {
      if (pages.length === MOST_PAGES) throw new Error("there is always a next page");
      const answer = await decided(target);
      pages.push(listIn(answer));
      bytes.push(answer.body.length);
      target = /^<([^>]+)>; rel="next"$/.exec(String(answer.headers.link ?? ""))?.[1];
    }
    return {
      pages,
      bytes,
      found: pages.flatMap((page) => page.manifests.map((one) => one.digest)),
    };
  }
});

type Three = [TestManifest, TestManifest, TestManifest];

interface Listed {
  readonly digest: string;
}

interface List {
  readonly manifests: Listed[];
}

function listIn({ body }: Answer): List {
  return JSON.parse(body.toString()) as List;
}

function described({ mediaType, digest, text }: TestManifest): object {
  return { mediaType, digest, size: Buffer.byteLength(text) };
}

function bodyOf({ text }: TestManifest): object {
  return JSON.parse(text) as object;
}

/** The last statement of the migration. */
async function backFill(): Promise<string> {
  const sql = await readFile(join(LEDGER_MIGRATIONS.directory, "000210_referrers.sql"), "utf8");
  return sql.slice(sql.lastIndexOf("insert into ledger.referrer"));
}
