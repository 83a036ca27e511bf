import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { adoptTags } from "#gateway/ledger/sql/read-tag.js";
import { reserveTag } from "#gateway/ledger/sql/reserve-tag.js";
import { digestOf, type Digest } from "#registry-protocol/digest.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import { eventually } from "#tests/support/eventually.js";
import { gate } from "#tests/support/gate.js";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { ask, errorOf, type Answer } from "#tests/support/http-client.js";
import { createLedger, type TestLedger } from "#tests/support/ledger.js";
import { imageText } from "#tests/support/manifest-texts.js";
import { manifestRegistry, type ManifestRegistry } from "#tests/support/manifest-registry.js";
import { startTestPostgres, type TestPostgres } from "#tests/support/postgres.js";
import { tagPush } from "#tests/support/tag-pushes.js";
import { startRelay, type TcpRelay } from "#tests/support/tcp-relay.js";
import { startTokenAuthority, type TokenAuthority } from "#tests/support/token-authority.js";
import { startUpstream, type UpstreamDouble } from "#tests/support/upstream-double.js";

const MEDIA_TYPE = "application/vnd.oci.image.manifest.v1+json";
const OURS = imageText({ made: "by us" });
const FOREIGN = imageText({ made: "behind our back" });
const REPOSITORY = parseRepositoryName("alpha/app");
const SNAPSHOT = "1.0-SNAPSHOT";

let postgres: TestPostgres;
let ledger: TestLedger;
let relay: TcpRelay;
let authority: TokenAuthority;
let upstream: UpstreamDouble;
let registry: ManifestRegistry;
let gateways: TestGateway[];
let bearer: string;

beforeAll(async () => {
  postgres = await startTestPostgres();
  ledger = await createLedger(postgres);
  relay = await startRelay(postgres.login.port);
  authority = await startTokenAuthority();
  upstream = await startUpstream();
  bearer = await authority.bearer(["pull", "push"]);
});
beforeEach(async () => {
  await ledger.clear();
  registry = manifestRegistry();
  upstream.answerWith(registry.handler);
  gateways = await Promise.all([1, 2, 3].map(newGateway));
});
afterEach(() => Promise.all(gateways.map((gateway) => gateway.stop())));
afterAll(async () => {
  await upstream.stop();
  await authority.server.stop();
  await ledger.close();
  await relay.cut();
  await postgres.stop();
});

describe("a tag that was pushed", () => {
  test.each(["GET", "HEAD"])(
    "is read with %s as it was pushed, whatever was written to it at the registry since",
    async (method) => {
      await push("1.0", OURS);
      registry.write("alpha/app", "1.0", FOREIGN);
      upstream.seen.length = 0;
      for (let gateway = 0; gateway < gateways.length; gateway += 1) {
        const answer = await read("1.0", { method, gateway });
        expect(answer.status).toBe(200);
        expect(answer.headers["docker-content-digest"]).toBe(digest(OURS));
        expect(answer.body.toString()).toBe(method === "GET" ? OURS : "");
      }
      const target = `/v2/alpha/app/manifests/${digest(OURS)}`;
      expect(upstream.seen.map((seen) => seen.target)).toEqual([target, target, target]);
    },
  );

  test("is read as it was pushed when the registry has lost the tag", async () => {
    await push("1.0", OURS);
    registry.tags.clear();
    expect((await read("1.0")).body.toString()).toBe(OURS);
  });

  test("is not there while its first push is under way, and is once that has ended", async () => {
    const put = await heldPush("1.0", OURS);
    expectUnknown(await read("1.0", { gateway: 1 }));
    put.finish();
    expect((await put.answer).status).toBe(201);
    expect((await read("1.0", { gateway: 1 })).body.toString()).toBe(OURS);
  });

  test("and may change means the old content while the new one is under way", async () => {
    await push(SNAPSHOT, OURS);
    const put = await heldPush(SNAPSHOT, FOREIGN);
    expect(registry.tags.get(`alpha/app:${SNAPSHOT}`)).toBe(digest(FOREIGN));
    expect((await read(SNAPSHOT, { gateway: 1 })).body.toString()).toBe(OURS);
    put.finish();
    expect((await put.answer).status).toBe(201);
    await eventually(
      "the other gateway has heard of it",
      async () => (await read(SNAPSHOT, { gateway: 1 })).body.toString() === FOREIGN,
    );
  });

  test("and was deleted is not there, although the registry still has it", async () => {
    await push("1.0", OURS);
    await sql("update ledger.tag set deleted_at = now(), deleted_by = 'bob'");
    for (const method of ["GET", "HEAD"]) {
      const answer = await read("1.0", { method, gateway: 1 });
      expect(answer.status).toBe(404);
    }
    expect(await ledger.audited()).toHaveLength(1);
  });
});

