import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ask, errorOf, type Answer } from "#tests/support/http-client.js";
import { jsonOf, putImage, startRestStack, type RestStack } from "./support/stack.js";

let stack: RestStack;
let rest: RestStack["rest"];

beforeAll(async () => {
  stack = await startRestStack();
  ({ rest } = stack);
  await putImage(stack.ledger, "alpha/app", "1.0", "one");
  await putImage(stack.ledger, "alpha/pulls", "1.0", "one");
  await putImage(stack.ledger, "hidden/app", "1.0", "two");
  await putImage(stack.ledger, "public/app", "1.0", "two");
});
afterAll(() => stack.stop());

const TAG = "/repositories/alpha/app/tags/1.0";

describe("an error below /api/v1", () => {
  test.each<[what: string, path: string, method: string, token: string | null, status: number]>([
    ["of the gateway's", "/repositories/alpha/app/tags/9.9", "GET", "alice-token", 404],
    ["in a name", "/repositories/Alpha/app", "GET", "alice-token", 400],
    ["in a parameter", "/repositories/alpha/app?limit=0", "GET", "alice-token", 400],
    ["of a method", TAG, "PATCH", "alice-token", 405],
    ["of a route", "/nothing", "GET", "alice-token", 404],
    ["of rights", `${TAG}/lock`, "PUT", "bob-token", 403],
    ["of a login", TAG, "GET", "no-token", 401],
    ["of the token server's", "/explain?action=dance", "GET", "alice-token", 400],
    ["of the token server's rights", "/robots/exceeding", "GET", "alice-token", 403],
  ])(
    "is a problem, with the registry's error in it: %s",
    async (_what, path, method, token, status) => {
      const answer = await rest(path, { method, token });
      expect(answer.status).toBe(status);
      expect(answer.headers["content-type"]).toBe("application/problem+json");
      const { code, message } = errorOf(answer);
      expect(jsonOf(answer)).toMatchObject({ status, code, detail: message });
      expect(jsonOf(answer)).toMatchObject({
        type: expect.stringMatching(/^urn:wharfinger:error:[A-Z_]+$/),
      });
    },
  );

  test("names the request, as its headers do", async () => {
    const answer = await rest("/nothing");
    expect(jsonOf(answer)).toMatchObject({ requestId: answer.headers["x-request-id"] });
  });

  test("of the registry API is none", async () => {
    const answer = await ask(stack.gateway.url, "/v2/Alpha/tags/list");
    expect(Object.keys(jsonOf(answer) as object)).toEqual(["errors"]);
  });

  test("in a method names those that there are", async () => {
    expect((await rest(`${TAG}/lock`, { method: "DELETE" })).headers["allow"]).toBe("PUT");
    expect((await rest("/explain", { method: "PUT" })).headers["allow"]).toBe("GET, HEAD, POST");
  });
});

describe("an answer", () => {
  test.each([TAG, "/explain?action=pull&repository=alpha/app"])(
    "is not sent to whoever has it already: %s",
    async (path) => {
      const first = await rest(path);
      const etag = first.headers["etag"] ?? "";
      expect([first.status, first.headers["cache-control"]]).toEqual([200, "private, no-cache"]);
      for (const shown of [etag, `"x", W/${etag}`, "*"]) {
        const again = await rest(path, { headers: { "If-None-Match": shown } });
        expect([again.status, again.body.length, again.headers["etag"]]).toEqual([304, 0, etag]);
      }
      expect((await rest(path, { headers: { "If-None-Match": '"x"' } })).status).toBe(200);
    },
  );

  test.each([TAG, "/explain?action=pull&repository=alpha/app", "/refresh-tokens"])(
    "has a head of its own: %s",
    async (path) => {
      const [whole, head] = [await rest(path), await rest(path, { method: "HEAD" })];
      expect([head.status, head.body.length]).toEqual([200, 0]);
      for (const name of ["etag", "content-length", "content-type", "cache-control"])
        expect(head.headers[name]).toBe(whole.headers[name]);
    },
  );

  test("with a secret is kept by nobody", async () => {
    const body = { name: "once", grants: [{ repositories: "alpha/app", actions: ["pull"] }] };
    const { status, headers } = await rest("/teams/alpha/robots", { method: "POST", body });
    expect([status, headers["cache-control"], headers["etag"]]).toEqual([
      201,
      "no-store",
      undefined,
    ]);
  });
});

