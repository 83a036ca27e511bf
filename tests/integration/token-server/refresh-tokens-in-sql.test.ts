import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { listRefreshTokens } from "#token-server/refresh-tokens/list.js";
import {
  endOldest,
  endRefreshToken,
  findRefreshToken,
  forgetEnded,
  forgetRefreshTokens,
  insertRefreshToken,
  noteUse,
  revokeAllRefreshTokens,
  revokeRefreshToken,
} from "#token-server/refresh-tokens/sql.js";
import { startTestTokenServer, type TestTokenServer } from "#tests/support/token-server.js";

const HOUR = 3_600_000;
const ALICE = { kind: "oauth2", realm: "/employees", uid: "alice" };
const USE = {
  ...{ kind: "oauth2", address: "192.0.2.1", clientId: "docker", program: "docker" },
  validUntil: null,
};

let server: TestTokenServer;
beforeAll(async () => {
  server = await startTestTokenServer();
});
beforeEach(() => server.db.query("delete from token_server.refresh_token"));
afterAll(() => server.stop());

interface State {
  readonly hours?: number;
  readonly revoked?: boolean;
  readonly client?: string;
  readonly owner?: typeof ALICE;
}

/** @returns id of a token that is made now, younger than all before */
async function given(state: State = {}): Promise<string> {
  const { hours = 1, revoked = false, client = "docker", owner = ALICE } = state;
  const id = randomUUID();
  await insertRefreshToken(server.db, {
    ...{ ...owner, id, tokenHash: Buffer.from(id), sealedLogin: Buffer.alloc(1) },
    ...{ clientId: client, service: "s", lifetimeSeconds: hours * 3_600, validUntil: null },
  });
  if (revoked)
    await server.db.query(
      "update token_server.refresh_token set revoked_at = '2020-01-01' where id = $1",
      [id],
    );
  return id;
}

async function read(id: string) {
  const found = await findRefreshToken(server.db, Buffer.from(id));
  if (found === null) throw new Error("no such token");
  return found;
}

/** Of some tokens, those that were ended today. */
async function ended(ids: readonly string[]): Promise<string[]> {
  const found = await Promise.all(ids.map(read));
  return found
    .filter(({ revokedAt }) => (revokedAt?.getTime() ?? 0) > Date.now() - HOUR)
    .map(({ id }) => id);
}

test("a token is forgotten a week after it ended, and not before", async () => {
  const kept = [await given(), await given({ hours: -1 }), await given({ hours: -7 * 24 + 1 })];
  const gone = [await given({ hours: -7 * 24 - 1 }), await given({ revoked: true })];
  await forgetRefreshTokens(server.db);
  expect(await Promise.all(kept.map(async (id) => (await read(id)).id))).toEqual(kept);
  for (const id of gone) await expect(read(id)).rejects.toThrow("no such token");
});

const OTHERS = [
  { ...ALICE, kind: "oidc" },
  { ...ALICE, realm: "/customers" },
  { ...ALICE, uid: "bob" },
];

