import { isDigest, parseDigest, type Digest } from "./digest.js";
import { extensionRequest, type ExtensionRequest } from "./extension-request.js";
import { Fault } from "./faults.js";
import { segmentsOf, splitTarget } from "./path.js";
import { parseRepositoryName, type RepositoryName } from "./repository-name.js";
import { parseTag, type Tag } from "./tag.js";

/** What a manifest is addressed by. */
export type Reference =
  | { readonly tag: Tag; readonly digest?: never }
  | { readonly digest: Digest; readonly tag?: never };

/** A request to the registry API, as the gateway understood it (OCI distribution-spec, "Endpoints"). */
export type RegistryRequest =
  | ExtensionRequest
  | { readonly kind: "base" }
  | { readonly kind: "catalog" }
  | { readonly kind: "tags.list"; readonly repository: RepositoryName }
  | {
      readonly kind: "referrers.list";
      readonly repository: RepositoryName;
      readonly digest: Digest;
    }
  | {
      readonly kind: "manifest.read";
      readonly repository: RepositoryName;
      readonly reference: Reference;
    }
  | { readonly kind: "manifest.put-by-tag"; readonly repository: RepositoryName; readonly tag: Tag }
  | {
      readonly kind: "manifest.put-by-digest";
      readonly repository: RepositoryName;
      readonly digest: Digest;
    }
  | {
      readonly kind: "manifest.delete";
      readonly repository: RepositoryName;
      readonly reference: Reference;
    }
  | { readonly kind: "blob.read"; readonly repository: RepositoryName; readonly digest: Digest }
  | { readonly kind: "blob.delete"; readonly repository: RepositoryName; readonly digest: Digest }
  | {
      readonly kind: "upload.start";
      readonly repository: RepositoryName;
      readonly mount: { readonly from: RepositoryName; readonly digest: Digest } | null;
    }
  | {
      readonly kind: "upload.continue";
      readonly repository: RepositoryName;
      readonly session: string;
    }
  | {
      readonly kind: "upload.status";
      readonly repository: RepositoryName;
      readonly session: string;
    }
  | {
      readonly kind: "upload.cancel";
      readonly repository: RepositoryName;
      readonly session: string;
    };

/** Name of one kind of request; also the route's name in logs and metrics. */
export type RequestKind = RegistryRequest["kind"];

/** Identifier of an upload session: what the registry's own routes accept and its storage has names for. */
const UPLOAD_SESSION = /^(?!\.{1,2}$)[a-zA-Z0-9\-_.]{1,128}$/;

/**
 * Understands a request once, from its raw target, before anything acts on it. Paths whose reading
 * could differ between two programs (dot segments, empty segments, what is encoded twice) are refused.
 *
 * @param method - HTTP method
 * @param target - request target exactly as received, beginning with `/v2/`
 * @returns what is asked for
 * @throws Fault NAME_INVALID, TAG_NAME_INVALID, DIGEST_INVALID, UPLOAD_INVALID, ROUTE_UNKNOWN,
 *   METHOD_UNSUPPORTED, or REQUEST_INVALID when it cannot be decoded
 */
export function parseRegistryRequest(method: string, target: string): RegistryRequest {
  const { path, query } = splitTarget(target);
  if (path === "/v2/" || path === "/v2") return readOnly(method, { kind: "base" });
  const segments = segmentsOf(path.slice("/v2/".length));
  const [third, second, last] = [segments.at(-3), segments.at(-2), segments.at(-1) ?? ""];
  const before = (count: number) => parseRepositoryName(segments.slice(0, -count).join("/"));
  const extension = extensionRequest(segments);

  if (extension !== null) return readOnly(method, extension);
  if (segments.length === 1 && last === "_catalog") return readOnly(method, { kind: "catalog" });
  if (second === "tags" && last === "list")
    return readOnly(method, { kind: "tags.list", repository: before(2) });
  if (second === "manifests") return manifestRequest(method, before(2), last);
  if (second === "referrers")
    return readOnly(method, {
      kind: "referrers.list",
      repository: before(2),
      digest: parseDigest(last),
    });
  if (second === "blobs" && last === "uploads") return uploadStart(method, before(2), query);
  if (third === "blobs" && second === "uploads" && last === "")
    return uploadStart(method, before(3), query);
  if (third === "blobs" && second === "uploads") return uploadRequest(method, before(3), last);
  if (second === "blobs") return blobRequest(method, before(2), parseDigest(last));
  return refuseUnknownRoute(segments);
}