describe("a tag that the ledger does not know", () => {
  test("is unknown when the registry does not have it either", async () => {
    expectUnknown(await read("1.0"));
    expect(await ledger.audited()).toEqual([]);
  });

  test("is taken into the ledger when it is read first, on record, and means that from then on", async () => {
    registry.write("alpha/app", "1.0", OURS);
    expect((await read("1.0")).body.toString()).toBe(OURS);
    registry.write("alpha/app", "1.0", FOREIGN);
    for (const gateway of [0, 1, 2])
      expect((await read("1.0", { gateway })).body.toString()).toBe(OURS);
    expect(await ledger.audited()).toMatchObject([
      {
        action: "tag.adopted",
        actor: { kind: "system", uid: "" },
        repository: "alpha/app",
        tag: "1.0",
        digest: digest(OURS),
        reason: "found at the registry when it was read",
      },
    ]);
  });

  test("is taken in once by sixty readers at the same time, who all get the same, though it changes meanwhile", async () => {
    let count = 0;
    upstream.answerWith((req, res, seen) => {
      // Every look at the tag finds another manifest.
      if (req.method === "HEAD" && req.url?.endsWith("/1.0") === true)
        registry.write("alpha/app", "1.0", `{"number":${(count += 1)}}`);
      return registry.handler(req, res, seen);
    });
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, gateway) => read("1.0", { gateway })),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(60).fill(200));
    expect(new Set(answers.map(({ body }) => body.toString())).size).toBe(1);
    const adopted = await ledger.audited();
    expect(adopted).toHaveLength(1);
    expect(adopted[0]?.digest).toBe(digest(answers[0]?.body.toString() ?? ""));
  });

  test("holds against a push of other content, which is refused; the same content succeeds", async () => {
    registry.write("alpha/app", "1.0", OURS);
    const refused = await put("1.0", FOREIGN);
    expect(refused.status).toBe(409);
    expect(errorOf(refused)).toMatchObject({
      code: "DENIED",
      detail: { digest: digest(OURS) },
    });
    expect(registry.tags.get("alpha/app:1.0")).toBe(digest(OURS));
    expect(await ledger.audited()).toMatchObject([
      { action: "tag.adopted", reason: "found at the registry when it was pushed" },
      { action: "tag.refused", reason: "tag-held" },
    ]);
    await push("1.0", OURS);
  });

  test("and may change can be overwritten by a push; what it was is on record", async () => {
    registry.write("alpha/app", SNAPSHOT, FOREIGN);
    await push(SNAPSHOT, OURS);
    expect((await read(SNAPSHOT)).body.toString()).toBe(OURS);
    expect(await ledger.audited()).toMatchObject([
      { action: "tag.adopted", digest: digest(FOREIGN) },
      { action: "tag.pushed", digest: digest(OURS), detail: { change: "moved" } },
    ]);
  });

  test("means one thing to all, whether a reader or a pusher was faster", async () => {
    for (let round = 0; round < 10; round += 1) {
      const tag = `round-${round}`;
      registry.write("alpha/app", tag, FOREIGN);
      const [pushed, ...reads] = await Promise.all([
        put(tag, OURS),
        ...Array.from({ length: 6 }, (_, gateway) => read(tag, { gateway })),
      ]);
      expect(pushed.status).toBe(409);
      for (const { body } of reads) expect(body.toString()).toBe(FOREIGN);
      expect((await read(tag)).body.toString()).toBe(FOREIGN);
    }
  });

  test("is not said to be unknown when the registry does not answer", async () => {
    upstream.answerWith((req) => {
      req.socket.resetAndDestroy();
    });
    expectUnavailable(await read("1.0"));
  });
});

