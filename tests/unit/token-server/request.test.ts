import { describe, expect, test } from "@jest/globals";
import { Fault } from "#registry-protocol/faults.js";
import { formatScope } from "#registry-protocol/scope.js";
import {
  parseOAuthRequest,
  parseTokenRequest,
  type TokenRequest,
} from "#token-server/token/request.js";
import { servicesOf } from "#tests/support/registries.js";

const SERVICES = servicesOf("wharfinger");

describe("requests for a token", () => {
  test("what docker login sends is understood", () => {
    const query = "account=oauth2&client_id=docker&offline_token=true&service=wharfinger";
    const request = parse(query, basic("oauth2:alice-token"));
    expect(credentialsOf(request).username).toBe("oauth2");
    expect(credentialsOf(request).password.reveal()).toBe("alice-token");
    expect(request).toMatchObject({ requested: [], clientId: "docker", offline: true });
  });

  test("what docker push sends is understood", () => {
    const query = "account=oauth2&scope=repository%3Aalpha%2Fapp%3Apush%2Cpull&service=wharfinger";
    expect(scopesOf(parse(query))).toEqual(["repository:alpha/app:push,pull"]);
  });

  test("several scope parameters and several scopes in one are all asked for", () => {
    const query = "scope=repository:a/b:pull%20repository:c/d:push&scope=registry:catalog:*";
    expect(scopesOf(parse(query))).toEqual([
      "repository:a/b:pull",
      "repository:c/d:push",
      "registry:catalog:*",
    ]);
  });

  test("a request without credentials is understood as nobody's", () => {
    expect(parse("service=wharfinger").login).toEqual({ kind: "nobody" });
  });

  test("unknown parameters and scopes do no harm", () => {
    const query = "service=wharfinger&scope=database:x:drop&scope=nonsense&x=1&scope=";
    expect(parse(query).requested).toEqual([]);
  });

  test.each(["service=other", "service=wharfinger&service=other", "service="])(
    "a token of another service is refused: %s",
    (query) => {
      expect(refusalOf(query).code).toBe("REQUEST_INVALID");
    },
  );

  test("a hundred scopes are taken, and one more is refused", () => {
    const scopes = (count: number) =>
      Array.from({ length: count }, (_, i) => `scope=repository:a/b${i}:pull`).join("&");
    expect(parse(scopes(100)).requested).toHaveLength(100);
    expect(refusalOf(scopes(101)).code).toBe("REQUEST_INVALID");
  });

  test("scopes of more than 8 KiB are refused, however few they are", () => {
    const scope = (length: number) => `scope=repository:a/b:${"x".repeat(length)}`;
    expect(parse(`${scope(4000)}&${scope(4000)}`).requested).toHaveLength(0);
    expect(refusalOf(`${scope(4096)}&${scope(4096)}`).code).toBe("REQUEST_INVALID");
  });

  test("parameters are 32 KiB at most, and so is an Authorization header", () => {
    const parameters = (length: number) => "account=".padEnd(length, "x");
    expect(parse(parameters(32 * 1024)).requested).toEqual([]);
    expect(refusalOf(parameters(32 * 1024 + 1)).code).toBe("REQUEST_INVALID");
    const header = (length: number) => basic("oauth2:x").padEnd(length, " ");
    expect(credentialsOf(parse("", header(32 * 1024))).username).toBe("oauth2");
    expect(refusalOf("", header(32 * 1024 + 1)).code).toBe("UNAUTHORIZED");
  });

  test("a client's name with control characters is refused", () => {
    expect(parse("client_id=docker").clientId).toBe("docker");
    expect(refusalOf("client_id=docker%0Aadmin").code).toBe("REQUEST_INVALID");
  });

  test("a client's name is kept in characters that are seen, and no longer than 255", () => {
    expect(parse("client_id=regclient/regctl+(v0.8.0)").clientId).toBe("regclient/regctl (v0.8.0)");
    expect(parse("client_id=doc%E2%80%AEker").clientId).toBe("doc\\u{202e}ker");
    expect(parse(`client_id=${"x".repeat(300)}`).clientId).toBe("x".repeat(255));
    expect(parse(`client_id=${"%E2%80%AE".repeat(255)}`).clientId).toHaveLength(255);
  });

  test("a password may hold colons, spaces and letters outside ASCII", () => {
    const request = parse("", basic("oauth2:a:b c:ü"));
    expect(credentialsOf(request).password.reveal()).toBe("a:b c:ü");
  });

  test("an empty password is passed on as such", () => {
    expect(credentialsOf(parse("", basic("oauth2:"))).password.reveal()).toBe("");
  });

  test.each([
    ["a bearer token", "Bearer abc"],
    ["no scheme", Buffer.from("oauth2:x").toString("base64")],
    ["nothing after the scheme", "Basic "],
    ["something that is no base64", "Basic !!!"],
    ["no colon inside", basic("oauth2")],
    ["no user name", basic(":secret")],
    ["nothing at all", ""],
    ["more than 32 KiB", basic(`oauth2:${"x".repeat(32 * 1024)}`)],
    ["a line break in the user name", basic("oauth2\nx:secret")],
    ["a NUL in the password", basic("oauth2:sec\0ret")],
    ["bytes that are no UTF-8", "Basic b2F1dGgyOv//"],
  ])("an Authorization header with %s is refused with UNAUTHORIZED", (_what, header) => {
    expect(refusalOf("service=wharfinger", header).code).toBe("UNAUTHORIZED");
  });

  test("a refusal and a printed request hold nothing of the password", () => {
    const request = parse("", basic("oauth2:hunter2"));
    expect(JSON.stringify(request)).not.toContain("hunter2");
    const refusal = refusalOf("", `Basic hunter2!`);
    expect(JSON.stringify(refusal) + refusal.message).not.toContain("hunter2");
  });
});

