import { z } from "zod";
import { describe, expect, test } from "@jest/globals";
import type { JsonReply } from "#service-kit/http/fetch-json.js";
import { claimedIssueTime } from "#token-server/identity/oidc/jwt-form.js";
import { discovery } from "#token-server/identity/oidc/discovery.js";
import { isTrustworthyUrl } from "#service-kit/http/trustworthy-url.js";
import { issuerSchema } from "#token-server/identity/oidc/issuer-schema.js";
import { unavailable } from "#token-server/identity/safeguards/asked-service.js";
import { GITHUB_ISSUER } from "#tests/integration/logins/support/platforms.js";
import { SILENT } from "#tests/support/ledger.js";

const ISSUER = "https://issuer.example";
const parse = (change: object) =>
  issuerSchema(z.string()).safeParse({ ...GITHUB_ISSUER, issuer: ISSUER, ...change });
const HOUR = 3_600_000;

function asking(change: object = {}, document: object = {}) {
  const state = { now: 0, asked: 0, answers: true };
  const body = { issuer: ISSUER, jwks_uri: `${ISSUER}/keys`, ...document };
  const ask = (): Promise<JsonReply> => {
    state.asked += 1;
    return state.answers
      ? Promise.resolve({ status: 200, body })
      : Promise.reject(unavailable("it", new Error("away")));
  };
  const issuer = parse(change).data;
  if (issuer === undefined) throw new Error("no issuer");
  const find = discovery(issuer, { ask, now: () => state.now, log: SILENT });
  return { state, find };
}

describe("where an issuer has its keys", () => {
  test("is asked once an hour, and holds while the issuer does not answer", async () => {
    const { state, find } = asking();
    await find();
    state.now = HOUR - 1;
    expect([await find(), state.asked]).toEqual([`${ISSUER}/keys`, 1]);
    state.now = HOUR;
    await find();
    expect(state.asked).toBe(2);
    state.now = 2 * HOUR;
    state.answers = false;
    expect([await find(), state.asked]).toEqual([`${ISSUER}/keys`, 3]);
  });

  test("is asked again when the clock was set back to before it was told", async () => {
    const { state, find } = asking();
    state.now = 10 * HOUR;
    await find();
    state.now = 0;
    await find();
    expect(state.asked).toBe(2);
  });

  test("is not known where it never answered", async () => {
    const { state, find } = asking();
    state.answers = false;
    await expect(find()).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  test.each([
    ["another issuer's", {}, { issuer: "https://other.example" }],
    ["no document", {}, { jwks_uri: 7 }],
    ["at an http URL", {}, { jwks_uri: "http://issuer.example/keys" }],
    ["on this machine, of an issuer that is elsewhere", {}, { jwks_uri: "http://127.0.0.1/keys" }],
    ["in a file", { allowHttp: true }, { jwks_uri: "file:///etc/passwd" }],
  ])("is not believed where it is %s", async (_what, change, document) => {
    await expect(asking(change, document).find()).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  test("may be at an http URL where that is allowed", async () => {
    const keys = "http://issuer.example/keys";
    await expect(asking({ allowHttp: true }, { jwks_uri: keys }).find()).resolves.toBe(keys);
  });
});

test.each(["ftp://127.0.0.1/keys", "file:///keys", "nothing", "http://issuer.example"])(
  "%s is nobody's to be trusted",
  (url) => {
    expect(isTrustworthyUrl(url, false)).toBe(false);
  },
);

test("an issuer has its keys at a URL or in a file, and not both", () => {
  const keysUrl = `${ISSUER}/keys`;
  expect(parse({ keysUrl }).success).toBe(true);
  expect(parse({ keysUrl, keysFile: "keys.json" }).success).toBe(false);
});

test.each([
  [{ iat: 7 }, 7],
  [{ iat: "7" }, null],
  [{}, null],
  [null, null],
])("%j was made at %j", (payload, at) => {
  expect(claimedIssueTime(Buffer.from(JSON.stringify(payload)).toString("base64url"))).toBe(at);
});