describe("who asks", () => {
  const tokenOf = async (scope: string, user: string): Promise<string> => {
    const answer = await ask(stack.gateway.url, `/token?service=wharfinger&scope=${scope}`, {
      headers: { Authorization: `Basic ${Buffer.from(user).toString("base64")}` },
    });
    return (jsonOf(answer) as { token: string }).token;
  };

  test("is known by a password, an access token, or a registry token", async () => {
    const basic = Buffer.from("oauth2:alice-token").toString("base64");
    const registryToken = await tokenOf("repository:alpha/app:pull", "oauth2:alice-token");
    for (const Authorization of [`Basic ${basic}`, "Bearer alice-token", `Bearer ${registryToken}`])
      expect((await rest(TAG, { token: null, headers: { Authorization } })).status).toBe(200);
  });

  test("may be nobody in particular, where nobody has to log in", async () => {
    expect((await rest("/repositories/public/app/tags/1.0", { token: null })).status).toBe(200);
    const refused = await rest(TAG, { token: null });
    expect(refused.status).toBe(401);
    expect(refused.headers["www-authenticate"]).toMatch(
      /^Bearer realm=.*scope="repository:alpha\/app:pull"/,
    );
  });

  test("is not told whether there is what they may not know of", async () => {
    const [there, not] = [
      await rest("/repositories/hidden/app"),
      await rest("/repositories/hidden/nothing"),
    ];
    expect([there.status, not.status]).toEqual([403, 403]);
    expect(textOf(there, "hidden/app")).toBe(textOf(not, "hidden/nothing"));
  });
});

/** What an answer says, but for what it is about. */
function textOf(answer: Answer, name: string): string {
  const { requestId } = jsonOf(answer) as { requestId: string };
  return answer.body.toString().replaceAll(name, "…").replaceAll(requestId, "…");
}

describe("a repository whose name ends as something that is asked of one", () => {
  test.each(["alpha%2Fpulls", "alpha/pulls/-"])("is asked for as %s", async (name) => {
    const answer = await rest(`/repositories/${name}`);
    expect(jsonOf(answer)).toEqual({ repository: "alpha/pulls", pulls: 0, lastPulledAt: null });
  });

  test("has tags and pulls that are asked for likewise", async () => {
    const tag = await rest("/repositories/alpha/pulls/-/tags/1.0");
    expect(jsonOf(tag)).toMatchObject({ repository: "alpha/pulls", tag: "1.0" });
    const pulls = await rest("/repositories/alpha/pulls/-/pulls");
    expect(jsonOf(pulls)).toMatchObject({ repository: "alpha/pulls", pulledBy: [] });
  });
});

describe("how often somebody may ask", () => {
  let limited: RestStack;
  beforeAll(async () => {
    limited = await startRestStack({ apiRequestsPerMinute: 3 });
    await putImage(limited.ledger, "alpha/app", "1.0", "one");
  });
  afterAll(() => limited.stop());

  test("is told, and kept to, for each by themselves", async () => {
    for (const left of [2, 1, 0]) {
      const { status, headers } = await limited.rest(TAG);
      expect([status, headers["ratelimit-policy"]]).toEqual([200, '"minute";q=3;w=60']);
      expect(headers["ratelimit"]).toMatch(new RegExp(`^"minute";r=${left};t=[1-6]?\\d$`));
    }
    const over = await limited.rest(TAG);
    expect([over.status, errorOf(over).code]).toEqual([429, "TOOMANYREQUESTS"]);
    expect(Number(over.headers["retry-after"])).toBeGreaterThan(0);
    expect((await limited.rest(TAG, { token: "bob-token" })).status).toBe(200);
  });

  test("counts, by address, whoever does not get in", async () => {
    for (const wanted of [401, 401, 401, 429])
      expect((await limited.rest(TAG, { token: null })).status).toBe(wanted);
  });

  test("is told of the token server's, too", async () => {
    const { headers } = await stack.rest("/refresh-tokens");
    expect(headers["ratelimit-policy"]).toBe('"minute";q=1000000;w=60');
  });
});

