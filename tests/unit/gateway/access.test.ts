import { describe, expect, test } from "@jest/globals";
import { mayMount, requiredAccess, upstreamAccess } from "#gateway/proxy/access.js";
import type { Caller } from "#gateway/proxy/caller.js";
import { parseRegistryRequest } from "#registry-protocol/request.js";
import { MARKER } from "#registry-protocol/storage-marker.js";
import { formatScope, type Access } from "#registry-protocol/scope.js";
import { callerWith } from "#tests/support/callers.js";

const DIGEST = `sha256:${"ab".repeat(32)}`;
const MOUNT = `/v2/alpha/app/blobs/uploads/?mount=${DIGEST}&from=beta/base`;

/** One row: a request, what the client's token must grant, and what the gateway's token for the registry says. */
const TABLE: readonly (readonly [
  method: string,
  target: string,
  client: string | null,
  upstream: string[],
])[] = [
  ["GET", "/v2/", null, []],
  ["GET", "/v2/_catalog", "registry:catalog:*", ["registry:catalog:*"]],
  ["GET", "/v2/_oci/ext/discover", null, []],
  [
    "GET",
    "/v2/alpha/app/_oci/ext/discover",
    "repository:alpha/app:pull",
    ["repository:alpha/app:pull"],
  ],
  [
    "GET",
    "/v2/alpha/app/_oci/tag-history/1.0",
    "repository:alpha/app:pull",
    ["repository:alpha/app:pull"],
  ],
  [
    "GET",
    "/v2/alpha/app/_wharfinger/tags/list",
    "repository:alpha/app:pull",
    ["repository:alpha/app:pull"],
  ],
  ["GET", "/v2/alpha/app/tags/list", "repository:alpha/app:pull", ["repository:alpha/app:pull"]],
  [
    "GET",
    `/v2/alpha/app/referrers/${DIGEST}`,
    "repository:alpha/app:pull",
    ["repository:alpha/app:pull"],
  ],
  [
    "GET",
    "/v2/alpha/app/manifests/1.0",
    "repository:alpha/app:pull",
    ["repository:alpha/app:pull"],
  ],
  [
    "HEAD",
    `/v2/alpha/app/blobs/${DIGEST}`,
    "repository:alpha/app:pull",
    ["repository:alpha/app:pull"],
  ],
  [
    "PUT",
    "/v2/alpha/app/manifests/1.0",
    "repository:alpha/app:pull,push",
    ["repository:alpha/app:pull,push"],
  ],
  [
    "PUT",
    `/v2/alpha/app/manifests/${DIGEST}`,
    "repository:alpha/app:pull,push",
    ["repository:alpha/app:pull,push"],
  ],
  [
    "POST",
    "/v2/alpha/app/blobs/uploads/",
    "repository:alpha/app:pull,push",
    ["repository:alpha/app:pull,push"],
  ],
  ["POST", MOUNT, "repository:alpha/app:pull,push", ["repository:alpha/app:pull,push"]],
  [
    "PATCH",
    "/v2/alpha/app/blobs/uploads/s1",
    "repository:alpha/app:pull,push",
    ["repository:alpha/app:pull,push"],
  ],
  [
    "GET",
    "/v2/alpha/app/blobs/uploads/s1",
    "repository:alpha/app:pull,push",
    ["repository:alpha/app:pull,push"],
  ],
  [
    "DELETE",
    "/v2/alpha/app/blobs/uploads/s1",
    "repository:alpha/app:pull,push",
    ["repository:alpha/app:delete"],
  ],
  [
    "DELETE",
    `/v2/alpha/app/manifests/${DIGEST}`,
    "repository:alpha/app:delete",
    ["repository:alpha/app:delete"],
  ],
  [
    "DELETE",
    `/v2/alpha/app/blobs/${DIGEST}`,
    "repository:alpha/app:delete",
    ["repository:alpha/app:delete"],
  ],
];

describe("access", () => {
  test.each(TABLE)("%s %s needs %s", (method, target, client) => {
    const required = requiredAccess(parseRegistryRequest(method, target));
    expect(required === null ? null : formatScope(required)).toBe(client);
  });

  test.each(TABLE)(
    "%s %s goes to the registry with a token for just that",
    (method, target, _client, upstream) => {
      expect(upstreamScopes(method, target, callerWith())).toEqual(upstream);
    },
  );

  test("a mount whose source the caller may read goes on with the right to read it", () => {
    const caller = callerWith({ access: [pullOf("beta/base")] });
    expect(upstreamScopes("POST", MOUNT, caller)).toEqual([
      "repository:alpha/app:pull,push",
      "repository:beta/base:pull",
    ]);
  });

  test("a caller may mount from what they may pull, and from nothing else", () => {
    const caller = callerWith({ access: [pullOf("beta/base"), pushOf("beta/other")] });
    expect(mayMount({ from: "beta/base" }, caller)).toBe(true);
    expect(mayMount({ from: "beta/other" }, caller)).toBe(false);
    expect(mayMount({ from: "beta" }, caller)).toBe(false);
  });
});

function upstreamScopes(method: string, target: string, caller: Caller): string[] {
  return upstreamAccess(parseRegistryRequest(method, target), caller).map(formatScope);
}

function pullOf(name: string): Access {
  return { type: "repository", name, actions: ["pull"] };
}

function pushOf(name: string): Access {
  return { type: "repository", name, actions: ["push"] };
}

test("nothing is mounted from the repository that marks the storage, whoever asks", () => {
  const pulls = (name: string) =>
    callerWith({ access: [{ type: "repository", name, actions: ["pull"] }] });
  expect(mayMount({ from: "beta/base" }, pulls("beta/base"))).toBe(true);
  expect(mayMount({ from: MARKER.repository }, pulls(MARKER.repository))).toBe(false);
});
