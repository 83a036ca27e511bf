import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { ALL } from "#tests/support/views.js";
import type { View } from "#access-policy/view.js";
import { SYSTEM } from "#audit-log/entry.js";
import { eventOperations } from "#gateway/api/event-operations.js";
import type { Asked } from "#gateway/api/implement.js";
import type { Batch, Follower } from "#gateway/live/live-feed.js";
import { placeAt, type Head } from "#gateway/live/place.js";
import type { FollowedEvent } from "#gateway/live/sql/committed-events.js";
import { Fault } from "#registry-protocol/faults.js";
import { MARKER } from "#registry-protocol/storage-marker.js";
import { eventually } from "#tests/support/eventually.js";
import { listening } from "#tests/support/test-server.js";

const head: Head = { snapshot: "10:10:", at: "2026-11-29T12:00:00.000000Z" };
const PLACE = placeAt(head);
const sealer = {
  seal: (purpose: string, text: string) => Buffer.from(`${purpose} ${text}`).toString("base64url"),
  open: (purpose: string, sealed: string) => {
    const text = Buffer.from(sealed, "base64url").toString();
    if (text === "broken") throw new TypeError("the seal is broken");
    return text.startsWith(`${purpose} `) ? text.slice(purpose.length + 1) : null;
  },
};

let asked: Partial<Asked>;
let view: View;
let batches: (Batch | null)[];
let ended: string[];
let hasFollowerEnded: boolean;
let failsAtNow: boolean;
let stopping: AbortController;
let url: string;
let stop: () => Promise<void>;
let failures: unknown[];

const follower: Follower = {
  now: () => (failsAtNow ? Promise.reject(new Fault("UNAVAILABLE")) : Promise.resolve(head)),
  isNewest: () => false,
  next: async (_place, signal) => {
    const batch = batches.shift();
    if (batch !== undefined) return batch;
    // Asked again and again it would never end.
    if (signal.aborted) throw new Error("it goes on although it has ended");
    await new Promise((resolve) => {
      signal.addEventListener("abort", resolve, { once: true });
    });
    return null;
  },
  end: () => {
    hasFollowerEnded = true;
  },
};
const [operation] = eventOperations({
  ...{ feed: { follow: () => follower }, sealer, heartbeatMilliseconds: 60_000, keepDays: 7 },
  streams: {
    begin: () =>
      Promise.resolve({ stopping: stopping.signal, end: (reason: string) => ended.push(reason) }),
  },
});

beforeAll(async () => {
  const answer = async (req: IncomingMessage, res: ServerResponse) => {
    const request = {
      ...{ path: {}, query: {}, body: undefined, page: null, view, actor: SYSTEM },
      ...{ validUntil: null, req, res, ...asked },
    };
    await operation?.answer(request as unknown as Asked).catch((error: unknown) => {
      failures.push(error);
      res.destroy();
    });
  };
  const server = createServer((req, res) => void answer(req, res));
  ({ url, stop } = await listening(server));
});
beforeEach(() => {
  [asked, view, hasFollowerEnded, failsAtNow] = [{}, ALL, false, false];
  batches = [];
  ended = [];
  failures = [];
  stopping = new AbortController();
});
afterAll(() => stop());

const event = (id: string, known: Partial<FollowedEvent> = {}): Batch => ({
  events: [
    {
      event: {
        ...{ id, action: "tag.pushed", repository: "alpha/app", tag: "1", digest: null },
        ...{ previousDigest: null, actor: SYSTEM, reason: "", recordedAs: null, at: head.at },
        place: { transaction: "1", at: head.at, id: "0d9c7f8e-5a43-4f0e-9a55-111111111111" },
        ...known,
      } as FollowedEvent,
      place: PLACE,
    },
  ],
  ...{ place: PLACE, isBroken: false },
});

/** Follows until the gateway ends it. @returns ids of the events that were told, after a while in which all were */
async function told(headers: Record<string, string> = {}): Promise<string[]> {
  const answer = await fetch(url, { headers, signal: AbortSignal.timeout(10_000) });
  const text = answer.text();
  await eventually("all batches are taken", () => batches.length === 0, 3_000);
  setImmediate(() => {
    stopping.abort();
  });
  return [...(await text).matchAll(/"id":"(\w+)"/g)].map(([, id = ""]) => id);
}

describe("who follows events", () => {
  test("is told of those in their view that they ask for, and not of the mark of the storage", async () => {
    const all = () => [
      event("one"),
      event("two", { repository: "beta/app" }),
      event("three", { repository: MARKER.repository }),
      event("four", { action: "tag.deleted" as FollowedEvent["action"] }),
    ];
    batches = all();
    expect(await told()).toEqual(["one", "two", "four"]);
    const asking: readonly [object, string[]][] = [
      [{ repository: "beta/app" }, ["two"]],
      [{ team: "alpha" }, ["one", "four"]],
      [{ action: "tag.deleted" }, ["four"]],
    ];
    for (const [query, wanted] of asking) {
      stopping = new AbortController();
      asked = { query } as Partial<Asked>;
      batches = all();
      expect(await told()).toEqual(wanted);
    }
  });

  test("goes on where they were: the id of an event of this registry, or nothing", async () => {
    const id = sealer.seal("events.follow", JSON.stringify(PLACE));
    for (const given of [id, ""]) {
      stopping = new AbortController();
      batches = [event("one")];
      expect(await told({ "Last-Event-ID": given })).toEqual(["one"]);
    }
    expect(failures).toEqual([]);
    for (const given of ["other", sealer.seal("another list", JSON.stringify(PLACE))])
      await expect(fetch(url, { headers: { "Last-Event-ID": given } })).rejects.toThrow();
    expect(failures).toMatchObject(
      ["Last-Event-ID", "Last-Event-ID"].map((name) => ({
        code: "REQUEST_INVALID",
        message: expect.stringContaining(name),
      })),
    );
    expect(ended).toEqual(["stopping", "stopping"]);
  });

  test("is not told that their id is wrong where the fault is ours", async () => {
    const given = Buffer.from("broken").toString("base64url");
    await expect(fetch(url, { headers: { "Last-Event-ID": given } })).rejects.toThrow();
    expect(failures).toEqual([new TypeError("the seal is broken")]);
  });

  test("stays as long as their login lasts, however long that is, and no longer", async () => {
    asked = { validUntil: 4_102_444_800 };
    batches = [event("one"), event("two")];
    expect(await told()).toEqual(["one", "two"]);
    asked = { validUntil: 1 };
    stopping = new AbortController();
    const answer = await fetch(url, { signal: AbortSignal.timeout(3_000) });
    expect(await answer.text()).not.toContain('"id"');
    expect(failures).toEqual([]);
    await eventually("both have ended", () => ended.length === 2, 3_000);
    expect(ended).toEqual(["stopping", "login"]);
  });
});

describe("however it ends, a stream gives its place back", () => {
  const ends = async (reason: string) => {
    await eventually("it has ended", () => ended.length > 0 && hasFollowerEnded, 3_000);
    expect(ended).toEqual([reason]);
  };

  test("of a HEAD", async () => {
    expect((await fetch(url, { method: "HEAD" })).status).toBe(200);
    await ends("client");
  });

  test("by its client", async () => {
    const client = new AbortController();
    const answer = await fetch(url, { signal: client.signal });
    expect(answer.status).toBe(200);
    client.abort();
    await ends("client");
  });

  test("by a ledger that is away", async () => {
    failsAtNow = true;
    await expect(fetch(url)).rejects.toThrow();
    expect(failures).toMatchObject([{ code: "UNAVAILABLE" }]);
    await ends("refused");
  });
});
