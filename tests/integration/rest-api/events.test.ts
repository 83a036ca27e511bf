import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { recordAudit } from "#audit-log/record-audit.js";
import { announcing } from "#gateway/outbox/announcing.js";
import type { Database, Queryable } from "#service-kit/db/pool.js";
import { eventually } from "#tests/support/eventually.js";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { ask } from "#tests/support/http-client.js";
import { happen, happenAll, openStream, type EventStream } from "./support/event-streams.js";
import { expectRecorded } from "./support/recorded.js";
import { jsonOf, putImage, startRestStack, type RestStack } from "./support/stack.js";

const EVENTS = "/api/v1/events";
const audit = announcing(recordAudit, [], () => undefined);

let stack: RestStack;
let db: Database;
let other: TestGateway;
const open: EventStream[] = [];

beforeAll(async () => {
  stack = await startRestStack({ audit, streams: { inAll: 6, perCaller: 3 } });
  ({ db } = stack.ledger);
  other = await startGateway({
    ...{ registryUrl: stack.registryUrl, tokenServerUrl: stack.tokenServerUrl },
    ...{ db: stack.ledger.open(), hears: stack.ledger.config, audit, idleSeconds: 2 },
  });
});
afterEach(async () => {
  for (const stream of open.splice(0)) await stream.close();
});
afterAll(async () => {
  await other.stop();
  await stack.stop();
});

/** As alice, if nothing is said, at the gateway that takes no pushes here. */
async function follow(
  query = "",
  {
    token = "alice-token",
    after,
    at = other,
  }: { token?: string | null; after?: string; at?: Pick<TestGateway, "url"> } = {},
): Promise<EventStream> {
  const stream = await openStream(at.url, `${EVENTS}${query}`, {
    ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
    ...(after === undefined ? {} : { "Last-Event-ID": after }),
  });
  open.push(stream);
  return stream;
}

/** A transaction that goes on until it is told how to end. */
function underWay(work: (tx: Queryable) => Promise<unknown>) {
  let end: (how: "commit" | "roll back") => void = () => undefined;
  const ending = new Promise<string>((resolve) => (end = resolve));
  let hasWritten: () => void = () => undefined;
  const written = new Promise<void>((resolve) => (hasWritten = resolve));
  const done = db
    .transaction(async (tx) => {
      await work(tx);
      hasWritten();
      if ((await ending) !== "commit") throw new Error("rolled back");
    })
    .catch(() => undefined);
  return {
    written,
    end: async (how: "commit" | "roll back") => {
      end(how);
      await done;
    },
  };
}

