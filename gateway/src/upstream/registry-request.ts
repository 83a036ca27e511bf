import type { IncomingHttpHeaders } from "node:http";
import { Fault } from "#registry-protocol/faults.js";
import type { RequestKind } from "#registry-protocol/request.js";
import { markedUserAgent } from "./own-requests.js";
import { allowedHeaders, printableUserAgent } from "./client-headers.js";
import type { Framing } from "./client-framing.js";
import {
  foundBy,
  ownHeaders,
  type MadeBody,
  type MadeFor,
  type MadeMethod,
  type MadeRequest,
} from "./made-request.js";
import { rangeToAskFor } from "./byte-range.js";
import { registryTarget, type StockRequest } from "./registry-target.js";

/** Of a client's request, what was understood of it and what its kind may take over. */
export interface ClientRequest {
  readonly request: StockRequest;
  readonly method: MadeMethod;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly framing: Framing;
}

/** RFC 9110 section 13.1: a client that has the content already asks so. */
const CONDITIONS = [
  "If-Match",
  "If-None-Match",
  "If-Modified-Since",
  "If-Unmodified-Since",
] as const;

/**
 * Makes the registry's request from what was understood of a client's, and an allow-list of parameters and headers
 * per kind. Whatever else the client sent stays outside.
 *
 * @param client - the client's request
 * @param facts - what the gateway says itself
 * @param userAgentMark - by which the registry's reports of the gateway's requests are known, if they shall be
 * @returns the request, complete
 * @throws Fault as {@link registryTarget} and {@link allowedHeaders}
 */
export function registryRequest(
  client: ClientRequest,
  facts: MadeFor,
  userAgentMark?: string,
): MadeRequest {
  const { request, method, query, headers, framing } = client;
  const userAgent = printableUserAgent(headers);
  const named = userAgentMark === undefined ? userAgent : markedUserAgent(userAgent, userAgentMark);
  return {
    method,
    target: registryTarget(request, method, query),
    headers: {
      ...ownHeaders(facts),
      ...foundBy(facts.requestId),
      ...(named === undefined ? {} : { "User-Agent": named }),
      ...allowedHeaders(headers, takenOver(request.kind)),
      ...partOf(request.kind, method, headers),
      ...chunkOf(request.kind, headers),
      ...bodyType(request.kind, headers),
    },
    body: takesBody(request.kind) ? streamed(framing) : { kind: "none" },
  };
}

/**
 * @param kind - a kind of request
 * @returns whether a body belongs to it
 */
export function takesBody(kind: RequestKind): boolean {
  switch (kind) {
    case "manifest.put-by-tag":
    case "manifest.put-by-digest":
    case "upload.start":
    case "upload.continue":
      return true;
    case "base":
    case "extensions.list":
    case "extensions.of":
    case "catalog":
    case "tags.list":
    case "tags.described":
    case "tag.history":
    case "referrers.list":
    case "manifest.read":
    case "manifest.delete":
    case "blob.read":
    case "blob.delete":
    case "upload.status":
    case "upload.cancel":
      return false;
  }
}

/** What stock registries read of a client's headers; `Accept` decides between an image and an index. */
function takenOver(kind: StockRequest["kind"]): readonly string[] {
  switch (kind) {
    case "base":
    case "catalog":
    case "tags.list":
    case "referrers.list":
      return ["Accept"];
    case "manifest.read":
      return ["Accept", ...CONDITIONS];
    case "blob.read":
      return ["Accept", ...CONDITIONS];
    case "upload.continue":
    case "upload.start":
    case "upload.status":
    case "upload.cancel":
    case "manifest.put-by-tag":
    case "manifest.put-by-digest":
    case "manifest.delete":
    case "blob.delete":
      return [];
  }
}

/** Which part of a blob is wanted, and of which blob. */
function partOf(
  kind: RequestKind,
  method: string,
  headers: IncomingHttpHeaders,
): Partial<Record<"Range" | "If-Range", string>> {
  if (kind !== "blob.read") return {};
  const given = allowedHeaders(headers, ["Range", "If-Range"]);
  const range = rangeToAskFor(method, given.Range);
  return range === undefined ? {} : { ...given, Range: range };
}

/** 3.x answers 500 to what is not of this form (OCI distribution-spec, "Pushing a blob in chunks"); RFC 9110 has it longer. */
const CHUNK = /^(?:bytes )?(\d{1,15})-(\d{1,15})(?:\/(?:\*|\d{1,15}))?$/i;

function chunkOf(
  kind: RequestKind,
  headers: IncomingHttpHeaders,
): Partial<Record<"Content-Range", string>> {
  const chunk = kind === "upload.continue" ? chunkRange(headers) : null;
  return chunk === null ? {} : { "Content-Range": `${chunk.first}-${chunk.last}` };
}

/**
 * @param headers - headers of a request that brings a part of a blob
 * @returns which bytes it says it brings, both ends included; `null` when it does not say
 * @throws Fault REQUEST_INVALID when that is not of its form
 */
export function chunkRange(
  headers: IncomingHttpHeaders,
): { readonly first: number; readonly last: number } | null {
  const given = allowedHeaders(headers, ["Content-Range"])["Content-Range"];
  if (given === undefined) return null;
  const [, first, last] = CHUNK.exec(given.trim()) ?? [];
  if (first === undefined || last === undefined)
    throw new Fault("REQUEST_INVALID", { message: "Content-Range has to be <first>-<last>" });
  return { first: Number(first), last: Number(last) };
}

/**
 * The body of an upload is bytes. Named a form, the registry would read parameters from it, and before those of the
 * query: nobody has looked at them.
 */
function bodyType(kind: RequestKind, headers: IncomingHttpHeaders): Record<string, string> {
  if (kind !== "upload.start" && kind !== "upload.continue") return {};
  const type = headers["content-type"]?.trim().toLowerCase();
  return type === "application/octet-stream" ? { "Content-Type": type } : {};
}

function streamed(framing: Framing): MadeBody {
  switch (framing.kind) {
    case "none":
      return { kind: "none" };
    case "length":
      return framing.bytes === 0 ? { kind: "none" } : { kind: "streamed", length: framing.bytes };
    case "chunked":
      return { kind: "streamed", length: null };
  }
}
