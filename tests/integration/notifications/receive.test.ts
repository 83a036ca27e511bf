import { randomBytes, randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { MAX_ENVELOPE_BYTES } from "#gateway/notifications/receive.js";
import { ownRequestMark } from "#gateway/upstream/own-requests.js";
import type { Database } from "#service-kit/db/pool.js";
import { Secret } from "#service-kit/secret.js";
import { NOTIFICATION_SECRET, startGateway, type TestGateway } from "#tests/support/gateway.js";
import { ask, errorOf, rawExchange, type Answer } from "#tests/support/http-client.js";
import { createLedger, type TestLedger } from "#tests/support/ledger.js";
import { startTestPostgres, type TestPostgres } from "#tests/support/postgres.js";
import { startRelay, type TcpRelay } from "#tests/support/tcp-relay.js";

const DIGEST = `sha256:${"a".repeat(64)}`;
const NOWHERE = "http://127.0.0.1:9";

let postgres: TestPostgres;
let ledger: TestLedger;
let relay: TcpRelay;
let db: Database;
let gateway: TestGateway;

beforeAll(async () => {
  postgres = await startTestPostgres();
  ledger = await createLedger(postgres);
  relay = await startRelay(postgres.login.port);
  db = ledger.open();
  gateway = await startGateway({
    registryUrl: NOWHERE,
    tokenServerUrl: NOWHERE,
    db: ledger.open({ port: relay.port }),
  });
});
beforeEach(() => ledger.clear());
afterAll(async () => {
  await gateway.stop();
  await ledger.close();
  await relay.cut();
  await postgres.stop();
});

describe("a notification with the secret", () => {
  test("is answered when its events are in the database", async () => {
    const before = await counted('registry_notifications_total{action="push"}');
    const answer = await notify({ events: [push("a"), push("b")] });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body.toString())).toEqual({ received: 2 });
    expect(await kept()).toEqual(["a", "b"]);
    expect(await counted('registry_notifications_total{action="push"}')).toBe(before + 2);
  });

  test("that comes again is kept once and counted as repeated", async () => {
    const before = await counted("registry_notifications_duplicate_total");
    for (const events of [[push("a")], [push("a"), push("b"), push("b")]])
      expect((await notify({ events })).status).toBe(200);
    expect(await kept()).toEqual(["a", "b"]);
    expect(await counted("registry_notifications_duplicate_total")).toBe(before + 2);
  });

  test("keeps what nobody knows, also what Postgres would refuse as text", async () => {
    const event = { ...push("a"), later: { deep: ["\u0000", "\ud800", 1.5] } };
    expect((await notify({ events: [event] })).status).toBe(200);
    const { rows } = await db.query<{ content: string }>(
      "select content::text as content from ledger.notification",
    );
    expect(JSON.parse(rows[0]?.content ?? "")).toEqual(event);
  });

  test("of an action that nobody knows is kept and counted as other", async () => {
    const before = await counted('registry_notifications_total{action="other"}');
    await notify({ events: [{ id: "a", action: "explode" }] });
    expect(await kept()).toEqual(["a"]);
    expect(await counted('registry_notifications_total{action="other"}')).toBe(before + 1);
    expect(await gateway.metrics()).not.toContain("explode");
  });

  test.each([
    "nonsense",
    "{}",
    "",
    '{"events":[{}]}',
    '{"events":[{"id":"a\\u0000","action":"x"}]}',
  ])("that cannot be understood is accepted and kept as a dead letter: %s", async (body) => {
    const before = await counted("registry_notifications_dead_total");
    expect((await send(body)).status).toBe(200);
    expect(await deadLetters()).toHaveLength(1);
    expect(await counted("registry_notifications_dead_total")).toBe(before + 1);
  });

  test("of which a part can be understood loses nothing of the rest", async () => {
    const events = JSON.stringify([push("a"), { nothing: "good" }, push("b")]);
    const body = `{ "later": 12345678901234567891, "events": ${events} }\n`;
    expect((await send(body)).status).toBe(200);
    expect(await kept()).toEqual(["a", "b"]);
    expect((await deadLetters()).map(({ content }) => content)).toEqual([body]);
  });

  test("that is too large is accepted, and its beginning and its size are kept", async () => {
    const size = MAX_ENVELOPE_BYTES + 1;
    const answer = await send("x".repeat(size));
    expect(answer.status).toBe(200);
    expect(answer.headers.connection).not.toBe("close");
    const [letter] = await deadLetters();
    expect(letter).toMatchObject({ size: String(size), content: "x".repeat(64 * 1024) });
  });

  test("that has no end is accepted too, and its connection closed", async () => {
    const answer = await send("x".repeat(64 * 1024 * 1024 + 1_000_000));
    expect(answer.status).toBe(200);
    expect(answer.headers.connection).toBe("close");
    expect(await deadLetters()).toHaveLength(1);
  });

  test("waits for 100 Continue and gets it", async () => {
    const body = JSON.stringify({ events: [push("a")] });
    const head = [
      "POST /hooks/registry HTTP/1.1",
      "Host: a",
      `Authorization: Bearer ${NOTIFICATION_SECRET}`,
      "Expect: 100-continue",
      "Connection: close",
      `Content-Length: ${body.length}`,
    ].join("\r\n");
    const text = await rawExchange(gateway.hooks.port, `${head}\r\n\r\n${body}`);
    expect(text).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/);
  });

  test("about pulls through a gateway, or that fetched nothing, is not kept", async () => {
    const mark = ownRequestMark(new Secret(NOTIFICATION_SECRET));
    const before = await counted("registry_notifications_skipped_total");
    const events = [
      pull("a", { useragent: `docker/28 ${mark}` }),
      pull("b", { useragent: mark }),
      pull("c", { method: "HEAD" }),
      pull("d", { useragent: `${mark} and more` }),
    ];
    expect((await notify({ events })).status).toBe(200);
    expect(await kept()).toEqual(["d"]);
    expect(await counted("registry_notifications_skipped_total")).toBe(before + 3);
  });

  test("is answered 503 while Postgres is away, and kept when it comes again", async () => {
    const before = await counted('registry_notifications_total{action="push"}');
    await relay.cut();
    const answer = await notify({ events: [push("a")] });
    expect(answer.status).toBe(503);
    expect(answer.headers["retry-after"]).toMatch(/^\d+$/);
    await relay.mend();
    expect((await notify({ events: [push("a")] })).status).toBe(200);
    expect(await kept()).toEqual(["a"]);
    expect(await counted('registry_notifications_total{action="push"}')).toBe(before + 1);
  });
});