describe("a stream of events", () => {
  test("tells of pushes, deletions and locks, and of nothing else", async () => {
    const stream = await follow();
    await stream.caughtUp();
    const repository = "alpha/app";
    await happenAll(
      db,
      { repository },
      { repository, action: "tag.refused" },
      { repository, action: "tag.locked" },
      { repository, action: "tag.drifted" },
      { repository, action: "tag.deleted" },
    );
    await stream.events(3);
    expect(stream.told()).toEqual([
      `push ${repository}`,
      `lock ${repository}`,
      `delete ${repository}`,
    ]);
    expectRecorded("events.follow", {
      ...{ status: stream.status, headers: stream.headers },
      body: Buffer.from(stream.text()),
    });
    const [first] = stream.frames.filter(({ data }) => data !== null);
    expect(first?.data).toMatchObject({
      ...{ action: "push", recordedAs: "tag.pushed", repository, tag: "1.0", reason: "stored" },
      by: { uid: "alice", realm: "/employees", kind: "oauth2" },
    });
    expect(Object.keys(first?.data?.["by"] as object)).toEqual(["uid", "realm", "kind"]);
  });

  test("has the headers that keep anybody from buffering or keeping it", async () => {
    const { status, headers } = await follow();
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      "content-type": "text/event-stream",
      "cache-control": "no-store, no-transform",
      "x-accel-buffering": "no",
    });
  });

  test("tells of a lock that another gateway has taken", async () => {
    await putImage(stack.ledger, "alpha/locked", "1.0", "one");
    const stream = await follow("?repository=alpha/locked");
    await stream.caughtUp();
    const locked = await stack.rest("/repositories/alpha/locked/tags/1.0/lock", { method: "PUT" });
    expect(locked.status).toBe(200);
    await stream.events(1);
    expect(stream.told()).toEqual(["lock alpha/locked"]);
  });

  test("tells of a push through another gateway, once", async () => {
    const stream = await follow("?repository=alpha/pushed");
    await stream.caughtUp();
    const manifest = JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: [] });
    const token = await tokenFor("repository:alpha/pushed:pull,push");
    const pushed = await ask(stack.gateway.url, "/v2/alpha/pushed/manifests/1.0", {
      ...{ method: "PUT", body: manifest },
      headers: { Authorization: `Bearer ${token}`, "Content-Type": INDEX },
    });
    expect(pushed.status).toBe(201);
    await stream.events(1);
    await happenAll(db, { repository: "alpha/pushed", tag: "2.0" });
    await stream.events(2);
    expect(stream.frames.map(({ data }) => data?.["tag"]).filter(Boolean)).toEqual(["1.0", "2.0"]);
  });

  test("tells nothing before it is committed, and nothing that was rolled back", async () => {
    const stream = await follow("?team=order");
    await stream.caughtUp();
    const slow = underWay((tx) => happen(tx, { repository: "order/slow" }));
    const vain = underWay((tx) => happen(tx, { repository: "order/vain" }));
    await Promise.all([slow.written, vain.written]);
    await happenAll(db, { repository: "order/fast" });
    await stream.events(1);
    await vain.end("roll back");
    const after = stream.place();
    await slow.end("commit");
    await stream.events(2);
    expect(stream.told()).toEqual(["push order/fast", "push order/slow"]);
    // Who left before it was committed is told of it, although it was written earlier.
    const again = await follow("?team=order", { after });
    await again.caughtUp();
    expect(again.told()).toEqual(["push order/slow"]);
  });

  test("goes on behind any of its events, whichever gateway is asked, and whatever came to light since", async () => {
    const first = await follow("?team=resumed");
    await first.caughtUp();
    const start = first.place();
    const names = Array.from({ length: 450 }, (_, i) => `resumed/r${String(i).padStart(3, "0")}`);
    const early = underWay((tx) => happen(tx, { repository: "resumed/early" }));
    await early.written;
    await db.transaction(async (tx) => {
      for (const repository of names) await happen(tx, { repository });
    });
    await first.events(names.length);
    expect(first.told()).toEqual(names.map((name) => `push ${name}`));
    const placeOf = (name: string) =>
      first.frames.find(({ data }) => data?.["repository"] === name)?.id ?? "";
    await early.end("commit");
    for (const [from, at] of [
      ["resumed/r000", stack.gateway],
      ["resumed/r299", other],
      ["resumed/r449", stack.gateway],
    ] as const) {
      const again = await follow("?team=resumed", { after: placeOf(from), at });
      await again.caughtUp();
      expect(again.told()).toEqual([
        ...names.slice(names.indexOf(from) + 1).map((name) => `push ${name}`),
        "push resumed/early",
      ]);
      await again.close();
    }
    const all = await follow("?team=resumed", { after: start });
    await all.caughtUp();
    expect(new Set(all.told())).toEqual(
      new Set(["push resumed/early", ...names.map((name) => `push ${name}`)]),
    );
  });

  test("says where one is while nothing happens, before a connection counts as idle", async () => {
    const stream = await follow("?repository=alpha/quiet");
    await eventually("it has said thrice that it is there", () => {
      const said = stream.frames.filter(({ comment }) => comment === ": still here");
      return said.length >= 3 && said.every(({ id }) => id !== null);
    });
    expect(stream.isOver()).toBe(false);
  });

  test.each([
    ["a repository", "?repository=alpha/one", ["push alpha/one", "delete alpha/one"]],
    ["a team", "?team=alpha", ["push alpha/one", "delete alpha/one", "push alpha/two"]],
    ["an action", "?team=alpha&action=delete", ["delete alpha/one"]],
  ])("can be narrowed down to %s", async (_what, query, wanted) => {
    const stream = await follow(query);
    await stream.caughtUp();
    await happenAll(
      db,
      { repository: "alpha/one" },
      { repository: "alpha-2/one" },
      { repository: "alpha/one", action: "tag.deleted" },
      { repository: "alpha/two" },
    );
    await stream.events(wanted.length);
    expect(stream.told()).toEqual(wanted);
  });

  test("shows nothing of what may not be pulled, and looks alike for what there is not", async () => {
    const [hidden, never] = await Promise.all([
      follow("?repository=hidden/app"),
      follow("?repository=hidden/nap"),
    ]);
    const all = await follow();
    await all.caughtUp();
    await happenAll(db, { repository: "hidden/app" }, { repository: "alpha/seen" });
    await all.events(1);
    expect(all.told()).toEqual(["push alpha/seen"]);
    for (const stream of [hidden, never]) expect([stream.status, stream.told()]).toEqual([200, []]);
  });

  test("is read by nobody in particular, of what is public", async () => {
    const stream = await follow("", { token: null });
    await stream.caughtUp();
    await happenAll(db, { repository: "alpha/own" }, { repository: "public/base" });
    await stream.events(1);
    expect(stream.told()).toEqual(["push public/base"]);
  });
});

