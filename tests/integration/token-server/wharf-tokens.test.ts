import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { REPOSITORY_ROOT } from "#tests/support/source-tree.js";
import { startTestTokenServer, type TestTokenServer } from "#tests/support/token-server.js";

const run = promisify(execFile);
const WHARF = join(REPOSITORY_ROOT, "cli/dist/main.js");
/** More than one page has. */
const MANY = 230;

let server: TestTokenServer;
let http: Server;

beforeAll(async () => {
  const refreshTokensMost = { perClient: 1_000, perIdentity: 1_000 };
  server = await startTestTokenServer({ refreshTokensMost });
  http = createServer(server.app).listen(0, "127.0.0.1");
  await once(http, "listening");
});
afterAll(async () => {
  http.close();
  await server.stop();
});

async function wharf(...args: string[]): Promise<string> {
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const env = { ...process.env, WHARF_URL: url, WHARF_TOKEN: "alice-token" };
  return (await run(process.execPath, [WHARF, ...args], { env })).stdout;
}

function logIn(clientId: string) {
  return server.http
    .get("/token")
    .query({ offline_token: "true", client_id: clientId })
    .auth("oauth2", "alice-token");
}

describe("wharf tokens", () => {
  test("lists every page, and ends one or all", async () => {
    await logIn("the-oldest");
    for (let login = 1; login < MANY; login += 1) await logIn("docker");
    const lines = (await wharf("tokens", "list", "-o", "table")).trimEnd().split("\n");
    expect(lines).toHaveLength(MANY + 1);
    expect(lines[0]).toMatch(/^ID +CLIENT +CREATED +EXPIRES +LAST USED +FROM +BY$/);
    const [oldest] = /^\S+/.exec(lines.at(-1) ?? "") ?? [];
    expect(lines.at(-1)).toContain("the-oldest");
    expect(await wharf("tokens", "revoke", oldest ?? "")).toBe(`${oldest ?? ""} is revoked\n`);
    expect(await wharf("tokens", "revoke", "--all")).toBe(`${MANY - 1} tokens are revoked\n`);
    expect(await wharf("tokens", "list")).toBe("");
  });

  test("wants to be told which", async () => {
    await expect(wharf("tokens", "revoke")).rejects.toMatchObject({ code: 2 });
  });
});
