import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { FaultCode } from "#registry-protocol/fault-catalogue.js";
import { Fault } from "#registry-protocol/faults.js";
import { parseRegistryRequest, type RegistryRequest } from "#registry-protocol/request.js";
import { digests, repositoryNames, tags } from "#tests/support/arbitraries.js";

const SHA256 = `sha256:${"ab".repeat(32)}`;
const SHA512 = `sha512:${"cd".repeat(64)}`;
const ENCODED = SHA256.replace(":", "%3A");
const SESSION = "b7a1f1c2-0d7c-4a3c-9a55-4f1c6f0a9d11";
const LONG_NAME = `${"a".repeat(127)}/${"b".repeat(127)}`;
const ANY_METHOD = ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS", "CONNECT"];

/** One row: what is asked, and how it is understood. */
const UNDERSTOOD: readonly (readonly [method: string, target: string, request: object])[] = [
  ["GET", "/v2/", { kind: "base" }],
  ["HEAD", "/v2/", { kind: "base" }],
  ["GET", "/v2", { kind: "base" }],
  ["GET", "/v2/?account=alice", { kind: "base" }],
  ["GET", "/v2/_catalog", { kind: "catalog" }],
  ["GET", "/v2/_catalog?n=100&last=alpha/app", { kind: "catalog" }],
  ["GET", "/v2/alpha/app/tags/list", { kind: "tags.list", repository: "alpha/app" }],
  ["GET", "/v2/alpha/app/tags/list?n=5", { kind: "tags.list", repository: "alpha/app" }],
  ["GET", "/v2/_oci/ext/discover", { kind: "extensions.list" }],
  ["HEAD", "/v2/alpha/app/_oci/ext/discover", { kind: "extensions.of", repository: "alpha/app" }],
  [
    "GET",
    "/v2/alpha/app/_oci/tag-history/1.0?n=5",
    { kind: "tag.history", repository: "alpha/app", tag: "1.0" },
  ],
  [
    "GET",
    "/v2/alpha/tag-history/_oci/tag-history/_oci",
    { kind: "tag.history", repository: "alpha/tag-history", tag: "_oci" },
  ],
  [
    "GET",
    "/v2/alpha/app/_wharfinger/tags/list",
    { kind: "tags.described", repository: "alpha/app" },
  ],
  [
    "GET",
    "/v2/alpha/app/manifests/_oci",
    { kind: "manifest.read", repository: "alpha/app", reference: { tag: "_oci" } },
  ],
  ["HEAD", "/v2/app/tags/list", { kind: "tags.list", repository: "app" }],
  ["GET", "/v2/a/b/c/d/tags/list", { kind: "tags.list", repository: "a/b/c/d" }],
  [
    "GET",
    `/v2/alpha/app/referrers/${SHA256}`,
    { kind: "referrers.list", repository: "alpha/app", digest: SHA256 },
  ],
  [
    "GET",
    `/v2/alpha/app/referrers/${ENCODED}?artifactType=a/b`,
    { kind: "referrers.list", repository: "alpha/app", digest: SHA256 },
  ],
  [
    "GET",
    "/v2/alpha/app/manifests/1.0",
    { kind: "manifest.read", repository: "alpha/app", reference: { tag: "1.0" } },
  ],
  [
    "HEAD",
    "/v2/alpha/app/manifests/latest",
    { kind: "manifest.read", repository: "alpha/app", reference: { tag: "latest" } },
  ],
  [
    "GET",
    `/v2/alpha/app/manifests/${SHA256}`,
    { kind: "manifest.read", repository: "alpha/app", reference: { digest: SHA256 } },
  ],
  [
    "GET",
    `/v2/alpha/app/manifests/${SHA512}`,
    { kind: "manifest.read", repository: "alpha/app", reference: { digest: SHA512 } },
  ],
  [
    "GET",
    `/v2/alpha/app/manifests/${SHA256.replace(":", "%3a")}`,
    { kind: "manifest.read", repository: "alpha/app", reference: { digest: SHA256 } },
  ],
  [
    "PUT",
    "/v2/alpha/app/manifests/1.0",
    { kind: "manifest.put-by-tag", repository: "alpha/app", tag: "1.0" },
  ],
  [
    "PUT",
    `/v2/alpha/app/manifests/${"t".repeat(128)}`,
    { kind: "manifest.put-by-tag", repository: "alpha/app", tag: "t".repeat(128) },
  ],
  [
    "PUT",
    `/v2/alpha/app/manifests/${ENCODED}`,
    { kind: "manifest.put-by-digest", repository: "alpha/app", digest: SHA256 },
  ],
  [
    "PUT",
    `/v2/alpha/app/manifests/${SHA256}?tag=1.0`,
    { kind: "manifest.put-by-digest", repository: "alpha/app", digest: SHA256 },
  ],
  [
    "DELETE",
    "/v2/alpha/app/manifests/1.0",
    { kind: "manifest.delete", repository: "alpha/app", reference: { tag: "1.0" } },
  ],
  [
    "DELETE",
    `/v2/alpha/app/manifests/${SHA256}`,
    { kind: "manifest.delete", repository: "alpha/app", reference: { digest: SHA256 } },
  ],
  [
    "GET",
    `/v2/alpha/app/blobs/${SHA256}`,
    { kind: "blob.read", repository: "alpha/app", digest: SHA256 },
  ],
  [
    "HEAD",
    `/v2/alpha/app/blobs/${ENCODED}`,
    { kind: "blob.read", repository: "alpha/app", digest: SHA256 },
  ],
  [
    "DELETE",
    `/v2/alpha/app/blobs/${SHA256}`,
    { kind: "blob.delete", repository: "alpha/app", digest: SHA256 },
  ],
  [
    "POST",
    "/v2/alpha/app/blobs/uploads/",
    { kind: "upload.start", repository: "alpha/app", mount: null },
  ],
  [
    "POST",
    "/v2/alpha/app/blobs/uploads",
    { kind: "upload.start", repository: "alpha/app", mount: null },
  ],
  [
    "POST",
    `/v2/alpha/app/blobs/uploads/?digest=${SHA256}`,
    { kind: "upload.start", repository: "alpha/app", mount: null },
  ],
  [
    "PATCH",
    `/v2/alpha/app/blobs/uploads/${SESSION}?_state=abc`,
    { kind: "upload.continue", repository: "alpha/app", session: SESSION },
  ],
  [
    "PUT",
    `/v2/alpha/app/blobs/uploads/${SESSION}?digest=${SHA256}`,
    { kind: "upload.continue", repository: "alpha/app", session: SESSION },
  ],
  [
    "GET",
    `/v2/alpha/app/blobs/uploads/${SESSION}`,
    { kind: "upload.status", repository: "alpha/app", session: SESSION },
  ],
  [
    "HEAD",
    `/v2/alpha/app/blobs/uploads/${SESSION}`,
    { kind: "upload.status", repository: "alpha/app", session: SESSION },
  ],
  [
    "DELETE",
    `/v2/alpha/app/blobs/uploads/${SESSION}`,
    { kind: "upload.cancel", repository: "alpha/app", session: SESSION },
  ],
  ["GET", "/v2/alpha%2Fapp/tags/list", { kind: "tags.list", repository: "alpha/app" }],
  ["GET", "/v2/alpha%2fb%2Fc/d/tags/list", { kind: "tags.list", repository: "alpha/b/c/d" }],
  ["GET", "/v2/%61lpha/a%2Eb%2Dc/tags/list", { kind: "tags.list", repository: "alpha/a.b-c" }],
  ["GET", "/v2/alpha/app/%74ags/lis%74", { kind: "tags.list", repository: "alpha/app" }],
  ["GET", "/v2/%5Fcatalog", { kind: "catalog" }],
  [
    "PUT",
    "/v2/alpha%2Fapp/manifests/1%2E0%2Drc%5F1",
    { kind: "manifest.put-by-tag", repository: "alpha/app", tag: "1.0-rc_1" },
  ],
  [
    "PATCH",
    "/v2/alpha/app/blobs/uploads/a%2Db",
    { kind: "upload.continue", repository: "alpha/app", session: "a-b" },
  ],
  ["GET", "/v2/tags/tags/list", { kind: "tags.list", repository: "tags" }],
  ["GET", "/v2/a/tags/list/tags/list", { kind: "tags.list", repository: "a/tags/list" }],
  ["GET", "/v2/a/blobs/tags/list", { kind: "tags.list", repository: "a/blobs" }],
  ["GET", "/v2/a/blobs/uploads/tags/list", { kind: "tags.list", repository: "a/blobs/uploads" }],
  [
    "GET",
    "/v2/blobs/uploads/manifests/1.0",
    { kind: "manifest.read", repository: "blobs/uploads", reference: { tag: "1.0" } },
  ],
  [
    "PUT",
    "/v2/manifests/manifests/manifests/manifests",
    { kind: "manifest.put-by-tag", repository: "manifests/manifests", tag: "manifests" },
  ],
  [
    "GET",
    "/v2/a/manifests/blobs/manifests/tags",
    { kind: "manifest.read", repository: "a/manifests/blobs", reference: { tag: "tags" } },
  ],
  [
    "POST",
    "/v2/uploads/blobs/uploads/",
    { kind: "upload.start", repository: "uploads", mount: null },
  ],
  [
    "PATCH",
    "/v2/a/blobs/uploads/blobs/uploads/list",
    { kind: "upload.continue", repository: "a/blobs/uploads", session: "list" },
  ],
  [
    "GET",
    `/v2/${LONG_NAME}/blobs/${SHA256}`,
    { kind: "blob.read", repository: LONG_NAME, digest: SHA256 },
  ],
];