describe("a stream of events is refused", () => {
  test.each([
    ["a place that it never named", "?", { "Last-Event-ID": "7" }, 400],
    ["a parameter that there is not", "?repo=alpha/app", {}, 400],
    ["a login that is none", "?", { Authorization: "Bearer nobody" }, 401],
  ])("for %s", async (_what, query, headers, status) => {
    const answer = await ask(other.url, `${EVENTS}${query}`, {
      headers: { Authorization: "Bearer alice-token", ...headers },
    });
    expect([answer.status, answer.headers["content-type"]]).toEqual([
      status,
      "application/problem+json",
    ]);
  });

  test("to whoever follows as many as one may, and to anybody past as many as there are", async () => {
    const at = stack.gateway;
    const gatewayEvents = (token: string) =>
      ask(at.url, EVENTS, { headers: { Authorization: `Bearer ${token}` } });
    const own = await Promise.all([1, 2, 3].map(() => follow("", { at })));
    expect((await gatewayEvents("alice-token")).status).toBe(429);
    await Promise.all([1, 2, 3].map(() => follow("", { at, token: "bob-token" })));
    const answer = await ask(at.url, EVENTS);
    expect([answer.status, answer.headers["retry-after"]]).toEqual([503, expect.anything()]);
    await own[0]?.close();
    await eventually("there is room again", async () => {
      const stream = await follow("", { at });
      return stream.status === 200;
    });
    expect(await at.metrics()).toMatch(/^live_streams 6$/m);
    expect(await at.metrics()).toMatch(/^live_streams_ended_total\{reason="refused"\} 2$/m);
  });

  test("as a stream, to whoever asks for its head alone", async () => {
    const answer = await ask(other.url, EVENTS, {
      ...{ method: "HEAD", headers: { Authorization: "Bearer alice-token" } },
    });
    expect([answer.status, answer.headers["content-type"]]).toEqual([200, "text/event-stream"]);
  });
});

describe("whoever was away for long is told that something may be missing", () => {
  test("since it was not kept", async () => {
    const stream = await follow();
    await stream.caughtUp();
    const after = stream.place();
    const forgetful = await startGateway({
      ...{ registryUrl: stack.registryUrl, tokenServerUrl: stack.tokenServerUrl },
      ...{ db: stack.ledger.open(), hears: stack.ledger.config, eventKeepDays: 0 },
    });
    try {
      const again = await follow("", { after, at: forgetful });
      await again.caughtUp();
      expect(again.frames[1]).toMatchObject({ name: "missed", data: { reason: "forgotten" } });
    } finally {
      await forgetful.stop();
    }
  });
});

const INDEX = "application/vnd.oci.image.index.v1+json";

async function tokenFor(scope: string): Promise<string> {
  const query = new URLSearchParams({ service: "wharfinger", scope });
  const basic = Buffer.from("oauth2:alice-token").toString("base64");
  const answer = await ask(stack.gateway.url, `/token?${query.toString()}`, {
    headers: { Authorization: `Basic ${basic}` },
  });
  return (jsonOf(answer) as { token: string }).token;
}
