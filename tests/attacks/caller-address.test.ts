import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { withClient } from "#local/postgres/postgres.js";
import { ask, type AskOptions } from "#tests/support/http-client.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";

const ROBOTS = "/api/v1/teams/alpha/robots";
const GUESSER = "127.0.0.66";
const HONEST = "127.0.0.7";
/** What somebody says who would rather be another. */
const FALSE_NAMES = {
  "X-Forwarded-For": HONEST,
  Forwarded: `for=${HONEST}`,
  "X-Real-IP": HONEST,
  "X-Request-Id": "chosen",
  "Wharfinger-Caller": "eyJhbGciOiJub25lIn0.e30.",
};

let stack: TestStack;
let tokenServer: string;
let metrics: string;

beforeAll(async () => {
  stack = await startTestStack({ env: { LOGIN_FAILURES_PER_SOURCE: "4" } });
  const addresses = await stack.addresses();
  tokenServer = addresses["tokenServer"] ?? "";
  metrics = addresses["tokenServerMetrics"] ?? "";
});
afterAll(() => stack.stop());

describe("through the gateway of a stack", () => {
  test("it is the client's own address that is on record, whatever the client says", async () => {
    const before = await outcomes();
    const made = await makeRobot(stack.url, "told", { from: HONEST, headers: FALSE_NAMES });
    expect(made).toBe(201);
    expect((await outcomes()).believed).toBe(before.believed + 1);
    expect((await outcomes()).refused).toBe(before.refused);
    expect(await recordedAddress("told")).toBe(HONEST);
  });

  test("wrong logins lock the address that they are from and no other", async () => {
    const guesses: number[] = [];
    for (let guess = 0; guess < 6; guess += 1)
      guesses.push(
        await logIn(stack.url, `wrong-${guess}`, { from: GUESSER, headers: FALSE_NAMES }),
      );
    expect(guesses).toEqual([401, 401, 401, 401, 429, 429]);
    expect(await logIn(stack.url, "wrong-from-elsewhere", { from: HONEST })).toBe(401);
    expect(await logIn(stack.url, "bob-token", { from: HONEST })).toBe(200);
  });
});

describe("past the gateway, at the token server's own port,", () => {
  test("a neighbour is on record as itself, for whomever it says that it speaks", async () => {
    const before = await outcomes();
    const made = await makeRobot(tokenServer, "past", { from: GUESSER, headers: FALSE_NAMES });
    expect(made).toBe(201);
    expect(await recordedAddress("past")).toBe(GUESSER);
    expect((await outcomes()).believed).toBe(before.believed);
    expect((await outcomes()).refused).toBe(before.refused + 1);
  });

  test("a neighbour cannot lock somebody else out, nor get more guesses by other names", async () => {
    const guesses: number[] = [];
    for (let guess = 0; guess < 6; guess += 1) {
      const headers = { ...FALSE_NAMES, "X-Forwarded-For": `127.0.1.${guess}` };
      guesses.push(await logIn(tokenServer, `other-${guess}`, { from: "127.0.0.99", headers }));
    }
    expect(guesses).toEqual([401, 401, 401, 401, 429, 429]);
    expect(await logIn(stack.url, "wrong-once-more", { from: "127.0.1.5" })).toBe(401);
  });
});

function basic(secret: string): string {
  return `Basic ${Buffer.from(`oauth2:${secret}`).toString("base64")}`;
}

async function logIn(origin: string, secret: string, options: AskOptions): Promise<number> {
  const headers = { ...options.headers, Authorization: basic(secret) };
  return (await ask(origin, "/token?service=wharfinger", { ...options, headers })).status;
}

async function makeRobot(origin: string, name: string, options: AskOptions): Promise<number> {
  const { status } = await ask(origin, ROBOTS, {
    ...options,
    method: "POST",
    headers: {
      ...options.headers,
      Authorization: basic("alice-token"),
      "Content-Type": "application/json",
    },
    body: JSON.stringify({ name, grants: [{ repositories: "alpha/**", actions: ["pull"] }] }),
  });
  return status;
}

/** What came of gateways' statements so far. */
async function outcomes(): Promise<{ believed: number; refused: number }> {
  const text = (await ask(metrics, "/metrics")).body.toString();
  const count = (outcome: string) =>
    Number(
      new RegExp(`^caller_statements_total\\{outcome="${outcome}"\\} (\\d+)$`, "m").exec(
        text,
      )?.[1] ?? 0,
    );
  return { believed: count("believed"), refused: count("refused") };
}

async function recordedAddress(robot: string): Promise<string | undefined> {
  const { hostname: host, port } = new URL((await stack.addresses())["postgres"] ?? "");
  const password = (await readFile(join(stack.dataDir, "secrets", "postgres"), "utf8")).trim();
  const login = { host, port: Number(port), user: "wharfinger", password, database: "wharfinger" };
  return withClient(login, async (client) => {
    const { rows } = await client.query<{ address: string }>(
      `select content::json->'actor'->>'address' as address from audit.entry
       where content::json->'detail'->>'login' = $1`,
      [`robot-alpha-${robot}`],
    );
    return rows[0]?.address;
  });
}
