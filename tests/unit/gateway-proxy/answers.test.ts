import type { ServerResponse } from "node:http";
import { expect, test } from "@jest/globals";
import { registryRoute, type RegistryApiDeps } from "#gateway/proxy/handle.js";
import { deleteByReference, type ManifestDeleteDeps } from "#gateway/proxy/manifest-delete.js";
import { readManifest, type ManifestReadDeps } from "#gateway/proxy/manifest-read.js";
import { relay } from "#gateway/proxy/tags-list.js";
import { digestOf } from "#registry-protocol/digest.js";
import { parseRegistryRequest } from "#registry-protocol/request.js";
import { callerWith } from "#tests/support/callers.js";
import { eventually } from "#tests/support/eventually.js";
import { openedRequest } from "#tests/support/requests.js";

const DIGEST = digestOf(Buffer.from("a"));

/** @returns a request that has arrived, and its answer, not begun */
function arrived(method: string, url: string, headers: Record<string, string> = {}) {
  const opened = openedRequest(headers, { method, url });
  opened.req.push(null);
  opened.req.complete = true;
  return opened;
}

function exchangeOf(method: string, url: string, headers: Record<string, string> = {}) {
  const access = [{ type: "repository", name: "alpha/app", actions: ["pull", "delete"] }] as const;
  const request = parseRegistryRequest(method, url);
  return { ...arrived(method, url, headers), request, caller: callerWith({ access }) } as never;
}

test.each([
  ["GET", "/v2/alpha/app/tags/list"],
  ["GET", "/v2/alpha/app/manifests/1.0"],
  ["PUT", "/v2/alpha/app/manifests/1.0"],
])("%s %s of a stranger is answered", async (method, url) => {
  const deps = {
    callers: {
      verifier: { recall: () => null, verify: () => Promise.resolve(null) },
      ...{ publicUrl: "https://registry.example", service: "wharfinger", issuer: "x" },
    },
    plan: { reading: {} },
  } as unknown as RegistryApiDeps;
  const { req, res } = arrived(method, url);
  expect(registryRoute(deps)(req, res)).toBe(true);
  await eventually("it is answered", () => res.writableEnded, 3_000);
  expect(res.statusCode).toBe(401);
});

test.each(["1.0", DIGEST])("a deletion of %s is answered when it is done", async (reference) => {
  const done = { manifest: () => Promise.resolve(), tag: () => Promise.resolve() };
  const exchange = exchangeOf("DELETE", `/v2/alpha/app/manifests/${reference}`);
  const deps = { allowDelete: true, deletion: done, newReservation: () => "1" };
  await deleteByReference(deps as unknown as ManifestDeleteDeps, exchange);
  const { res } = exchange as { res: ServerResponse };
  expect([res.statusCode, res.writableEnded]).toEqual([202, true]);
});

test("which image of a list somebody gets is not decided while that cannot be told", async () => {
  const accept = "application/vnd.docker.distribution.manifest.v2+json";
  const deps = {
    resolver: { resolve: () => Promise.resolve({ kind: "digest", digest: DIGEST }) },
    defaultImages: () => Promise.reject(new Error("reset")),
    pulls: { looked: () => undefined, pulled: () => undefined },
  } as unknown as ManifestReadDeps;
  await expect(
    readManifest(deps, exchangeOf("GET", "/v2/alpha/app/manifests/1.0", { accept })),
  ).rejects.toMatchObject({
    code: "UNAVAILABLE",
    message: "the registry is unavailable for the moment, try again",
  });
});

test.each([
  [{ "content-type": "text/plain" }, "text/plain"],
  [{}, "application/json"],
])("what the registry says of a list, with %j, is passed on as %s", (headers, type) => {
  const { res } = arrived("GET", "/v2/alpha/app/tags/list");
  relay(res, { status: 404, headers: new Headers(headers), body: Buffer.from("{}") });
  expect([res.statusCode, res.getHeader("Content-Type"), res.getHeader("Content-Length")]).toEqual([
    404,
    type,
    2,
  ]);
});