describe("what administrators alone may do", () => {
  const scoped = async (user: string): Promise<unknown> => {
    const answer = await ask(
      stack.gateway.url,
      "/token?service=wharfinger&scope=registry:administration:*",
      { headers: { Authorization: `Basic ${Buffer.from(`oauth2:${user}`).toString("base64")}` } },
    );
    return (jsonOf(answer) as { scope: string }).scope;
  };

  test("is in their tokens when they ask for it, and in nobody else's", async () => {
    expect(await scoped("bob-token")).toBe("registry:administration:*");
    expect(await scoped("alice-token")).toBe("");
    expect(await scoped("ci-all-token")).toBe("");
  });
});

describe("the OpenAPI document", () => {
  test("is there for everybody", async () => {
    const answer = await ask(stack.gateway.url, "/openapi.json");
    expect(answer.status).toBe(200);
    expect(jsonOf(answer)).toMatchObject({ openapi: "3.1.0", servers: [{ url: "/api/v1" }] });
    const headers = { "If-None-Match": answer.headers["etag"] ?? "" };
    expect((await ask(stack.gateway.url, "/openapi.json", { headers })).status).toBe(304);
  });

  test("is shown by a page that takes nothing from elsewhere, and nothing inline", async () => {
    const page = await ask(stack.gateway.url, "/ui/api/");
    const text = page.body.toString();
    expect(page.headers["content-security-policy"]).toMatch(
      /^default-src 'none'; script-src 'self';/,
    );
    expect(page.headers["content-security-policy"]).not.toMatch(/unsafe|\*/);
    expect(text).not.toMatch(/<style|style=|\son\w+=|<script>/);
    const named = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, name]) => name ?? "");
    expect(named.length).toBeGreaterThan(2);
    for (const name of named) {
      const file = await ask(stack.gateway.url, `/ui/api/${name}`);
      expect([name, file.status]).toEqual([name, 200]);
      expect(file.body.length).toBeGreaterThan(100);
      const again = { headers: { "If-None-Match": file.headers["etag"] ?? "" } };
      expect((await ask(stack.gateway.url, `/ui/api/${name}`, again)).status).toBe(304);
    }
  });

  test.each([
    "/ui/assets/../package.json",
    "/ui/assets/%2e%2e/index.html",
    "/ui/assets/x",
    "/ui/assets/",
  ])("has no other files: %s", async (path) => {
    expect((await ask(stack.gateway.url, path)).status).toBe(404);
  });

  test("cannot be written", async () => {
    for (const path of ["/openapi.json", "/ui/", "/ui/api/"]) {
      const { status, headers } = await ask(stack.gateway.url, path, { method: "DELETE" });
      expect([status, headers["allow"]]).toEqual([405, "GET, HEAD"]);
    }
    expect((await ask(stack.gateway.url, "/ui")).headers["location"]).toBe("ui/");
    expect((await ask(stack.gateway.url, "/ui/api")).headers["location"]).toBe("api/");
  });

  test("is where a browser is led that asks for nothing", async () => {
    const { status, headers } = await ask(stack.gateway.url, "/");
    expect([status, headers["location"]]).toEqual([302, "ui/"]);
    expect((await ask(stack.gateway.url, "/", { method: "POST" })).status).toBe(405);
  });
});
