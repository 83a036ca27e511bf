import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ask, errorOf } from "#tests/support/http-client.js";
import { startGateway } from "#tests/support/gateway.js";
import { image } from "./support/manifests.js";
import { registryPrograms } from "./support/registry.js";
import { REPOSITORY, startWharf, type Wharf } from "./support/wharf.js";

const RULES = [
  { id: "expiring", tags: ["exp-*"], effect: "immutable", deletable: true },
  { id: "kept", tags: ["kept-*"], effect: "mutable", deletable: false },
  { id: "snapshots", tags: ["*-SNAPSHOT"], effect: "mutable" },
] as const;

describe.each(registryPrograms())("deletion of tags, registry $version", (program) => {
  let wharf: Wharf;
  beforeAll(async () => {
    wharf = await startWharf(program.file, RULES);
  });
  afterAll(() => wharf.stop());

  /** What each gateway answers to a client that takes what is pushed here. */
  const readsOf = async (tag: string): Promise<number[]> => {
    const Authorization = await wharf.authority.bearer(["pull"]);
    const headers = { Authorization, Accept: image("").mediaType };
    const target = `/v2/${REPOSITORY}/manifests/${tag}`;
    const reads = wharf.gateways.map(({ url }) => ask(url, target, { headers }));
    return (await Promise.all(reads)).map(({ status }) => status);
  };

  test("is off unless it was switched on, and says why", async () => {
    const gateway = await startGateway({
      registryUrl: wharf.registry.url,
      tokenServerUrl: wharf.authority.server.url,
      db: wharf.ledger.open(),
    });
    await wharf.push(image("off"), "off-SNAPSHOT", gateway);
    const answer = await wharf.remove("off-SNAPSHOT", gateway);
    await gateway.stop();
    expect(answer.status).toBe(405);
    expect(errorOf(answer)).toEqual({
      code: "UNSUPPORTED",
      message: "deletion is off: images are kept as deployment evidence",
    });
    expect(await wharf.describe("off-SNAPSHOT")).toMatchObject({ status: 200 });
  });

  test("needs a token that grants delete", async () => {
    await wharf.push(image("a"), "grant-SNAPSHOT");
    const target = `/v2/${REPOSITORY}/manifests/grant-SNAPSHOT`;
    const answer = await wharf.ask(["pull", "push"], target, { method: "DELETE" });
    expect(answer.status).toBe(401);
    expect(answer.headers["www-authenticate"]).toContain(`scope="repository:${REPOSITORY}:delete"`);
  });

  test("takes the name from reads and lists at once, and leaves a tombstone and an entry on record", async () => {
    const manifest = image("mutable");
    await wharf.push(manifest, "1-SNAPSHOT");
    expect(await wharf.list()).toContain("1-SNAPSHOT");
    expect((await wharf.remove("1-SNAPSHOT")).status).toBe(202);
    expect(await wharf.list()).not.toContain("1-SNAPSHOT");
    expect(await readsOf("1-SNAPSHOT")).toEqual([404, 404]);
    expect(await wharf.describe("1-SNAPSHOT")).toMatchObject({
      status: 404,
      body: {
        errors: [
          {
            code: "NOT_FOUND",
            message: "the tag was deleted",
            detail: { digest: manifest.digest, deletedBy: "alice", mutability: "mutable" },
          },
        ],
      },
    });
    const entries = await wharf.audited("tag.deleted");
    expect(entries.at(-1)).toMatchObject({
      actor: { uid: "alice", realm: "/employees", kind: "oauth2" },
      repository: REPOSITORY,
      tag: "1-SNAPSHOT",
      digest: manifest.digest,
      detail: { registry: program.deletesTags ? "deleted" : "unsupported" },
    });
    // The registry of the 2.8 line keeps it: only the ledger hides it.
    expect(await wharf.atRegistry("1-SNAPSHOT")).toBe(program.deletesTags ? 404 : 200);
    expect(await wharf.atRegistry(manifest.digest)).toBe(200);
  });

  test("a second time finds nothing", async () => {
    await wharf.push(image("twice"), "twice-SNAPSHOT");
    expect((await wharf.remove("twice-SNAPSHOT")).status).toBe(202);
    const again = await wharf.remove("twice-SNAPSHOT");
    expect(again.status).toBe(404);
    expect(errorOf(again).code).toBe("MANIFEST_UNKNOWN");
  });

  test("of a tag that never was finds nothing", async () => {
    expect((await wharf.remove("never")).status).toBe(404);
  });

  test("lets a mutable tag come back with other content", async () => {
    await wharf.push(image("back 1"), "back-SNAPSHOT");
    await wharf.remove("back-SNAPSHOT");
    const next = image("back 2");
    expect((await wharf.push(next, "back-SNAPSHOT")).status).toBe(201);
    expect(await wharf.describe("back-SNAPSHOT")).toMatchObject({
      status: 200,
      body: { digest: next.digest, deletedAt: null },
    });
    expect(await wharf.list()).toContain("back-SNAPSHOT");
  });

  test("holds for readers while the tag is pushed again, whatever the registry has, until that is acknowledged", async () => {
    const [old, next] = [image("again 1"), image("again 2")];
    await wharf.push(old, "again-SNAPSHOT");
    await wharf.remove("again-SNAPSHOT");
    await wharf.writeAtRegistry(old, "again-SNAPSHOT");
    await wharf.db.query(
      `update ledger.tag set reservation = gen_random_uuid(), reserved_digest = $1,
         reserved_by = 'bob', reserved_at = now(), reserved_until = now() + interval '1 minute'
       where name = 'again-SNAPSHOT'`,
      [next.digest],
    );
    expect(await readsOf("again-SNAPSHOT")).toEqual([404, 404]);
    expect(await wharf.list()).not.toContain("again-SNAPSHOT");
    await wharf.db.query(
      `update ledger.tag set reservation = null, reserved_digest = null, reserved_by = null,
         reserved_at = null, reserved_until = null where name = 'again-SNAPSHOT'`,
    );
    expect((await wharf.push(next, "again-SNAPSHOT")).status).toBe(201);
    // The other gateway may believe for a second what it was told last.
    expect((await readsOf("again-SNAPSHOT"))[0]).toBe(200);
    expect(await wharf.list()).toContain("again-SNAPSHOT");
  });

  test("of an immutable tag is refused where no rule lets it go", async () => {
    await wharf.push(image("immutable"), "1.0");
    const answer = await wharf.remove("1.0");
    expect(answer.status).toBe(403);
    expect(errorOf(answer)).toEqual({
      code: "DENIED",
      message: 'this tag is kept: by rule "immutable"',
      detail: { rule: "immutable" },
    });
    expect(await wharf.describe("1.0")).toMatchObject({ status: 200, body: { deletable: false } });
  });

  test("of a mutable tag is refused where its rule keeps it", async () => {
    await wharf.push(image("kept"), "kept-1");
    expect((await wharf.remove("kept-1")).status).toBe(403);
  });

  test("of an immutable tag that may go frees its name for the same content alone", async () => {
    const manifest = image("expiring");
    await wharf.push(manifest, "exp-1");
    expect((await wharf.remove("exp-1")).status).toBe(202);
    const other = await wharf.push(image("other"), "exp-1");
    expect(other.status).toBe(409);
    expect(errorOf(other)).toMatchObject({
      code: "DENIED",
      message: "tag was deleted; only the same image may return",
      detail: { digest: manifest.digest },
    });
    expect(await wharf.list()).not.toContain("exp-1");
    expect((await wharf.push(manifest, "exp-1")).status).toBe(201);
    expect(await wharf.list()).toContain("exp-1");
    expect(await wharf.describe("exp-1")).toMatchObject({ body: { digest: manifest.digest } });
    const [restored] = (await wharf.audited("tag.pushed")).slice(-1);
    expect(restored).toMatchObject({ tag: "exp-1", detail: { change: "restored" } });
  });

  test("of a locked tag is refused, also where its rule lets the others go", async () => {
    const lock = `/api/v1/repositories/${REPOSITORY}/tags/exp-locked/lock`;
    await wharf.push(image("locked"), "exp-locked");
    expect((await wharf.ask(["pull", "push"], lock, { method: "PUT" })).status).toBe(200);
    const refused = await wharf.remove("exp-locked");
    expect([refused.status, errorOf(refused)]).toEqual([
      403,
      { code: "DENIED", message: "this tag is kept: it is locked", detail: { rule: "locked" } },
    ]);
    expect(await wharf.describe("exp-locked")).toMatchObject({
      status: 200,
      body: { locked: true, deletable: false, mutability: "immutable", rule: "locked" },
    });
    expect(await wharf.atRegistry("exp-locked")).toBe(200);
  });

  test("and its return leave date and author as they were, and latest where it was", async () => {
    const manifest = image("returning");
    await wharf.push(manifest, "exp-old");
    const { body: before } = await wharf.describe("exp-old");
    await wharf.push(image("newer"), "newer");
    expect((await wharf.remove("exp-old")).status).toBe(202);
    expect((await wharf.push(manifest, "exp-old")).status).toBe(201);
    expect((await wharf.describe("exp-old")).body).toEqual(before);
    expect((await wharf.describe("latest")).body).toMatchObject({ newest: "newer" });
    const [restored] = (await wharf.audited("tag.pushed")).slice(-1);
    const since = before["pushedAt"];
    expect(restored).toMatchObject({ tag: "exp-old", detail: { change: "restored", since } });
  });

  test("of virtual latest is refused", async () => {
    expect((await wharf.remove("latest")).status).toBe(403);
  });

  test("of a tag that only the registry knows takes it into the ledger first", async () => {
    const manifest = image("foreign");
    await wharf.writeAtRegistry(manifest, "foreign-SNAPSHOT");
    expect((await wharf.remove("foreign-SNAPSHOT")).status).toBe(202);
    expect((await wharf.push(image("foreign 2"), "foreign-SNAPSHOT")).status).toBe(201);
  });

  test("of a blob is refused, and says who removes blobs", async () => {
    const answer = await wharf.ask(["delete"], `/v2/${REPOSITORY}/blobs/${image("x").digest}`, {
      method: "DELETE",
    });
    expect(answer.status).toBe(405);
    expect(errorOf(answer).message).toContain("garbage collection");
  });

  test("keeps the pages of a list right", async () => {
    await wharf.push(image("page"), "zz-1-SNAPSHOT");
    await wharf.push(image("page"), "zz-2-SNAPSHOT");
    await wharf.push(image("page"), "zz-3-SNAPSHOT");
    await wharf.remove("zz-2-SNAPSHOT");
    const seen: string[] = [];
    let target: string | null = `/v2/${REPOSITORY}/tags/list?n=2`;
    while (target !== null) {
      const { headers, body } = await wharf.ask(["pull"], target);
      seen.push(...(JSON.parse(body.toString()) as { tags: string[] }).tags);
      const link = headers.link;
      const next = /<([^>]+)>/.exec(typeof link === "string" ? link : "")?.[1];
      target =
        next === undefined
          ? null
          : `${new URL(next, "http://x").pathname}${new URL(next, "http://x").search}`;
    }
    expect(seen).toEqual(await wharf.list());
    expect(seen).toEqual(expect.arrayContaining(["zz-1-SNAPSHOT", "zz-3-SNAPSHOT"]));
    expect(seen).not.toContain("zz-2-SNAPSHOT");
  });

  test("while the tag is being pushed waits for the push", async () => {
    await wharf.push(image("busy"), "busy-SNAPSHOT");
    const key = [REPOSITORY, "busy-SNAPSHOT"];
    await wharf.db.query(
      `update ledger.tag set reservation = gen_random_uuid(), reserved_digest = digest,
         reserved_by = 'bob', reserved_at = now(), reserved_until = now() + interval '1 minute'
       where repository = $1 and name = $2`,
      key,
    );
    const removal = wharf.remove("busy-SNAPSHOT");
    // Whoever does not wait has ended long before that many others were answered.
    for (let i = 0; i < 40; i += 1)
      expect(await wharf.describe("busy-SNAPSHOT")).toMatchObject({ status: 200 });
    await wharf.db.query(
      `update ledger.tag set reservation = null, reserved_digest = null, reserved_by = null,
         reserved_until = null where repository = $1 and name = $2`,
      key,
    );
    expect((await removal).status).toBe(202);
  });

  test("while the database is away changes nothing; lists then show what the registry has", async () => {
    const gateway = await startGateway({
      registryUrl: wharf.registry.url,
      tokenServerUrl: wharf.authority.server.url,
      allowDelete: true,
    });
    await wharf.push(image("away"), "away-SNAPSHOT");
    const answer = await wharf.remove("away-SNAPSHOT", gateway);
    const headers = { Authorization: await wharf.authority.bearer(["pull"]) };
    const list = await ask(gateway.url, `/v2/${REPOSITORY}/tags/list`, { headers });
    await gateway.stop();
    expect(answer.status).toBe(503);
    expect(answer.headers["retry-after"]).toBeDefined();
    expect(await wharf.atRegistry("away-SNAPSHOT")).toBe(200);
    expect(list.body.toString()).toContain("away-SNAPSHOT");
  });
});
