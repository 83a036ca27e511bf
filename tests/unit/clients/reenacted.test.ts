import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { Target } from "#tests/clients/job.js";
import { conversation } from "#tests/clients/reenacted/conversation.js";
import { PROFILES } from "#tests/clients/reenacted/profiles.js";

/** What clients send for a token, byte for byte: recorded from @sigstore/oci, made from the others' public sources. */

interface Seen {
  readonly line: string;
  readonly headers: Record<string, unknown>;
  readonly body: string;
}

const SCOPE = "repository:alpha/app:pull,push";
const seen: Seen[] = [];
let server: Server;
let target: Target;

beforeAll(async () => {
  server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on("data", (chunk: Buffer) => chunks.push(chunk));
    req.on("end", () => {
      const line = `${req.method ?? ""} ${req.url ?? ""}`;
      seen.push({ line, headers: req.headers, body: Buffer.concat(chunks).toString() });
      const isToken = line.includes(" /token");
      const isKnown = req.headers.authorization?.startsWith("Bearer ") === true;
      res.writeHead(isToken || isKnown ? 200 : 401, {
        "WWW-Authenticate": `Bearer realm="${target.url}/token",service="wharfinger",scope="${SCOPE}"`,
      });
      res.end(isToken ? '{"token":"signed"}' : "{}");
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  target = { url: `http://${host}`, host, isGateway: true, user: "oauth2", password: "x" };
});
beforeEach(() => {
  seen.length = 0;
});
afterAll(() => {
  server.close();
});

/** @returns the request for a token, where what docker stored is `wharf_rt_x` */
async function tokenRequestOf(name: string): Promise<Seen> {
  const profile = PROFILES.find((known) => known.name === name);
  if (profile === undefined) throw new Error(name);
  await conversation(target, profile, "wharf_rt_x").send({ method: "GET", path: "/v2/" });
  expect(seen.map(({ line }) => line.split("?")[0])).toEqual([
    "GET /v2/",
    expect.stringMatching(/^(?:GET|POST) \/token$/),
    "GET /v2/",
  ]);
  return seen[1] ?? { line: "", headers: {}, body: "" };
}

describe("the request for a token", () => {
  test("of @sigstore/oci, with the user that logged in", async () => {
    const { line, headers, body } = await tokenRequestOf("@sigstore/oci (GitHub's attest actions)");
    expect(line).toBe("GET /token?service=wharfinger&scope=repository%3Aalpha%2Fapp%3Apull%2Cpush");
    expect(headers).toMatchObject({
      authorization: `Basic ${Buffer.from("oauth2:wharf_rt_x").toString("base64")}`,
      accept: "*/*",
      "user-agent": "minipass-fetch/6.0.1 (+https://github.com/isaacs/minipass-fetch)",
      "accept-encoding": "gzip,deflate",
    });
    expect(body).toBe("");
  });

  test.each([
    [
      "@sigstore/oci beside a credential helper",
      "application/x-www-form-urlencoded;charset=UTF-8",
      "service=wharfinger&scope=repository%3Aalpha%2Fapp%3Apull%2Cpush&username=%3Ctoken%3E" +
        "&password=wharf_rt_x&grant_type=password",
    ],
    [
      "regctl",
      "application/x-www-form-urlencoded; charset=utf-8",
      "client_id=regclient%2Fregctl+%28v0.8.3%29&grant_type=refresh_token&refresh_token=wharf_rt_x" +
        "&scope=repository%3Aalpha%2Fapp%3Apull%2Cpush&service=wharfinger",
    ],
    [
      "Jib",
      "application/x-www-form-urlencoded",
      "service=wharfinger&scope=repository:alpha/app:pull,push" +
        "&client_id=jib.da031fe481a93ac107a95a96462358f9&grant_type=refresh_token&refresh_token=wharf_rt_x",
    ],
    [
      ".NET SDK",
      "application/x-www-form-urlencoded",
      "client_id=netsdkcontainers&grant_type=refresh_token&refresh_token=wharf_rt_x" +
        "&service=wharfinger&scope=repository%3Aalpha%2Fapp%3Apull%2Cpush",
    ],
  ])("of %s", async (name, type, form) => {
    const { line, headers, body } = await tokenRequestOf(name);
    expect([line, headers["content-type"], body]).toEqual(["POST /token", type, form]);
  });
});
