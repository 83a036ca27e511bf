import { createServer } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { decodeJwt } from "jose";
import { identityRoutes } from "#local/stand-ins/identity-routes.js";
import { hashSecret } from "#token-server/robots/secret-hash.js";
import { connected } from "#tests/support/database-roles.js";
import { eventually } from "#tests/support/eventually.js";
import { ask, type Answer } from "#tests/support/http-client.js";
import { startTestPostgres, type TestPostgres } from "#tests/support/postgres.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { listening } from "#tests/support/test-server.js";
import {
  startTokenServerProcess,
  type RunningTokenServer,
} from "#tests/support/token-server-process.js";
import { earlierDatabase } from "./support/earlier-database.js";

const ROBOT = "robot-alpha-ci";
const SECRET = "a secret of a robot that was there before";
const ALICE = { token: "alice-token", uid: "alice", realm: "/employees", scopes: ["uid"] };
const SCOPE = "repository:alpha/app:pull,push";

let postgres: TestPostgres;
let folder: TemporaryFolder;
let company: Awaited<ReturnType<typeof listening>>;
let server: RunningTokenServer;

beforeAll(async () => {
  [postgres, folder] = await Promise.all([startTestPostgres(), temporaryFolder()]);
  const identities = { identities: [{ ...ALICE, teams: ["alpha"] }], machines: [] };
  company = await listening(
    createServer((req, res) => void identityRoutes(() => identities)(req, res)),
  );
  const { config } = await earlierDatabase(postgres, "10-before-registries");
  // What it was is not kept anywhere: its hash alone is in the dump.
  const hash = await hashSecret(SECRET);
  await connected(config, (client) =>
    client.query("update token_server.robot set secret_hash = $1 where login = $2", [hash, ROBOT]),
  );
  // All that an installation of then was told.
  const started = await startTokenServerProcess({
    DB_SUBNAME: `//${config.host}:${config.port}/${config.database}`,
    ...{ DB_USER: config.user, DB_PASSWORD: config.password.reveal(), PGSSLMODE: "disable" },
    HTTP_TOKENINFO_URL: `${company.url}/oauth2/tokeninfo`,
    HTTP_TEAM_SERVICE_URL: `${company.url}/teams-service`,
    KEYS_DIR: folder.path,
  });
  if (!started.started) throw new Error(started.output);
  server = started;
}, 60_000);
afterAll(async () => {
  await server.stop();
  await company.stop();
  await postgres.stop();
  await folder.remove();
});

const get = (path: string, user: string, password: string): Promise<Answer> =>
  ask(server.url, path, {
    headers: { Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` },
  });

describe("a token server on the database of before there were registries, as it was configured", () => {
  test.each([
    ["alice", "oauth2", "alice-token"],
    [ROBOT, ROBOT, SECRET],
  ])("issues what it did to %s", async (subject, user, password) => {
    const path = `/token?service=wharfinger&scope=${SCOPE}`;
    // It migrates beside what it serves already.
    await eventually(
      `${subject} logs in`,
      async () => (await get(path, user, password)).status === 200,
    );
    const { token } = JSON.parse((await get(path, user, password)).body.toString()) as {
      token: string;
    };
    expect(decodeJwt(token)).toMatchObject({ aud: "wharfinger", sub: subject });
    expect(decodeJwt(token)["access"]).toEqual([
      { type: "repository", name: "alpha/app", actions: ["pull", "push"] },
    ]);
  });

  test("has its registry registered, published to everybody", async () => {
    await eventually("it is registered", async () => {
      const answer = await get("/api/v1/registries", "oauth2", "alice-token");
      return answer.status === 200 && !answer.body.toString().includes("1970-");
    });
    const answer = await get("/api/v1/registries", "oauth2", "alice-token");
    const { items } = JSON.parse(answer.body.toString()) as { items: readonly object[] };
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({
      ...{ service: "wharfinger", isOwn: true, publications: ["*"], restricted: false },
    });
  });

  test("issues no token for another service, as before", async () => {
    const refused = await get("/token?service=other", "oauth2", "alice-token");
    expect(refused.status).toBe(400);
    expect(refused.body.toString()).toContain("unknown service");
  });
});