const MOUNTS: readonly (readonly [what: string, query: string, mount: object | null])[] = [
  [
    "one digest and one source",
    `mount=${SHA256}&from=alpha/base`,
    { from: "alpha/base", digest: SHA256 },
  ],
  [
    "both percent-encoded",
    `mount=${ENCODED}&from=alpha%2Fbase`,
    { from: "alpha/base", digest: SHA256 },
  ],
  ["a digest and no source", `mount=${SHA256}`, null],
  ["a source and no digest", "from=alpha/base", null],
  ["two digests", `mount=${SHA256}&mount=${SHA512}&from=alpha/base`, null],
  ["two sources", `mount=${SHA256}&from=alpha/base&from=beta/secret`, null],
  ["the same source twice", `mount=${SHA256}&from=alpha/base&from=alpha/base`, null],
  ["a malformed digest", "mount=sha256:abc&from=alpha/base", null],
  ["a malformed source", `mount=${SHA256}&from=alpha/../beta`, null],
  ["an empty source", `mount=${SHA256}&from=`, null],
];

/** One row: what is asked, and how it is refused. */
const REFUSED: readonly (readonly [method: string, target: string, code: FaultCode])[] = [
  ["GET", "/v2/alpha/../beta/manifests/1.0", "NAME_INVALID"],
  ["PUT", "/v2/alpha/../beta/manifests/1.0", "NAME_INVALID"],
  ["GET", "/v2/../v2/alpha/app/manifests/1.0", "NAME_INVALID"],
  ["GET", "/v2/alpha/./app/manifests/1.0", "NAME_INVALID"],
  ["GET", "/v2/alpha/%2e%2e/beta/manifests/1.0", "NAME_INVALID"],
  ["GET", "/v2/alpha/%2E%2E/beta/tags/list", "NAME_INVALID"],
  ["GET", "/v2/alpha%252Fapp/manifests/1.0", "NAME_INVALID"],
  ["GET", "/v2/alpha%2F..%2Fapp/manifests/1.0", "NAME_INVALID"],
  ["GET", "/v2/alpha%2F%2Fapp/tags/list", "NAME_INVALID"],
  ["GET", "/v2/%2Falpha/tags/list", "NAME_INVALID"],
  ["GET", "/v2/alpha%2F/tags/list", "NAME_INVALID"],
  ["GET", "/v2/alpha%3Fx/tags/list", "NAME_INVALID"],
  ["GET", "/v2/alpha%00/tags/list", "NAME_INVALID"],
  ["GET", "/v2/%C3%A4/tags/list", "NAME_INVALID"],
  ["GET", "/v2/alpha%2Fapp%2Fmanifests%2F1.0", "NAME_INVALID"],
  ["GET", "/v2/alpha/app%2Ftags%2Flist", "NAME_INVALID"],
  ["GET", "/v2//alpha/app/manifests/1.0", "NAME_INVALID"],
  ["GET", "/v2/alpha//app/manifests/1.0", "NAME_INVALID"],
  ["GET", "/v2/alpha/app//manifests/1.0", "NAME_INVALID"],
  ["GET", "/v2/alpha/app/manifests//1.0", "NAME_INVALID"],
  ["GET", "/v2//", "NAME_INVALID"],
  ["GET", "/v2/alpha/app/", "NAME_INVALID"],
  ["GET", "/v2/alpha/app/tags/list/", "NAME_INVALID"],
  ["GET", "/v2/_catalog/", "NAME_INVALID"],
  ["GET", "/v2/..", "NAME_INVALID"],
  ["GET", "/v2/.", "NAME_INVALID"],
  ["GET", "/v2/alpha%2525", "NAME_INVALID"],
  ["POST", "/v2/alpha/app/uploads/", "NAME_INVALID"],
  ["POST", "/v2/alpha/blobs/other/", "NAME_INVALID"],
  ["GET", "/v2/%2e%2e", "NAME_INVALID"],
  ["GET", "/v2/Alpha/app/manifests/1.0", "NAME_INVALID"],
  ["GET", "/v2/alpha/app;v=1/manifests/1.0", "NAME_INVALID"],
  ["GET", "/v2/alpha\\app/manifests/1.0", "NAME_INVALID"],
  ["GET", "/v2/alpha/app#/manifests/1.0", "NAME_INVALID"],
  ["GET", `/v2/${LONG_NAME}b/manifests/1.0`, "NAME_INVALID"],
  ["PUT", `/v2/${"a/".repeat(5_000)}app/manifests/1.0`, "NAME_INVALID"],
  ["GET", "/v2/manifests/1.0", "NAME_INVALID"],
  ["GET", "/v2/tags/list", "NAME_INVALID"],
  ["POST", "/v2/blobs/uploads/", "NAME_INVALID"],
  ["GET", `/v2/blobs/${SHA256}`, "NAME_INVALID"],
  ["GET", `/v2/referrers/${SHA256}`, "NAME_INVALID"],

  ["GET", "/v2/_oci/tag-history/1.0", "NAME_INVALID"],
  ["GET", "/v2/_wharfinger/tags/list", "NAME_INVALID"],
  ["GET", "/v2/Alpha/_oci/ext/discover", "NAME_INVALID"],
  ["GET", "/v2/alpha/_oci/tags/list", "NAME_INVALID"],

  ["GET", "/v2/alpha/app/_oci/tag-history/", "TAG_NAME_INVALID"],
  ["GET", "/v2/alpha/app/_oci/tag-history/.hidden", "TAG_NAME_INVALID"],
  ["GET", "/v2/alpha/app/manifests/", "TAG_NAME_INVALID"],
  ["PUT", "/v2/alpha/app/manifests/.hidden", "TAG_NAME_INVALID"],
  ["PUT", "/v2/alpha/app/manifests/..", "TAG_NAME_INVALID"],
  ["PUT", "/v2/alpha/app/manifests/%2e%2e", "TAG_NAME_INVALID"],
  ["PUT", "/v2/alpha/app/manifests/1%252E0", "TAG_NAME_INVALID"],
  ["PUT", "/v2/alpha/app/manifests/1%2F0", "TAG_NAME_INVALID"],
  ["PUT", "/v2/alpha/app/manifests/1.0%00", "TAG_NAME_INVALID"],
  ["PUT", `/v2/alpha/app/manifests/${"t".repeat(129)}`, "TAG_NAME_INVALID"],
  ["DELETE", "/v2/alpha/app/manifests/-rc", "TAG_NAME_INVALID"],

  ["GET", "/v2/alpha/app/manifests/sha256:abc", "DIGEST_INVALID"],
  ["PUT", `/v2/alpha/app/manifests/${SHA256}0`, "DIGEST_INVALID"],
  ["PUT", "/v2/alpha/app/manifests/1.0%3Alatest", "DIGEST_INVALID"],
  ["GET", `/v2/alpha/app/manifests/${SHA256.replace(":", "%253A")}`, "TAG_NAME_INVALID"],
  ["GET", "/v2/alpha/app/blobs/", "DIGEST_INVALID"],
  ["GET", "/v2/alpha/app/blobs/latest", "DIGEST_INVALID"],
  ["GET", `/v2/alpha/app/blobs/md5:${"0".repeat(32)}`, "DIGEST_INVALID"],
  ["GET", `/v2/alpha/app/blobs/${SHA256.toUpperCase()}`, "DIGEST_INVALID"],
  ["DELETE", "/v2/alpha/app/blobs/..", "DIGEST_INVALID"],
  ["GET", "/v2/alpha/app/referrers/latest", "DIGEST_INVALID"],

  ["PATCH", "/v2/alpha/app/blobs/uploads/..", "UPLOAD_INVALID"],
  ["PUT", "/v2/alpha/app/blobs/uploads/.", "UPLOAD_INVALID"],
  ["DELETE", "/v2/alpha/app/blobs/uploads/%2e%2e", "UPLOAD_INVALID"],
  ["PATCH", "/v2/alpha/app/blobs/uploads/a%2Fb", "UPLOAD_INVALID"],
  ["PATCH", "/v2/alpha/app/blobs/uploads/a:b", "UPLOAD_INVALID"],
  ["PATCH", `/v2/alpha/app/blobs/uploads/${"s".repeat(129)}`, "UPLOAD_INVALID"],

  ["GET", "/v2/alpha%zz/app/tags/list", "REQUEST_INVALID"],
  ["GET", "/v2/alpha/app/manifests/1%", "REQUEST_INVALID"],
  ["GET", "/v2/alpha/app/manifests/%ff", "REQUEST_INVALID"],
  ["GET", "/v2/alpha/%C0%AE%C0%AE/tags/list", "REQUEST_INVALID"],

  ["GET", "/v2/alpha/app", "ROUTE_UNKNOWN"],
  ["GET", "/v2/alpha/app/tags", "ROUTE_UNKNOWN"],
  ["GET", "/v2/alpha/app/tags/1.0", "ROUTE_UNKNOWN"],
  ["GET", "/v2/alpha/app/manifests/1.0/config", "ROUTE_UNKNOWN"],
  ["GET", "/v2/_catalogue", "ROUTE_UNKNOWN"],
  ["GET", "/v2/alpha/app/_other/ext/discover", "ROUTE_UNKNOWN"],
  ["GET", "/v2/alpha/app/_oci/other/1.0", "ROUTE_UNKNOWN"],
  ["GET", "/v2/alpha/app/_oci/other/discover", "ROUTE_UNKNOWN"],
  ["GET", "/v2/alpha/app/_oci/ext/other", "ROUTE_UNKNOWN"],
  ["GET", "/v2/alpha/app/other/ext/discover", "ROUTE_UNKNOWN"],
  ["GET", "/v2/alpha/app/other/tag-history/1.0", "ROUTE_UNKNOWN"],
  ["GET", "/v2/alpha/app/_wharfinger/other/list", "ROUTE_UNKNOWN"],
  ["GET", "/v2/alpha/app/_wharfinger/tags/other", "ROUTE_UNKNOWN"],
  ["PATCH", `/v2/alpha/app/uploads/${SESSION}`, "ROUTE_UNKNOWN"],
  ["PATCH", `/v2/alpha/blobs/other/${SESSION}`, "ROUTE_UNKNOWN"],

  ["POST", "/v2/", "METHOD_UNSUPPORTED"],
  ["DELETE", "/v2/", "METHOD_UNSUPPORTED"],
  ["POST", "/v2/_catalog", "METHOD_UNSUPPORTED"],
  ["PUT", "/v2/_oci/ext/discover", "METHOD_UNSUPPORTED"],
  ["DELETE", "/v2/alpha/app/_oci/tag-history/1.0", "METHOD_UNSUPPORTED"],
  ["PUT", "/v2/alpha/app/tags/list", "METHOD_UNSUPPORTED"],
  ["DELETE", "/v2/alpha/app/tags/list", "METHOD_UNSUPPORTED"],
  ["POST", `/v2/alpha/app/referrers/${SHA256}`, "METHOD_UNSUPPORTED"],
  ["POST", "/v2/alpha/app/manifests/1.0", "METHOD_UNSUPPORTED"],
  ["PATCH", "/v2/alpha/app/manifests/1.0", "METHOD_UNSUPPORTED"],
  ["OPTIONS", "/v2/alpha/app/manifests/1.0", "METHOD_UNSUPPORTED"],
  ["PROPFIND", "/v2/alpha/app/manifests/1.0", "METHOD_UNSUPPORTED"],
  ["get", "/v2/alpha/app/manifests/1.0", "METHOD_UNSUPPORTED"],
  ["PUT", `/v2/alpha/app/blobs/${SHA256}`, "METHOD_UNSUPPORTED"],
  ["GET", "/v2/alpha/app/blobs/uploads/", "METHOD_UNSUPPORTED"],
  ["PUT", "/v2/alpha/app/blobs/uploads/", "METHOD_UNSUPPORTED"],
  ["POST", `/v2/alpha/app/blobs/uploads/${SESSION}`, "METHOD_UNSUPPORTED"],
];