describe("a notification without the secret", () => {
  test.each(["", "Bearer wrong", `Basic ${NOTIFICATION_SECRET}`, `Bearer ${NOTIFICATION_SECRET}x`])(
    "is refused and not kept: %s",
    async (authorization) => {
      const answer = await send(JSON.stringify({ events: [push("a")] }), authorization);
      expect(answer.status).toBe(401);
      expect(errorOf(answer).code).toBe("UNAUTHORIZED");
      expect(await kept()).toEqual([]);
    },
  );

  test("is refused before anything of its body came", async () => {
    const head = "POST /hooks/registry HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000";
    const text = await rawExchange(
      gateway.hooks.port,
      `${head}\r\nExpect: 100-continue\r\n\r\n`,
      true,
    );
    expect(text).toMatch(/^HTTP\/1\.1 401 /);
  });
});

describe("whatever bytes arrive", () => {
  const values = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.string({ unit: "binary" }),
      fc.double(),
      fc.constantFrom(null, true, "", "\0", "push", "pull", "alpha/app"),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(
        fc.constantFrom("id", "action", "target", "request", "actor", "tag", "repository", "name"),
        tie("value"),
      ),
    ),
  })).value;
  const bodies = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc.array(values).map((events) => Buffer.from(JSON.stringify({ events }))),
    fc
      .record({ id: fc.string({ unit: "binary" }), action: fc.string(), target: values })
      .map((event) =>
        Buffer.from(JSON.stringify({ events: [event, { ...push(randomUUID()), later: event }] })),
      ),
  );

  test("the answer is 200 with the secret and 401 without", async () => {
    await fc.assert(
      fc.asyncProperty(bodies, fc.boolean(), async (body, authentic) => {
        const answer = await send(body, authentic ? undefined : "Bearer of bad news");
        expect(answer.status).toBe(authentic ? 200 : 401);
      }),
      { numRuns: 300 },
    );
  });

  test("random kilobytes harm nobody", async () => {
    for (const size of [1, 1_000, 100_000])
      expect((await send(randomBytes(size))).status).toBe(200);
    expect(await deadLetters()).toHaveLength(3);
  });
});

function push(id: string) {
  const target = { repository: "alpha/app", tag: "1.0", digest: DIGEST };
  return { id, action: "push", target, request: { method: "PUT" } };
}

function pull(id: string, request: object) {
  return { ...push(id), action: "pull", request: { method: "GET", useragent: "curl", ...request } };
}

function notify(envelope: unknown): Promise<Answer> {
  return send(JSON.stringify(envelope));
}

function send(
  body: string | Uint8Array,
  authorization = `Bearer ${NOTIFICATION_SECRET}`,
): Promise<Answer> {
  const headers = {
    Authorization: authorization,
    "Content-Type": "application/vnd.docker.distribution.events.v1+json",
    Connection: "keep-alive",
  };
  return ask(gateway.hooks.url, "/hooks/registry", { method: "POST", headers, body });
}

async function kept(): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>("select id from ledger.notification order by id");
  return rows.map(({ id }) => id);
}

async function deadLetters(): Promise<{ size: string; content: string }[]> {
  const { rows } = await db.query<{ size: string; content: Buffer }>(
    "select size, content from ledger.dead_notification order by id",
  );
  return rows.map(({ size, content }) => ({ size, content: content.toString() }));
}

async function counted(metric: string): Promise<number> {
  const lines = (await gateway.metrics()).split("\n");
  const line = lines.find((one) => one.startsWith(`${metric} `));
  return Number(line?.split(" ")[1] ?? 0);
}
