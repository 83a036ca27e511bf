import { isDigest } from "#registry-protocol/digest.js";
import type { ExtensionRequest } from "#registry-protocol/extension-request.js";
import { Fault } from "#registry-protocol/faults.js";
import type { Reference, RegistryRequest } from "#registry-protocol/request.js";

/** What stock registries know how to answer. */
export type StockRequest = Exclude<RegistryRequest, ExtensionRequest>;

const MOST_VALUE_CHARACTERS = 8 * 1024;
/** What a name that a list goes on from can be made of; the longest is a repository's. */
const LIST_POSITION = /^[\x20-\x7e]{1,255}$/;
/** A page of a list holds so many names at most; who asks for more gets a `Link` to the rest. */
export const MOST_LISTED = 1_000;
/** As many digits as JavaScript counts exactly. */
const COUNT = /^\d{1,15}$/;
/** RFC 6838 section 4.2, with parameters. */
const MEDIA_TYPE = /^[\x21-\x7e][\x20-\x7e]{0,254}$/;
/** The state of an upload is the registry's own, in whatever alphabet; it is carried value for value. */
const OPAQUE = new RegExp(`^[\\x21-\\x7e]{1,${MOST_VALUE_CHARACTERS}}$`);

/**
 * @param request - what was understood
 * @param method - HTTP method of the request
 * @param query - parameters as the client gave them, decoded
 * @returns target of the upstream request: path from the parsed values, query from the parameters that
 *   stock registries read for this kind of request (distribution 2.8 and 3.x), and nothing else
 * @throws Fault PAGE_INVALID, DIGEST_INVALID, UPLOAD_INVALID or REQUEST_INVALID for a parameter that is not of its form
 */
export function registryTarget(
  request: StockRequest,
  method: string,
  query: URLSearchParams,
): string {
  const text = registryQuery(request, method, query);
  return text === "" ? registryPath(request) : `${registryPath(request)}?${text}`;
}

/**
 * @param request - what was understood
 * @param method - HTTP method of the request
 * @param query - parameters as the client gave them, decoded
 * @returns query of the upstream request, without the question mark; see {@link registryTarget}
 * @throws Fault as {@link registryTarget}
 */
function registryQuery(request: StockRequest, method: string, query: URLSearchParams): string {
  switch (request.kind) {
    case "catalog":
    case "tags.list":
      return write(page(query));
    case "referrers.list":
      return write({ artifactType: valueOf(query, "artifactType", MEDIA_TYPE), ...page(query) });
    case "upload.start":
      return write({
        mount: request.mount?.digest,
        from: request.mount?.from,
        digest: digestIn(query),
      });
    case "upload.continue":
      return write({
        _state: stateIn(query),
        digest: method === "PUT" ? digestIn(query) : undefined,
      });
    case "upload.status":
    case "upload.cancel":
      return write({ _state: stateIn(query) });
    case "base":
    case "manifest.read":
    case "manifest.put-by-tag":
    case "manifest.put-by-digest":
    case "manifest.delete":
    case "blob.read":
    case "blob.delete":
      return "";
  }
}

function registryPath(request: StockRequest): string {
  switch (request.kind) {
    case "base":
      return "/v2/";
    case "catalog":
      return "/v2/_catalog";
    case "tags.list":
      return `/v2/${request.repository}/tags/list`;
    case "referrers.list":
      return `/v2/${request.repository}/referrers/${request.digest}`;
    case "manifest.read":
    case "manifest.delete":
      return `/v2/${request.repository}/manifests/${segment(request.reference)}`;
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

function segment(reference: Reference): string {
  return reference.tag ?? reference.digest;
}

/** How a client goes through a list; the registry's `Link` names the same two. */
function page(query: URLSearchParams): Record<"n" | "last", string | undefined> {
  const n = given(query, "n");
  if (n !== undefined && !COUNT.test(n))
    throw new Fault("PAGE_INVALID", { detail: { n: n.slice(0, 40) } });
  const most = n === undefined ? undefined : String(Math.min(Number(n), MOST_LISTED));
  return { n: most, last: valueOf(query, "last", LIST_POSITION) };
}

/**
 * @param query - parameters of a request for a list, decoded
 * @returns how many names are asked for at most, and after which; `null` where nothing is said
 * @throws Fault PAGE_INVALID or REQUEST_INVALID for a parameter that is not of its form
 */
export function askedPage(query: URLSearchParams): {
  readonly most: number | null;
  readonly after: string | null;
} {
  const { n, last } = page(query);
  return { most: n === undefined ? null : Number(n), after: last ?? null };
}

/**
 * @param query - parameters of a request for a list of referrers, decoded
 * @returns as {@link askedPage}, and of which kind; `null`: of any
 * @throws Fault as {@link askedPage}
 */
export function askedReferrers(
  query: URLSearchParams,
): ReturnType<typeof askedPage> & { readonly artifactType: string | null } {
  return { ...askedPage(query), artifactType: valueOf(query, "artifactType", MEDIA_TYPE) ?? null };
}

function digestIn(query: URLSearchParams): string | undefined {
  const digest = given(query, "digest");
  if (digest === undefined || isDigest(digest)) return digest;
  throw new Fault("DIGEST_INVALID", { detail: { digest: digest.slice(0, 160) } });
}

function stateIn(query: URLSearchParams): string | undefined {
  const state = given(query, "_state");
  if (state === undefined || OPAQUE.test(state)) return state;
  throw new Fault("UPLOAD_INVALID", { message: "invalid state of an upload session" });
}

function valueOf(query: URLSearchParams, name: string, form: RegExp): string | undefined {
  const value = given(query, name);
  if (value === undefined || form.test(value)) return value;
  throw new Fault("REQUEST_INVALID", { message: `the parameter ${name} is not valid` });
}

/** Of several values stock registries take the first, and an empty one for none. */
function given(query: URLSearchParams, name: string): string | undefined {
  const value = query.get(name);
  return value === null || value === "" ? undefined : value;
}

function write(parameters: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(parameters)
    .flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
    )
    .join("&");
}