describe("requests to the registry API", () => {
  test.each(UNDERSTOOD)("%s %s is understood", (method, target, request) => {
    expect(parseRegistryRequest(method, target)).toEqual(request);
  });

  test.each(REFUSED)("%s %s is refused with %s", (method, target, code) => {
    expect(refusalOf(method, target).code).toBe(code);
  });

  test.each([
    [
      "/v2/alpha%252Fapp/tags/list",
      "invalid repository name: % is left after it was percent-decoded once",
    ],
    [
      "/v2/alpha/app/manifests/1%252E0",
      "invalid tag name: % is left after it was percent-decoded once",
    ],
    [
      "/v2/alpha/app%2Ftags%2Flist",
      "invalid repository name: an encoded slash is a part of a name, not of the path",
    ],
    ["/v2/alpha/app%zz/tags/list", "the path cannot be percent-decoded"],
  ])("%s: the client is told what is wrong with its encoding", (target, message) => {
    expect(refusalOf("GET", target).message).toBe(message);
  });

  test.each(MOUNTS)("a mount with %s is read as meant, or as none", (_what, query, mount) => {
    expect(parseRegistryRequest("POST", `/v2/alpha/app/blobs/uploads/?${query}`)).toEqual({
      kind: "upload.start",
      repository: "alpha/app",
      mount,
    });
  });

  test("a method that does not fit is refused together with the methods that would", () => {
    expect(refusalOf("POST", "/v2/alpha/app/manifests/1.0").headers).toEqual({
      Allow: "GET, HEAD, PUT, DELETE",
    });
  });

  test("whatever is understood reads as the very path it came from", () => {
    fc.assert(
      fc.property(
        requests(),
        fc.constantFrom("", "?", "?n=1", "?a=/v2/x/manifests/y"),
        (text, query) => {
          const [method, path] = text;
          const request = parseRegistryRequest(method, path + query);
          expect([path, path.replace(/%3A/i, ":")]).toContain(pathOf(request));
        },
      ),
    );
  });

  test("any text is either understood as its own path, or refused as a fault of the client", () => {
    const segment = fc.oneof(
      fc.constantFrom(
        "alpha",
        "blobs",
        "uploads",
        "manifests",
        "tags",
        "list",
        "_catalog",
        "referrers",
      ),
      fc.constantFrom("", ".", "..", "%2e%2e", "%2F", "\\", ";", SHA256, ENCODED, SESSION, "1.0"),
      fc.string({ maxLength: 12 }),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...ANY_METHOD),
        fc.array(segment, { maxLength: 7 }),
        (method, segments) => {
          const target = `/v2/${segments.join("/")}`;
          const outcome = outcomeOf(method, target);
          if (outcome instanceof Fault) return;
          const path = target.split("?")[0] ?? "";
          expect([path, `${path}/`].map(decodeURIComponent)).toContain(pathOf(outcome));
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

/** Well-formed requests of every kind. */
function requests(): fc.Arbitrary<[method: string, path: string]> {
  const digest = fc
    .tuple(digests(), fc.boolean())
    .map(([text, encoded]) => (encoded ? text.replace(":", "%3A") : text));
  const session = fc.uuid();
  const read = fc.constantFrom("GET", "HEAD");
  const below = (method: fc.Arbitrary<string>, rest: fc.Arbitrary<string>) =>
    fc
      .tuple(method, repositoryNames(), rest)
      .map(([verb, name, tail]): [string, string] => [verb, `/v2/${name}/${tail}`]);
  return fc.oneof(
    fc.constantFrom<[string, string]>(
      ["GET", "/v2/"],
      ["GET", "/v2/_catalog"],
      ["GET", "/v2/_oci/ext/discover"],
    ),
    below(read, fc.constantFrom("tags/list", "_oci/ext/discover", "_wharfinger/tags/list")),
    below(
      read,
      tags().map((tag) => `_oci/tag-history/${tag}`),
    ),
    below(
      read,
      digest.map((text) => `referrers/${text}`),
    ),
    below(
      fc.constantFrom("GET", "PUT", "DELETE"),
      tags().map((tag) => `manifests/${tag}`),
    ),
    below(
      fc.constantFrom("GET", "PUT", "DELETE"),
      digest.map((text) => `manifests/${text}`),
    ),
    below(
      fc.constantFrom("GET", "DELETE"),
      digest.map((text) => `blobs/${text}`),
    ),
    below(fc.constant("POST"), fc.constant("blobs/uploads/")),
    below(
      fc.constantFrom("PATCH", "PUT", "GET", "DELETE"),
      session.map((id) => `blobs/uploads/${id}`),
    ),
  );
}

/** The path by which a request would be asked for. */
function pathOf(request: RegistryRequest): string {
  switch (request.kind) {
    case "base":
      return "/v2/";
    case "catalog":
      return "/v2/_catalog";
    case "extensions.list":
      return "/v2/_oci/ext/discover";
    case "extensions.of":
      return `/v2/${request.repository}/_oci/ext/discover`;
    case "tag.history":
      return `/v2/${request.repository}/_oci/tag-history/${request.tag}`;
    case "tags.described":
      return `/v2/${request.repository}/_wharfinger/tags/list`;
    case "tags.list":
      return `/v2/${request.repository}/tags/list`;
    case "referrers.list":
      return `/v2/${request.repository}/referrers/${request.digest}`;
    case "manifest.read":
    case "manifest.delete":
      return `/v2/${request.repository}/manifests/${request.reference.tag ?? request.reference.digest}`;
    case "manifest.put-by-tag":
      return `/v2/${request.repository}/manifests/${request.tag}`;
    case "manifest.put-by-digest":
      return `/v2/${request.repository}/manifests/${request.digest}`;
    case "blob.read":
    case "blob.delete":
      return `/v2/${request.repository}/blobs/${request.digest}`;
    case "upload.start":
      return `/v2/${request.repository}/blobs/uploads/`;
    case "upload.continue":
    case "upload.status":
    case "upload.cancel":
      return `/v2/${request.repository}/blobs/uploads/${request.session}`;
  }
}

function outcomeOf(method: string, target: string): RegistryRequest | Fault {
  try {
    return parseRegistryRequest(method, target);
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}

function refusalOf(method: string, target: string): Fault {
  const outcome = outcomeOf(method, target);
  if (outcome instanceof Fault) return outcome;
  throw new Error(`not refused but understood as ${JSON.stringify(outcome)}`);
}