describe("a tag that is being pushed for the first time", () => {
  test("is read as it stood at the registry before, until the push has found that out and after", async () => {
    registry.write("alpha/app", "1.0", FOREIGN);
    const [asked, answered] = [gate(), gate()];
    let looks = 0;
    upstream.answerWith(async (req, res, seen) => {
      if (req.method === "HEAD" && (looks += 1) === 1) {
        asked.open();
        await answered.opened;
      }
      return registry.handler(req, res, seen);
    });
    const refused = put("1.0", OURS);
    await asked.opened;
    for (const gateway of [0, 1])
      expect((await read("1.0", { gateway })).body.toString()).toBe(FOREIGN);
    expect(await ledger.audited()).toEqual([]);
    answered.open();
    expect((await refused).status).toBe(409);
    expect((await read("1.0")).body.toString()).toBe(FOREIGN);
  });

  test("is read as it stood at the registry before when the push's gateway has died", async () => {
    registry.write("alpha/app", "1.0", FOREIGN);
    await reserve("1.0", OURS);
    for (const method of ["GET", "HEAD"])
      expect((await read("1.0", { method })).headers["docker-content-digest"]).toBe(
        digest(FOREIGN),
      );
    await sql("update ledger.tag set reserved_until = now() - interval '1 second'");
    expect((await read("1.0")).body.toString()).toBe(FOREIGN);
    expect(await ledger.audited()).toEqual([]);
  });

  test("is not there when the registry has nothing, or what nobody has been told is stored", async () => {
    await reserve("1.0", OURS);
    expectUnknown(await read("1.0"));
    registry.write("alpha/app", "1.0", OURS);
    expectUnknown(await read("1.0"));
  });

  test("is not there when the registry has what the push after the one that was seen has stored", async () => {
    await reserve("1.0", OURS);
    upstream.answerWith(async (req, res, seen) => {
      await sql("delete from ledger.tag");
      await reserve("1.0", FOREIGN);
      registry.write("alpha/app", "1.0", FOREIGN);
      return registry.handler(req, res, seen);
    });
    expectUnknown(await read("1.0"));
  });

  test("is read as it was acknowledged when that happened while the registry was asked", async () => {
    registry.write("alpha/app", "1.0", FOREIGN);
    await reserve("1.0", OURS);
    registry.write("alpha/app", "2.0", OURS);
    upstream.answerWith(async (req, res, seen) => {
      // What is asked after the answer is about referrers.
      upstream.answerWith(registry.handler);
      await sql("delete from ledger.tag");
      await adoptTags(ledger.open({ connections: 1 }), REPOSITORY, [
        { tag: parseTag("1.0"), digest: digest(OURS) },
      ]);
      return registry.handler(req, res, seen);
    });
    expect((await read("1.0")).body.toString()).toBe(OURS);
  });

  test("is not said to be unknown when the registry does not answer", async () => {
    await reserve("1.0", OURS);
    upstream.answerWith((req) => {
      req.socket.resetAndDestroy();
    });
    expectUnavailable(await read("1.0"));
  });

  test("is not said to be unknown when one push after the other comes while the registry is asked", async () => {
    let count = 0;
    await reserve("1.0", OURS);
    upstream.answerWith(async (req, res, seen) => {
      registry.write("alpha/app", "1.0", FOREIGN);
      await sql("delete from ledger.tag");
      await reserve("1.0", `{"number":${(count += 1)}}`);
      return registry.handler(req, res, seen);
    });
    expectUnavailable(await read("1.0"));
    expect(count).toBeLessThan(6);
  });
});

describe("latest", () => {
  test("is what was pushed last, not what the registry has under that name", async () => {
    registry.write("alpha/app", "latest", FOREIGN);
    expect((await read("latest")).body.toString()).toBe(FOREIGN);
    await push("2.0", imageText({ number: 2 }));
    await push("1.0", OURS);
    expect((await read("latest", { gateway: 2 })).body.toString()).toBe(OURS);
  });

  test("does not follow a tag that was deleted", async () => {
    await push("1.0", OURS);
    await push("2.0", FOREIGN);
    await sql("update ledger.tag set deleted_at = now(), deleted_by = 'bob' where name = '2.0'");
    expect((await read("latest")).body.toString()).toBe(OURS);
  });
});