function readOnly<T extends RegistryRequest>(method: string, request: T): T {
  if (method !== "GET" && method !== "HEAD") throw unsupported(method, "GET, HEAD");
  return request;
}

function manifestRequest(method: string, repository: RepositoryName, raw: string): RegistryRequest {
  const reference = parseReference(raw);
  switch (method) {
    case "GET":
    case "HEAD":
      return { kind: "manifest.read", repository, reference };
    case "PUT":
      return reference.tag === undefined
        ? { kind: "manifest.put-by-digest", repository, digest: reference.digest }
        : { kind: "manifest.put-by-tag", repository, tag: reference.tag };
    case "DELETE":
      return { kind: "manifest.delete", repository, reference };
    default:
      throw unsupported(method, "GET, HEAD, PUT, DELETE");
  }
}

function blobRequest(method: string, repository: RepositoryName, digest: Digest): RegistryRequest {
  switch (method) {
    case "GET":
    case "HEAD":
      return { kind: "blob.read", repository, digest };
    case "DELETE":
      return { kind: "blob.delete", repository, digest };
    default:
      throw unsupported(method, "GET, HEAD, DELETE");
  }
}

function uploadStart(method: string, repository: RepositoryName, query: string): RegistryRequest {
  if (method !== "POST") throw unsupported(method, "POST");
  return { kind: "upload.start", repository, mount: parseMount(new URLSearchParams(query)) };
}

function uploadRequest(method: string, repository: RepositoryName, raw: string): RegistryRequest {
  if (!UPLOAD_SESSION.test(raw))
    throw new Fault("UPLOAD_INVALID", { message: "invalid upload session" });
  switch (method) {
    case "PATCH":
    case "PUT":
      return { kind: "upload.continue", repository, session: raw };
    case "GET":
    case "HEAD":
      return { kind: "upload.status", repository, session: raw };
    case "DELETE":
      return { kind: "upload.cancel", repository, session: raw };
    default:
      throw unsupported(method, "GET, HEAD, PATCH, PUT, DELETE");
  }
}

/** A mount that cannot be understood, or that names two sources, is none: the push then uploads. */
function parseMount(
  query: URLSearchParams,
): { readonly from: RepositoryName; readonly digest: Digest } | null {
  const [mounts, sources] = [query.getAll("mount"), query.getAll("from")];
  const [digest, from] = [mounts[0], sources[0]];
  if (mounts.length !== 1 || sources.length !== 1 || digest === undefined || from === undefined)
    return null;
  if (!isDigest(digest)) return null;
  try {
    return { from: parseRepositoryName(from), digest };
  } catch {
    return null;
  }
}

function parseReference(raw: string): Reference {
  return raw.includes(":") ? { digest: parseDigest(raw) } : { tag: parseTag(raw) };
}

/** A malformed name is the likelier mistake when the path at least looks like an endpoint's. */
function refuseUnknownRoute(segments: readonly string[]): never {
  if (segments.some((segment) => segment.includes("/")))
    throw new Fault("NAME_INVALID", {
      message: "invalid repository name: an encoded slash is a part of a name, not of the path",
    });
  const suspicious = segments.some((s) => s === "" || s === "." || s === ".." || s.includes("%"));
  if (suspicious) throw new Fault("NAME_INVALID");
  throw new Fault("ROUTE_UNKNOWN");
}

function unsupported(method: string, allowed: string): Fault {
  return new Fault("METHOD_UNSUPPORTED", {
    message: `the method ${method.slice(0, 20)} is not supported here`,
    headers: { Allow: allowed },
  });
}
