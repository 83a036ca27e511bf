import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { AuditEntry } from "#audit-log/entry.js";
import { asText } from "#audit-log/commands/show-entries.js";
import { newestEntries } from "#audit-log/list-entries.js";
import type { EntryRow } from "#audit-log/sql/entries.js";
import { startTestTokenServer, type TestTokenServer } from "#tests/support/token-server.js";

let server: TestTokenServer;
beforeAll(async () => {
  server = await startTestTokenServer();
});
afterAll(() => server.stop());

const EVERYTHING = {
  ...{ since: new Date(0), until: new Date("9999-12-31") },
  ...{ repository: null, action: null, actor: null, tag: null, digest: null },
};

async function logIn(client: string, userAgent: string): Promise<number> {
  const id = encodeURIComponent(client);
  const { status } = await server.http
    .get(`/token?service=wharfinger&offline_token=true&client_id=${id}`)
    .set("User-Agent", userAgent)
    .auth("oauth2", "alice-token");
  await server.tally.flush();
  return status;
}

async function entriesOf(actor: string | null): Promise<EntryRow[]> {
  return newestEntries(server.db, { ...EVERYTHING, actor }, { limit: 100 });
}

const contentOf = ({ content }: EntryRow) => JSON.parse(content) as AuditEntry;

describe("what a client calls itself", () => {
  test.each([
    ["an actor of its own", '","uid":"mallory","realm":"/employees'],
    ["an actor, and where from", '{"actor":{"uid":"mallory","address":"192.0.2.9"}}'],
    ["text that runs the other way", "docker\u202eyrollam"],
    ["what shows nothing", "mal\u200blory"],
  ])("makes nobody else the one who did it: %s", async (_what, forged) => {
    expect(await logIn(forged, "docker/28")).toBe(200);
    const [newest] = await entriesOf("alice");
    expect(newest).toBeDefined();
    if (newest === undefined) return;
    const { actor, action } = contentOf(newest);
    expect([actor.uid, action]).toEqual(["alice", "token.created"]);
    expect(await entriesOf("mallory")).toEqual([]);
    const line = asText(newest);
    expect(line).toMatch(/token\.created by alice \(\/employees, oauth2\) from /);
    expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  });

  test("is refused where it would begin a line of its own, and is nowhere on record", async () => {
    const before = (await entriesOf(null)).length;
    const forged = "docker\n2026-11-20T22:45:23Z tag.pushed alpha/app by mallory";
    expect(await logIn(forged, "docker/28")).toBe(400);
    expect(await entriesOf(null)).toHaveLength(before);
  });

  test("says nothing of what it was let by: what a token says of that is signed", async () => {
    await logIn('{"grant":{"rule":"mine"}}', '"grant":{"rule":"mine"}');
    for (const row of await entriesOf("alice")) expect(contentOf(row).actor.grant).toBeUndefined();
  });
});

describe("who does the same under hundreds of names of programs", () => {
  test("is a few entries under one name, and hides nobody", async () => {
    const countOf = async (actor: string) => (await entriesOf(actor)).length;
    const before = [await countOf("bob"), await countOf("alice")] as const;
    for (let i = 0; i < 200; i += 1)
      await server.http
        .get(`/token?service=wharfinger&offline_token=true&client_id=program-${i}`)
        .set("User-Agent", `program/${i}`)
        .auth("oauth2", "bob-token");
    await server.http
      .get("/token?service=wharfinger&offline_token=true&client_id=docker")
      .auth("oauth2", "alice-token");
    await server.tally.flush();
    expect((await countOf("bob")) - before[0]).toBeLessThanOrEqual(22);
    expect((await countOf("alice")) - before[1]).toBe(1);
    const [others] = await entriesOf("alice");
    expect(others && contentOf(others).action).toBe("token.created");
  });
});
