import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ask, errorOf } from "#tests/support/http-client.js";
import { image } from "./support/manifests.js";
import { registryPrograms } from "./support/registry.js";
import { REPOSITORY, startWharf, type Wharf } from "./support/wharf.js";

const RULES = [{ id: "snapshots", tags: ["*-SNAPSHOT"], effect: "mutable" }] as const;
const PATH = `/api/v1/repositories/${REPOSITORY}/tags`;

describe.each(registryPrograms().slice(0, 1))("tags over REST, registry $version", (program) => {
  let wharf: Wharf;
  beforeAll(async () => {
    wharf = await startWharf(program.file, RULES);
  });
  afterAll(() => wharf.stop());

  const lock = (tag: string) =>
    wharf.ask(["pull", "push"], `${PATH}/${tag}/lock`, { method: "PUT" });

  const locksOf = async (locked: string) =>
    (await wharf.audited("tag.locked")).filter(({ tag }) => tag === locked);

  test("a tag tells what it is and what a push of it would meet", async () => {
    const manifest = image("described");
    await wharf.push(manifest, "1.0");
    const answer = await wharf.ask(["pull"], `${PATH}/1.0`);
    expect(answer.status).toBe(200);
    expect(answer.headers["docker-content-digest"]).toBe(manifest.digest);
    expect(JSON.parse(answer.body.toString())).toEqual({
      repository: REPOSITORY,
      tag: "1.0",
      mutability: "immutable",
      rule: "immutable",
      appendOnly: false,
      deletable: false,
      scmSourceRequired: false,
      locked: false,
      digest: manifest.digest,
      pushedBy: "alice",
      pushedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      origin: "pushed",
      lockedBy: null,
      lockedAt: null,
      deletedBy: null,
      deletedAt: null,
    });
    const head = await wharf.ask(["pull"], `${PATH}/1.0`, { method: "HEAD" });
    expect([head.status, head.body.length]).toEqual([200, 0]);
    expect(head.headers["docker-content-digest"]).toBe(manifest.digest);
  });

  test("an unknown tag is not found, and tells its mutability all the same", async () => {
    const { status, body } = await wharf.describe("2-SNAPSHOT");
    expect(status).toBe(404);
    expect(body).toMatchObject({
      errors: [
        {
          code: "NOT_FOUND",
          message: "there is no such tag",
          detail: { tag: "2-SNAPSHOT", mutability: "mutable", rule: "snapshots", digest: null },
        },
      ],
    });
  });

  test("virtual latest tells the newest tag", async () => {
    const manifest = image("newest");
    await wharf.push(manifest, "newest");
    expect(await wharf.describe("latest")).toMatchObject({
      status: 200,
      body: { tag: "latest", mutability: "forbidden", newest: "newest", digest: manifest.digest },
    });
  });

  test.each([
    ["without a token", () => Promise.resolve({})],
    [
      "with a token for another repository",
      async () => ({ Authorization: await bearer("beta/app") }),
    ],
  ])("is not told %s", async (_what, headers) => {
    const answer = await ask(wharf.gateways[0].url, `${PATH}/1.0`, { headers: await headers() });
    expect(answer.status).toBe(401);
    expect(answer.headers["www-authenticate"]).toContain(`scope="repository:${REPOSITORY}:pull"`);
  });

  test("a lock makes a mutable tag immutable for good, everywhere, and is on record", async () => {
    const first = image("first");
    await wharf.push(image("before"), "lock-SNAPSHOT");
    await wharf.push(first, "lock-SNAPSHOT");
    const answer = await lock("lock-SNAPSHOT");
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body.toString())).toMatchObject({
      ...{ locked: true, lockedBy: "alice", mutability: "immutable", rule: "locked" },
      ...{ deletable: false, digest: first.digest },
    });
    for (const gateway of wharf.gateways) {
      const other = await wharf.push(image("other"), "lock-SNAPSHOT", gateway);
      expect(other.status).toBe(409);
      expect(errorOf(other).detail).toMatchObject({ digest: first.digest, rule: "locked" });
    }
    expect((await wharf.push(first, "lock-SNAPSHOT")).status).toBe(201);
    const deletion = await wharf.remove("lock-SNAPSHOT");
    expect([deletion.status, errorOf(deletion).message]).toEqual([
      403,
      "this tag is kept: it is locked",
    ]);
    expect(await locksOf("lock-SNAPSHOT")).toMatchObject([
      { actor: { uid: "alice" }, tag: "lock-SNAPSHOT", digest: first.digest },
    ]);
  });

  test("a second lock changes nothing", async () => {
    await wharf.push(image("twice"), "twice-SNAPSHOT");
    expect((await lock("twice-SNAPSHOT")).status).toBe(200);
    const before = (await wharf.describe("twice-SNAPSHOT")).body;
    expect((await lock("twice-SNAPSHOT")).status).toBe(200);
    expect((await wharf.describe("twice-SNAPSHOT")).body).toEqual(before);
    expect(await locksOf("twice-SNAPSHOT")).toHaveLength(1);
  });

  test("the program's name is on record as its client wrote it, in UTF-8", async () => {
    await wharf.push(image("named"), "named-SNAPSHOT");
    const name = "Jürgens Werkzeug/1.0";
    const headers = { "User-Agent": Buffer.from(name).toString("latin1") };
    const target = `${PATH}/named-SNAPSHOT/lock`;
    await wharf.ask(["pull", "push"], target, { method: "PUT", headers });
    expect((await locksOf("named-SNAPSHOT")).map(({ actor }) => actor.userAgent)).toEqual([name]);
  });

  test("where a tag is from is told of those that are there, and only told", async () => {
    await wharf.push(image("to-go"), "gone-SNAPSHOT");
    await wharf.remove("gone-SNAPSHOT");
    for (const tag of ["never", "gone-SNAPSHOT"]) {
      const answer = await wharf.ask(["pull"], `${PATH}/${tag}/scm-source`);
      expect([answer.status, errorOf(answer).message]).toEqual([404, "there is no such tag"]);
    }
    for (const method of ["PUT", "DELETE"]) {
      const answer = await wharf.ask(["*"], `${PATH}/1.0/scm-source`, { method });
      expect([answer.status, answer.headers.allow]).toEqual([405, "GET, HEAD"]);
    }
  });

  test("a lock is never undone", async () => {
    await wharf.push(image("for good"), "for-good-SNAPSHOT");
    await lock("for-good-SNAPSHOT");
    const answer = await wharf.ask(["*"], `${PATH}/for-good-SNAPSHOT/lock`, { method: "DELETE" });
    expect(answer.status).toBe(405);
    expect(answer.headers.allow).toBe("PUT");
    expect(errorOf(answer).message).toBe(
      "a lock is for good: what was relied on stays what it was",
    );
    expect((await wharf.describe("for-good-SNAPSHOT")).body["locked"]).toBe(true);
  });

  test("whoever may not push may not lock", async () => {
    const answer = await wharf.ask(["pull"], `${PATH}/1.0/lock`, { method: "PUT" });
    expect(answer.status).toBe(401);
    expect(answer.headers["www-authenticate"]).toContain("pull,push");
  });

  test.each([
    ["GET", "1.0"],
    ["GET", "1.0/scm-source"],
    ["PUT", "unlocked-SNAPSHOT/lock"],
  ])("a body where none belongs is refused, and nothing is done: %s %s", async (method, target) => {
    await wharf.push(image("unlocked"), "unlocked-SNAPSHOT");
    for (const framing of [{}, { "Transfer-Encoding": "chunked" }]) {
      const headers = { "Content-Type": "application/json", ...framing };
      const options = { method, headers, body: "{}" };
      const answer = await wharf.ask(["pull", "push"], `${PATH}/${target}`, options);
      expect(answer.status).toBe(400);
      expect(errorOf(answer).message).toMatch(/must not have a body/);
      expect(answer.headers.connection).toBe("close");
    }
    expect((await wharf.describe("unlocked-SNAPSHOT")).body["locked"]).toBe(false);
  });

  test.each([
    ["never", 404],
    ["latest", 409],
  ])("what is not there or virtual cannot be locked: %s", async (tag, status) => {
    expect((await lock(tag)).status).toBe(status);
  });

  test("of a lock and a push at once, what is locked is what stays", async () => {
    for (let round = 0; round < 15; round += 1) {
      const tag = `race-${round}-SNAPSHOT`;
      const [old, next] = [image(`${round} old`), image(`${round} new`)];
      await wharf.push(old, tag);
      const [locked] = await Promise.all([lock(tag), wharf.push(next, tag, wharf.gateways[1])]);
      expect(locked.status).toBe(200);
      const { digest } = JSON.parse(locked.body.toString()) as { digest: string };
      expect((await wharf.describe(tag)).body).toMatchObject({ locked: true, digest });
      expect((await wharf.push(image(`${round} late`), tag)).status).toBe(409);
    }
  });

  async function bearer(repository: string): Promise<string> {
    return wharf.authority.bearer(["pull"], repository);
  }
});
