import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Database } from "#service-kit/db/pool.js";
import { eventually } from "#tests/support/eventually.js";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { createLedger, type TestLedger } from "#tests/support/ledger.js";
import { startTestPostgres, type TestPostgres } from "#tests/support/postgres.js";
import { startTokenAuthority, type TokenAuthority } from "#tests/support/token-authority.js";
import { startUpstream, type UpstreamDouble } from "#tests/support/upstream-double.js";

const ACCESS = { type: "repository", name: "alpha/app", actions: ["pull", "push"] } as const;
/** Longer ago than the leeway that the gateway gives to clocks. */
const EXPIRED = { expiresIn: -120 };

let postgres: TestPostgres;
let ledger: TestLedger;
let db: Database;
let authority: TokenAuthority;
let registry: UpstreamDouble;
let gateway: TestGateway;
/** On the same ledger; it has seen no upload itself. */
let other: TestGateway;
let sessions = 0;

beforeAll(async () => {
  [postgres, authority] = await Promise.all([startTestPostgres(), startTokenAuthority()]);
  ledger = await createLedger(postgres);
  db = ledger.open();
  registry = await startUpstream((req, res) => {
    req.resume();
    const starts = req.method === "POST";
    if (starts) sessions += 1;
    const location = `/v2/alpha/app/blobs/uploads/session-${sessions}?_state=x`;
    res.writeHead(req.method === "PUT" ? 201 : 202, { location }).end();
  });
  const options = { registryUrl: registry.url, tokenServerUrl: authority.server.url };
  gateway = await startGateway({ db, ...options });
  other = await startGateway({ db: ledger.open(), ...options });
});
afterAll(async () => {
  await gateway.stop();
  await other.stop();
  await registry.stop();
  await authority.server.stop();
  await ledger.close();
  await postgres.stop();
});

/** Starts an upload as alice with a good token and returns where it goes on. */
async function start(): Promise<string> {
  const answer = await ask("POST", "/v2/alpha/app/blobs/uploads/", {});
  expect(answer.status).toBe(202);
  return answer.headers.get("location") ?? "";
}

async function ask(
  method: string,
  path: string,
  claims: Parameters<TokenAuthority["sign"]>[0],
  through = gateway,
): Promise<Response> {
  const token = await authority.sign({ access: [ACCESS], ...claims });
  const body = method === "PATCH" || method === "PUT" ? { body: "bytes" } : {};
  return fetch(new URL(path, through.url), {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...body,
  });
}

describe("an upload", () => {
  test("goes on and ends well with the token it was started with, after that has expired", async () => {
    const location = await start();
    expect((await ask("PATCH", location, EXPIRED)).status).toBe(202);
    expect((await ask("GET", location, EXPIRED)).status).toBe(202);
    expect((await ask("PUT", `${location}&digest=sha256:${"a".repeat(64)}`, EXPIRED)).status).toBe(
      201,
    );
  });

  test("that came to its end cannot be used again with an expired token", async () => {
    const location = await start();
    await ask("PUT", location, {});
    expect((await ask("PATCH", location, EXPIRED)).status).toBe(401);
  });

  test("of somebody else is unknown, with a good token and with an expired one", async () => {
    const location = await start();
    for (const claims of [{ subject: "eve" }, { subject: "eve", ...EXPIRED }]) {
      const answer = await ask("PATCH", location, claims);
      expect(answer.status).toBe(404);
      expect(await answer.json()).toMatchObject({ errors: [{ code: "BLOB_UPLOAD_UNKNOWN" }] });
    }
  });

  test("of the same name in another realm is somebody else's", async () => {
    const location = await start();
    expect((await ask("PATCH", location, { extra: { realm: "/services" } })).status).toBe(404);
  });

  test("of the same name and realm, by another kind of login, is somebody else's", async () => {
    const location = await start();
    expect((await ask("PATCH", location, { extra: { kind: "oidc" } })).status).toBe(404);
    expect((await ask("PATCH", location, {})).status).toBe(202);
  });

  test("that nobody started needs a good token", async () => {
    const path = "/v2/alpha/app/blobs/uploads/made-up";
    expect((await ask("PATCH", path, EXPIRED)).status).toBe(401);
    expect((await ask("PATCH", path, {})).status).toBe(202);
  });

  test("goes on through another gateway, and is somebody else's there as well", async () => {
    const location = await start();
    expect((await ask("PATCH", location, EXPIRED, other)).status).toBe(202);
    expect((await ask("PATCH", location, { subject: "eve" }, other)).status).toBe(404);
  });

  test("that came to its end needs a good token at other gateways too, a little later", async () => {
    const location = await start();
    await ask("PUT", location, {});
    const needsToken = async () => (await ask("PATCH", location, EXPIRED, other)).status === 401;
    await eventually("its end is known to the other gateway", needsToken);
  });

  test("ends at the hard cap, whatever token is shown", async () => {
    const location = await start();
    await db.query(`update ledger.upload_session set started_at = now() - interval '8 days'`);
    for (const claims of [{}, EXPIRED])
      expect((await ask("PATCH", location, claims, other)).status).toBe(404);
  });

  test("asks Postgres once where one gateway sees all of it, and waits for no disk", async () => {
    const asked: string[] = [];
    const counted = await startGateway({
      db: {
        ...db,
        query: (sql, values, name) => {
          if (sql.includes("upload_session")) asked.push(sql);
          return db.query(sql, values, name);
        },
      },
      registryUrl: registry.url,
      tokenServerUrl: authority.server.url,
    });
    try {
      const started = await ask("POST", "/v2/alpha/app/blobs/uploads/", {}, counted);
      const location = started.headers.get("location") ?? "";
      expect((await ask("PATCH", location, {}, counted)).status).toBe(202);
      expect((await ask("PUT", location, {}, counted)).status).toBe(201);
      expect(asked.filter((sql) => !sql.includes("delete"))).toHaveLength(1);
      await eventually("it is forgotten", () => asked.some((sql) => sql.includes("delete")));
      expect(asked.every((sql) => sql.includes("'synchronous_commit', 'off'"))).toBe(true);
    } finally {
      await counted.stop();
    }
  });

  test("lets an expired token do nothing else", async () => {
    await start();
    expect((await ask("POST", "/v2/alpha/app/blobs/uploads/", EXPIRED)).status).toBe(401);
    expect((await ask("GET", "/v2/alpha/app/tags/list", EXPIRED)).status).toBe(401);
  });

  test("names the one who started it to the registry", async () => {
    const location = await start();
    await ask("PATCH", location, EXPIRED);
    const last = registry.seen.at(-1);
    expect(last?.headers.authorization).toBe("Bearer alice repository:alpha/app:pull,push");
  });
});