describe("while the database is away", () => {
  afterEach(() => relay.mend());

  test("a tag that was read before means what it meant, whatever the registry has", async () => {
    await push("1.0", OURS);
    await read("1.0");
    registry.write("alpha/app", "1.0", FOREIGN);
    await relay.cut();
    for (const method of ["GET", "HEAD"])
      expect((await read("1.0", { method })).headers["docker-content-digest"]).toBe(digest(OURS));
  });

  test("a tag that was read before its first push was acknowledged does not mean what it meant then", async () => {
    registry.write("alpha/app", "1.0", FOREIGN);
    await reserve("1.0", OURS);
    expect((await read("1.0")).body.toString()).toBe(FOREIGN);
    await sql("delete from ledger.tag");
    registry.tags.clear();
    await push("1.0", OURS);
    await relay.cut();
    expect((await read("1.0")).body.toString()).toBe(OURS);
  });

  test("latest that was read before means what it meant; elsewhere it cannot be told", async () => {
    await push("1.0", OURS);
    // What the push told all gateways puts in doubt what was read before it came.
    await eventually("it has come, and latest was read since", async () => {
      await read("latest");
      await relay.cut();
      if ((await read("latest")).status === 200) return true;
      await relay.mend();
      return false;
    });
    expect((await read("latest")).body.toString()).toBe(OURS);
    expectUnavailable(await read("latest", { gateway: 1 }));
  });

  test("a tag that no one read here before is answered as the registry has it", async () => {
    await push("1.0", OURS);
    await relay.cut();
    expect((await read("1.0", { gateway: 1 })).body.toString()).toBe(OURS);
    expect((await read("2.0", { gateway: 1 })).status).toBe(404);
  });

  test("a manifest by digest is served, and a push refused 503 without reaching the registry", async () => {
    await push("1.0", OURS);
    await relay.cut();
    expect((await read(digest(OURS))).body.toString()).toBe(OURS);
    upstream.seen.length = 0;
    expectUnavailable(await put("1.1", OURS));
    expectUnavailable(await put("1.0", OURS));
    expect(upstream.seen).toEqual([]);
  });
});

function newGateway(): Promise<TestGateway> {
  return startGateway({
    registryUrl: upstream.url,
    tokenServerUrl: authority.server.url,
    db: ledger.open({ port: relay.port, connections: 6 }),
    hears: ledger.config,
  });
}

/** A push whose registry has stored the manifest and does not say so before it is told to. */
async function heldPush(tag: string, content: string) {
  const [stored, finish] = [gate(), gate()];
  upstream.answerWith(async (req, res, seen) => {
    if (req.method !== "PUT") return registry.handler(req, res, seen);
    registry.write("alpha/app", tag, content);
    stored.open();
    await finish.opened;
    return registry.handler(req, res, seen);
  });
  const answer = put(tag, content);
  await stored.opened;
  return {
    answer,
    finish: () => {
      finish.open();
    },
  };
}

async function push(tag: string, content: string): Promise<void> {
  expect((await put(tag, content)).status).toBe(201);
}

function put(tag: string, content: string): Promise<Answer> {
  return ask(url(0), `/v2/alpha/app/manifests/${tag}`, {
    method: "PUT",
    body: content,
    headers: { Authorization: bearer, "Content-Type": MEDIA_TYPE },
  });
}

function read(reference: string, { method = "GET", gateway = 0 } = {}): Promise<Answer> {
  const headers = { Authorization: bearer };
  return ask(url(gateway), `/v2/alpha/app/manifests/${reference}`, { method, headers });
}

function url(gateway: number): string {
  return gateways[gateway % gateways.length]?.url ?? "";
}

/** What a push leaves in the ledger whose gateway has not got further, or died. */
async function reserve(tag: string, content: string): Promise<void> {
  const claim = tagPush(content, { tag });
  const options = { leaseSeconds: 60, mutable: false };
  expect(await reserveTag(ledger.open({ connections: 1 }), claim, options)).toBe("new");
}

function digest(content: string): Digest {
  return digestOf(Buffer.from(content));
}

async function sql(statement: string): Promise<void> {
  await ledger.open({ connections: 1 }).query(statement);
}

function expectUnknown(answer: Answer): void {
  expect(answer.status).toBe(404);
  expect(errorOf(answer).code).toBe("MANIFEST_UNKNOWN");
}

function expectUnavailable(answer: Answer): void {
  expect(answer.status).toBe(503);
  expect(answer.headers["retry-after"]).toMatch(/^\d+$/);
  expect(errorOf(answer).code).toBe("UNAVAILABLE");
}