describe("requests for a token by POST", () => {
  test("a password grant is understood as containerd sends it", () => {
    const request = parseOAuthRequest(
      "client_id=containerd-client&grant_type=password&username=oauth2&password=a%3Ab" +
        "&scope=repository%3Aalpha%2Fapp%3Apull%2Cpush&service=wharfinger",
      undefined,
      SERVICES,
    );
    expect(loginOf(request)).toBe("oauth2:a:b");
    expect(scopesOf(request)).toEqual(["repository:alpha/app:pull,push"]);
    expect(request).toMatchObject({ clientId: "containerd-client", offline: false });
  });

  test("scopes in one field, split by spaces, are all asked for", () => {
    const body = "grant_type=password&username=a&scope=repository:a/b:pull+repository:c/d:push";
    expect(scopesOf(parseOAuthRequest(body, undefined, SERVICES))).toEqual([
      "repository:a/b:pull",
      "repository:c/d:push",
    ]);
  });

  test("a refresh token is understood and does not show when printed", () => {
    const body = "grant_type=refresh_token&refresh_token=hunter2&client_id=docker";
    const request = parseOAuthRequest(body, undefined, SERVICES);
    expect(request.login).toMatchObject({ kind: "refresh-token" });
    expect(JSON.stringify(request)).not.toContain("hunter2");
  });

  test("access_type=offline asks for a refresh token", () => {
    const body = "grant_type=password&username=a&password=b&access_type=offline";
    expect(parseOAuthRequest(body, undefined, SERVICES).offline).toBe(true);
  });

  test("a Basic header stands in for a body without user name", () => {
    const request = parseOAuthRequest("grant_type=password", basic("oauth2:x"), SERVICES);
    expect(loginOf(request)).toBe("oauth2:x");
  });

  test.each(["username=a%0Ab&password=c", "username=a&password=b%00c"])(
    "control characters in a login are refused with UNAUTHORIZED: %s",
    (login) => {
      const body = `grant_type=password&${login}`;
      expect(() => parseOAuthRequest(body, undefined, SERVICES)).toThrow(
        expect.objectContaining({ code: "UNAUTHORIZED" }),
      );
    },
  );

  test.each(["", "grant_type=client_credentials", "grant_type=password&service=other"])(
    "what cannot be served is refused with REQUEST_INVALID: %s",
    (body) => {
      expect(() => parseOAuthRequest(body, undefined, SERVICES)).toThrow(
        expect.objectContaining({ code: "REQUEST_INVALID" }),
      );
    },
  );

  test("parameters of over 32 KiB are refused", () => {
    const body = `grant_type=password&x=${"y".repeat(40_000)}`;
    expect(() => parseOAuthRequest(body, undefined, SERVICES)).toThrow("32 KiB");
  });
});

function loginOf({ login }: TokenRequest): string | null {
  if (login.kind !== "credentials") return null;
  return `${login.credentials.username}:${login.credentials.password.reveal()}`;
}

function basic(text: string): string {
  return `Basic ${Buffer.from(text).toString("base64")}`;
}

function parse(query: string, authorization?: string): TokenRequest {
  return parseTokenRequest(query, authorization, SERVICES);
}

function credentialsOf({ login }: TokenRequest) {
  if (login.kind !== "credentials") throw new Error(`a login of the kind ${login.kind}`);
  return login.credentials;
}

function scopesOf(request: TokenRequest): string[] {
  return request.requested.map(({ resource, actions }) => formatScope({ ...resource, actions }));
}

function refusalOf(query: string, authorization?: string): Fault {
  try {
    parse(query, authorization);
  } catch (error) {
    if (error instanceof Fault) return error;
  }
  throw new Error("the request was not refused");
}
