import { createServer, type Server } from "node:http";
import { hash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { knownKeys } from "#gateway/proxy/known-keys.js";
import { longViews } from "#gateway/proxy/long-views.js";
import { viewOfCaller } from "#gateway/proxy/catalog.js";
import { packView } from "#token-server/token/pack-view.js";
import { listening } from "#tests/support/test-server.js";
import { ALL } from "#tests/support/views.js";

/** A token server that answers whatever it is asked for so. */
let answer: { status: number; body: unknown };
let url: string;
let stop: () => Promise<void>;
beforeAll(async () => {
  const server: Server = createServer((_req, res) => {
    res.writeHead(answer.status, { "Content-Type": "application/json" });
    res.end(JSON.stringify(answer.body));
  });
  ({ url, stop } = await listening(server));
});
afterAll(() => stop());

const long = { ...ALL, values: { team: Array.from({ length: 500 }, (_, i) => `team-${i}`) } };
const packed = packView(long) as string;

describe("a view that has no room in a token", () => {
  const find = (content: string, digest = hash("sha256", content, "hex"), status = 200) => {
    answer = { status, body: { view: content } };
    return longViews([url], () => ({})).find(digest);
  };

  test("is had from the token server, by its digest", async () => {
    expect(await find(packed)).toEqual(long);
  });

  test.each([
    ["is another one", packed, hash("sha256", "other", "hex"), 200],
    ["comes with another status", packed, undefined, 404],
    ["is none, whatever its digest", "no view", undefined, 200],
  ])("is not known where what comes %s", async (_what, content, digest, status) => {
    await expect(find(content, digest, status)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });
});

describe("what somebody may pull", () => {
  const views = longViews([], () => ({}));
  const seenBy = (view: Parameters<typeof viewOfCaller>[0]["view"]) =>
    viewOfCaller({ view }, views);

  test("is what their token says", async () => {
    expect(await seenBy(ALL)).toBe(ALL);
  });

  test("is not known of a token for something else, and of one without room for it that nobody keeps", async () => {
    await expect(seenBy("not-told")).rejects.toMatchObject({
      message: "what you may pull is not known, try again",
    });
    await expect(seenBy("too-long")).rejects.toMatchObject({
      message: expect.stringContaining("more patterns than are kept"),
    });
  });
});

describe("keys of the token server", () => {
  const keys = () =>
    knownKeys([new URL(url)], {
      ...{ maxAgeSeconds: 60, now: () => 0, onTime: () => undefined, introduce: () => ({}) },
    });

  test("are what it says with 200, and with no other status", async () => {
    answer = { status: 200, body: { keys: [{ kid: "one", kty: "EC" }] } };
    const known = keys();
    expect(known.had()).toBe(false);
    await known.refresh();
    expect([known.had(), known.has("one"), known.has("two")]).toEqual([true, true, false]);
    answer = { ...answer, status: 404 };
    const others = keys();
    await others.refresh().catch(() => undefined);
    expect([others.had(), others.has("one")]).toEqual([false, false]);
  });
});