describe("bounds of refresh tokens", () => {
  test("end the oldest of a client, and count none that is over", async () => {
    const own = [await given(), await given(), await given()];
    const over = [await given({ revoked: true }), await given({ hours: -1 })];
    const most = { perClient: 2, perIdentity: 9 };
    expect(await endOldest(server.db, ALICE, most)).toBe(1);
    expect(await ended([...own, ...over])).toEqual(own.slice(0, 1));
  });

  test("end the oldest of all clients together", async () => {
    const own = [await given({ client: "a" }), await given({ client: "b" }), await given()];
    expect(await endOldest(server.db, ALICE, { perClient: 2, perIdentity: 2 })).toBe(1);
    expect(await ended(own)).toEqual(own.slice(0, 1));
  });

  test("count versions of a program as one", async () => {
    const versions = ["regclient/regctl (v0.8.0)", "regclient/regctl (v0.8.1)", "regclient/regctl"];
    const own = [];
    for (const client of versions) own.push(await given({ client }));
    expect(await endOldest(server.db, ALICE, { perClient: 2, perIdentity: 9 })).toBe(1);
    expect(await ended(own)).toEqual(own.slice(0, 1));
  });

  test.each([
    ["of one client", { perClient: 4, perIdentity: 99 }, () => "docker"],
    ["of ever new clients", { perClient: 99, perIdentity: 4 }, (at: number) => `tool-${at}`],
  ])(
    "let many logins %s, which nobody comes back to, push out no more than half of those in use",
    async (_what, most, client) => {
      const inUse = [await given(), await given(), await given()];
      await server.db.query(
        `update token_server.refresh_token
         set created_at = now() - interval '3 days', last_used_at = now() - interval '1 hour'`,
      );
      for (let at = 0; at < 20; at += 1) {
        const made = await given({ client: client(at) });
        await endOldest(server.db, ALICE, most);
        // Whoever has just logged in is logged in.
        expect(await ended([made])).toEqual([]);
      }
      expect(await ended(inUse)).toHaveLength(1);
    },
  );

  test("leave of those that are over no more than so many, the youngest", async () => {
    const living = await given();
    const over = [await given({ revoked: true }), await given({ hours: -1 })];
    const others = await Promise.all(OTHERS.map((owner) => given({ owner, revoked: true })));
    over.push(await given({ revoked: true }));
    await forgetEnded(server.db, ALICE, 2);
    const { rows } = await server.db.query<{ id: string }>(
      "select id from token_server.refresh_token",
    );
    const kept = rows.map(({ id }) => id);
    expect(kept.sort()).toEqual([living, ...over.slice(1), ...others].sort());
  });

  test("end and count nobody else's", async () => {
    const own = await given();
    const others = [];
    for (const owner of OTHERS) others.push(await given({ owner }), await given({ owner }));
    expect(await endOldest(server.db, ALICE, { perClient: 1, perIdentity: 1 })).toBe(0);
    expect(await ended([own, ...others])).toEqual([]);
  });
});

test("an owner's list has their own that live, and no others", async () => {
  const own = [await given(), await given()];
  await given({ revoked: true });
  await given({ hours: -1 });
  const listed = async (owner: typeof ALICE) => {
    const page = await listRefreshTokens(server.db, owner, { limit: 10, after: null });
    return page.refreshTokens.map(({ id }) => id);
  };
  for (const owner of OTHERS) {
    const theirs = await given({ owner });
    expect(await listed(owner)).toEqual([theirs]);
  }
  expect(await listed(ALICE)).toEqual(own.toReversed());
});

describe("the use of a refresh token", () => {
  test("is noted of a living one, and of that alone", async () => {
    const [used, other] = [await given(), await given()];
    const validUntil = new Date(Date.now() + HOUR / 2);
    expect(await noteUse(server.db, used, { ...USE, validUntil })).toBe(true);
    expect((await read(used)).expiresAt).toEqual(validUntil);
    expect((await read(other)).expiresAt.getTime()).toBeGreaterThan(validUntil.getTime());
    const { rows } = await server.db.query<{ id: string }>(
      "select id from token_server.refresh_token where last_used_at is not null",
    );
    expect(rows).toEqual([{ id: used }]);
  });

  test("does not put its end off", async () => {
    const id = await given();
    const { expiresAt } = await read(id);
    await noteUse(server.db, id, { ...USE, validUntil: new Date(Date.now() + 9 * HOUR) });
    expect((await read(id)).expiresAt).toEqual(expiresAt);
  });

  test.each([
    ["was ended", { revoked: true }],
    ["is over", { hours: -1 }],
  ])("is none of one that %s", async (_what, state) => {
    expect(await noteUse(server.db, await given(state), USE)).toBe(false);
  });
});

describe("whoever ends", () => {
  test("one, ends it once, and their own", async () => {
    const [id, other] = [await given(), await given()];
    for (const owner of OTHERS) expect(await revokeRefreshToken(server.db, owner, id)).toBe(false);
    expect(await revokeRefreshToken(server.db, ALICE, id)).toBe(true);
    expect(await revokeRefreshToken(server.db, ALICE, id)).toBe(false);
    expect(await ended([id, other])).toEqual([id]);
  });

  test("all, ends their own that live", async () => {
    const own = [await given(), await given()];
    const over = [await given({ revoked: true }), await given({ hours: -1 })];
    const others = await Promise.all(OTHERS.map((owner) => given({ owner })));
    expect(await revokeAllRefreshTokens(server.db, ALICE)).toBe(2);
    expect(await ended([...own, ...over, ...others])).toEqual(own);
  });

  test("one whose login is no longer good, ends that one, unless it was ended before", async () => {
    const [id, other, before] = [await given(), await given(), await given({ revoked: true })];
    await endRefreshToken(server.db, id, "other-owner");
    await endRefreshToken(server.db, before, "other-owner");
    expect(await ended([id, other, before])).toEqual([id]);
  });
});
