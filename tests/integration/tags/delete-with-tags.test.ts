import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { startGateway } from "#tests/support/gateway.js";
import { ask, errorOf, type Answer } from "#tests/support/http-client.js";
import { startApart } from "#tests/support/race.js";
import { image, IMAGE_TYPE, index, INDEX_TYPE, type TestManifest } from "./support/manifests.js";
import { registryPrograms } from "./support/registry.js";
import { REPOSITORY, startWharf, type Wharf } from "./support/wharf.js";

const RULES = [
  { id: "releases", tags: ["v-*"], effect: "immutable", message: "releases stay" },
  { id: "expiring", tags: ["exp-*"], effect: "immutable", deletable: true },
  { id: "all", effect: "mutable" },
] as const;

describe.each(registryPrograms())("deletion by digest with tags, registry $version", (program) => {
  let wharf: Wharf;
  beforeAll(async () => {
    wharf = await startWharf(program.file, RULES);
  });
  afterAll(() => wharf.stop());

  test("takes the tags along that mean the manifest, each on record; what it points to stays", async () => {
    const child = image("child");
    const outer = index("outer", child);
    await wharf.push(child);
    await wharf.push(outer, "one");
    await wharf.push(outer, "exp-two");
    expect((await wharf.remove(outer.digest)).status).toBe(202);
    for (const reference of ["one", "exp-two", outer.digest]) {
      expect([reference, await wharf.atRegistry(reference)]).toEqual([reference, 404]);
      for (const { url } of wharf.gateways) expect(await read(reference, url)).toBe(404);
    }
    expect(await wharf.list()).toEqual(expect.not.arrayContaining(["one", "exp-two"]));
    const common = { actor: { uid: "alice", realm: "/employees" }, digest: outer.digest };
    const entries = (await wharf.ledger.audited()).slice(-3);
    expect(entries).toMatchObject([
      { ...common, action: "tag.deleted", tag: "exp-two", detail: { registry: "deleted" } },
      { ...common, action: "tag.deleted", tag: "one", detail: { registry: "deleted" } },
      { ...common, action: "manifest.deleted", tag: null, detail: { registry: "deleted" } },
    ]);
    expect(await wharf.describe("one")).toMatchObject({
      body: { errors: [{ detail: { deletedBy: "alice", digest: outer.digest } }] },
    });
    expect(await wharf.atRegistry(child.digest)).toBe(200);
    expect((await wharf.remove(child.digest)).status).toBe(202);
  });

  test("leaves the names as a deletion by tag does", async () => {
    const manifest = image("names");
    await wharf.push(manifest, "exp-name");
    await wharf.push(manifest, "name");
    expect((await wharf.remove(manifest.digest)).status).toBe(202);
    expect((await wharf.remove("name")).status).toBe(404);
    expect((await wharf.push(image("other"), "exp-name")).status).toBe(409);
    expect((await wharf.push(image("other"), "name")).status).toBe(201);
    expect((await wharf.push(manifest, "exp-name")).status).toBe(201);
    expect(await read("exp-name")).toBe(200);
  });

  const inTheWay: [string, (manifest: TestManifest, name: string) => Promise<unknown>, string][] = [
    [
      "a tag that never changes",
      (manifest) => wharf.push(manifest, "v-1"),
      "tags still need this manifest: v-1 (releases stay)",
    ],
    [
      "a locked tag",
      async (manifest) => {
        await wharf.push(manifest, "locked");
        const lock = `/api/v1/repositories/${REPOSITORY}/tags/locked/lock`;
        return wharf.ask(["pull", "push"], lock, { method: "PUT" });
      },
      "tags still need this manifest: locked (it is locked)",
    ],
    [
      "an index",
      (manifest) => wharf.push(index("in the way", manifest), "list"),
      "tags still need this manifest: list (it is part of an index)",
    ],
    [
      "a referrer",
      (manifest) => wharf.push(image("refers", { subject: manifest })),
      "it is the subject of sha256:",
    ],
    [
      "more tags than go at once",
      ({ digest }) =>
        wharf.db.query(
          `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at)
           select $1, 'many-' || n, $2, 'alice', now() from generate_series(1, 100) as n`,
          [REPOSITORY, digest],
        ),
      "more than 100 tags mean this manifest: delete them by name first",
    ],
  ];
  test.each(inTheWay)("is refused because of %s, which is named; nothing goes", async (...args) => {
    const [what, hinder, message] = args;
    const manifest = image(what);
    const tag = `may-go-${what.replaceAll(" ", "-")}`;
    await wharf.push(manifest, tag);
    await hinder(manifest, what);
    const before = (await wharf.ledger.audited()).length;
    const answer = await wharf.remove(manifest.digest, wharf.gateways[1]);
    expect([answer.status, errorOf(answer).code]).toEqual([409, "DENIED"]);
    expect(errorOf(answer).message).toContain(message);
    expect(await read(tag)).toBe(200);
    expect(await wharf.atRegistry(tag)).toBe(200);
    expect((await wharf.ledger.audited()).length).toBe(before);
    expect(await left()).toEqual([]);
  });

  test("of a referrer that has a tag of its own is refused while a tag needs its subject", async () => {
    const subject = image("subject");
    const referrer = image("tagged referrer", { subject });
    await wharf.push(subject, "subject");
    await wharf.push(referrer, "referrer");
    expect(errorOf(await wharf.remove(referrer.digest)).message).toContain(
      "tags still need this manifest: subject (because of its subject)",
    );
    expect((await wharf.remove("subject")).status).toBe(202);
    expect((await wharf.remove(referrer.digest)).status).toBe(202);
    expect((await wharf.remove(subject.digest)).status).toBe(202);
  });

  test("of a part of an index that is a referrer as well is refused for both", async () => {
    const subject = image("of two");
    const both = image("both", { subject });
    await wharf.push(subject, "of-two");
    await wharf.push(both);
    await wharf.push(index("with both", both), "with-both");
    expect(errorOf(await wharf.remove(both.digest)).message).toBe(
      "tags still need this manifest: of-two (through an index or its subject), " +
        "with-both (through an index or its subject)",
    );
  });

  test("is no obstacle when a referrer was deleted", async () => {
    const subject = image("once referred to");
    const referrer = image("once a referrer", { subject });
    await wharf.push(referrer);
    expect((await wharf.remove(referrer.digest)).status).toBe(202);
    await wharf.push(subject, "once");
    expect((await wharf.remove(subject.digest)).status).toBe(202);
  });

  test("is off unless it was switched on", async () => {
    const manifest = image("off");
    await wharf.push(manifest, "off");
    const gateway = await startGateway({
      registryUrl: wharf.registry.url,
      tokenServerUrl: wharf.authority.server.url,
      db: wharf.ledger.open(),
    });
    const answer = await wharf.remove(manifest.digest, gateway);
    await gateway.stop();
    expect(answer.status).toBe(405);
    expect(await read("off")).toBe(200);
  });

  test("waits for whoever is writing one of the tags, and deletes what it means then", async () => {
    const manifest = image("busy");
    await wharf.push(manifest, "busy");
    await wharf.db.query(
      `update ledger.tag set reservation = gen_random_uuid(), reserved_digest = digest,
         reserved_by = 'bob', reserved_at = now(), reserved_until = now() + interval '1 minute'
       where name = 'busy'`,
    );
    const removal = wharf.remove(manifest.digest);
    // Whoever does not wait has ended long before that many others were answered.
    const others = async () => {
      for (let i = 0; i < 40; i += 1) expect(await read("busy")).toBe(200);
      return "waiting";
    };
    expect(await Promise.race([removal.then(() => "done"), others()])).toBe("waiting");
    await wharf.db.query(
      `update ledger.tag set reservation = null, reserved_digest = null, reserved_by = null,
         reserved_until = null where name = 'busy'`,
    );
    expect((await removal).status).toBe(202);
    expect(await read("busy")).toBe(404);
  });

  test.each<[string, (name: string, held: TestManifest) => Promise<Answer>]>([
    ["the same again", (name, held) => wharf.push(held, name, wharf.gateways[0])],
    ["another image", (name) => wharf.push(image(`next ${name}`), name, wharf.gateways[0])],
    ["a new tag", (name, held) => wharf.push(held, `${name}-new`, wharf.gateways[0])],
  ])("races with a push of %s: what the ledger has then is there", async (what, push) => {
    const outcomes = new Set<string>();
    for (let lead = -40; lead <= 60; lead += 10) {
      const name = `race-${what.replaceAll(" ", "-")}-${lead + 40}`;
      const manifest = image(name);
      await wharf.push(manifest, name);
      const [pushed, removed] = await startApart(
        lead,
        () => push(name, manifest),
        () => wharf.remove(manifest.digest, wharf.gateways[1]),
      );
      outcomes.add(`${pushed.status} ${removed.status}`);
      expect([201, 503]).toContain(pushed.status);
      expect([202, 404]).toContain(removed.status);
      for (const tag of [name, `${name}-new`]) {
        const { status } = await wharf.describe(tag);
        for (const { url } of wharf.gateways)
          expect([tag, await read(tag, url)]).toEqual([tag, status]);
      }
      expect(await left()).toEqual([]);
    }
    expect(outcomes).toContain("201 202");
  });

  /** What is reserved or noted and will not be settled by whoever did it. */
  async function left(): Promise<unknown[]> {
    const { rows } = await wharf.db.query(
      `select name from ledger.tag where reservation is not null
       union all select digest from ledger.manifest where deleting_at is not null`,
    );
    return rows;
  }

  async function read(reference: string, url = wharf.gateways[0].url): Promise<number> {
    const Authorization = await wharf.authority.bearer(["pull"]);
    const headers = { Authorization, Accept: `${IMAGE_TYPE}, ${INDEX_TYPE}` };
    return (await ask(url, `/v2/${REPOSITORY}/manifests/${reference}`, { headers })).status;
  }
});
