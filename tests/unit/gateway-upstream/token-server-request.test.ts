import { describe, expect, test } from "@jest/globals";
import { tokenServerRequest, tokenServerRoute } from "#gateway/upstream/token-server-request.js";
import { OPERATIONS } from "#rest-api/operations/every-operation.js";

const FACTS = { clientAddress: "192.0.2.7", requestId: "r-1" };
const NO_BODY = Buffer.alloc(0);

describe("the token server's routes", () => {
  test("of its REST API are all let through, and for their methods alone", () => {
    const routes = apiRoutes();
    expect(routes.length).toBeGreaterThan(6);
    for (const [method, path] of routes)
      expect([method, path, tokenServerRoute(method, path)?.method]).toEqual([
        method,
        path,
        method,
      ]);
    for (const [, path] of routes)
      expect(() => tokenServerRoute("PUT", path)).toThrow("PUT is not supported here");
  });

  test.each([
    "/.well-known/jwks.json",
    "/token/",
    "/Token",
    "/token/x",
    "/api/v1",
    "/api/v1/explain/",
    "/api/v1/teams/a/robots/../robots",
    "/api/v1/teams/a%2fb/robots",
    "/api/v1%2Fexplain",
    "/api%2Fv1/refresh-tokens",
    "/api/v1/refresh-tokens/a/b",
    "http://elsewhere/token",
  ])("do not include %s", (path) => {
    expect(tokenServerRoute("GET", path)).toBeNull();
  });

  test("are found by a path that is percent-encoded once, and asked by the plain one", () => {
    const path = "/api/v1/teams/a%2Eb%2Dc/robots";
    expect(tokenServerRoute("GET", path)?.path).toBe("/api/v1/teams/a.b-c/robots");
    expect(tokenServerRoute("GET", "/api/v1/teams/a%252Eb/robots")).toBeNull();
    expect(() => tokenServerRoute("GET", "/api/v1/teams/a%zz/robots")).toThrow(/percent-decoded/);
  });

  test("answer HEAD wherever they answer GET", () => {
    expect(tokenServerRoute("HEAD", "/api/v1/explain")?.method).toBe("HEAD");
  });

  test("are asked with the methods that they have, and the client is told which those are", () => {
    for (const method of ["HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "toString"])
      expect(() => tokenServerRoute(method, "/token")).toThrow(
        expect.objectContaining({ code: "METHOD_UNSUPPORTED", headers: { Allow: "GET, POST" } }),
      );
  });
});

describe("a request to the token server", () => {
  test("has the parameters that mean something there, in their order, and no other", () => {
    const query = new URLSearchParams(
      "x=1&scope=a:b:pull&service=w&scope=c%0d%0aX:d:push&Scope=y&offline_token=true&account=a+b",
    );
    expect(made("GET", { query }).target).toBe(
      "/token?scope=a%3Ab%3Apull&service=w&scope=c%0D%0AX%3Ad%3Apush&offline_token=true&account=a+b",
    );
  });

  test("has no parameters where none are read", () => {
    const query = new URLSearchParams("service=w&grant_type=password");
    expect(made("POST", { query }).target).toBe("/token");
  });

  test("is refused when its parameters are longer than the token server reads", () => {
    const query = new URLSearchParams({ scope: "x".repeat(33_000) });
    expect(() => made("GET", { query })).toThrow("the parameters are longer than 32 KiB");
  });

  test("has the headers that mean something there, and what the gateway says", () => {
    const headers = {
      authorization: "Basic x",
      "content-type": "application/x-www-form-urlencoded",
      accept: "*/*",
      origin: "https://registry.example",
      "sec-fetch-site": "same-origin",
      "sec-fetch-mode": "cors",
      "user-agent": "docker/28",
      cookie: "a=1",
      "x-forwarded-for": "203.0.113.9",
      "x-request-id": "spoofed",
      "content-length": "5",
      "transfer-encoding": "chunked",
      "x-own": "1",
    };
    expect(made("POST", { headers }).headers).toEqual({
      "X-Forwarded-For": "192.0.2.7",
      "X-Request-Id": "r-1",
      "User-Agent": "docker/28",
      Authorization: "Basic x",
      "Content-Type": "application/x-www-form-urlencoded",
      Accept: "*/*",
      Origin: "https://registry.example",
      "Sec-Fetch-Site": "same-origin",
      "Sec-Fetch-Mode": "cors",
    });
  });

  test("has the body that was read, and a GET none", () => {
    const body = Buffer.from("grant_type=password");
    expect(made("POST", { body }).body).toEqual({ kind: "whole", bytes: body });
    expect(made("GET", { body }).body).toEqual({ kind: "none" });
  });
});

function made(
  method: "GET" | "POST",
  client: Partial<Parameters<typeof tokenServerRequest>[1]>,
): ReturnType<typeof tokenServerRequest> {
  const route = tokenServerRoute(method, "/token");
  if (route === null) throw new Error("no such route");
  return tokenServerRequest(
    route,
    { query: new URLSearchParams(), headers: {}, body: NO_BODY, ...client },
    FACTS,
  );
}

/** @returns method and path of every operation of the token server's, names filled in */
function apiRoutes(): [method: string, path: string][] {
  return OPERATIONS.filter(({ by }) => by === "token-server").map(({ method, path }) => [
    method,
    `/api/v1${path.replace(/\{[a-z]+\}/g, "a-1")}`,
  ]);
}
