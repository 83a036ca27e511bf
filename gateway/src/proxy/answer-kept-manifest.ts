import type { IncomingMessage, ServerResponse } from "node:http";
import type { Digest } from "#registry-protocol/digest.js";
import { acceptedTypes } from "#registry-protocol/manifest/default-image.js";
import type { KeptManifest } from "../ledger/kept-manifests.js";

/** Kinds that a stock registry gives by digest to whoever asks, and those that it gives only to who names them. */
const GIVEN_TO_ALL: ReadonlySet<string> = new Set([
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
]);
const GIVEN_BY_NAME: ReadonlySet<string> = new Set([
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.oci.image.index.v1+json",
]);

/**
 * What else stock registries do depends on their version: Docker's schema 1 is signed anew, and of OCI's kinds some are kept from
 * who does not name them. Those requests are theirs.
 *
 * @param manifest - what is asked for by digest
 * @param accept - `Accept` of who asks, if any
 * @returns whether every stock registry answers with these very bytes
 */
export function isGivenAsItIs({ mediaType }: KeptManifest, accept: string | undefined): boolean {
  if (GIVEN_TO_ALL.has(mediaType)) return true;
  return GIVEN_BY_NAME.has(mediaType) && acceptedTypes(accept).includes(mediaType);
}

/**
 * @param manifest - what is asked for by digest
 * @returns whether some stock registry answers with these very bytes, whatever is accepted
 */
export function isGivenBySome({ mediaType }: KeptManifest): boolean {
  return GIVEN_TO_ALL.has(mediaType) || GIVEN_BY_NAME.has(mediaType);
}

/**
 * Answers GET or HEAD of a manifest (OCI distribution-spec, "Pulling manifests"; RFC 9110 section 13.1.2).
 *
 * @param req - the request
 * @param res - its answer, not begun
 * @param manifest - what is asked for
 * @returns status of the answer
 */
export function answerKeptManifest(
  req: IncomingMessage,
  res: ServerResponse,
  { digest, mediaType, content, text }: KeptManifest,
): 200 | 304 {
  res.setHeader("Docker-Content-Digest", digest);
  res.setHeader("ETag", `"${digest}"`);
  if (hasIt(req.headers["if-none-match"], digest)) {
    res.statusCode = 304;
    res.end();
    return 304;
  }
  res.setHeader("Content-Type", mediaType);
  res.setHeader("Content-Length", content.length);
  res.setHeader("X-Content-Type-Options", "nosniff");
  res.statusCode = 200;
  if (req.method === "HEAD") res.end();
  else if (text === null) res.end(content);
  else res.end(text, "latin1");
  return 200;
}

/** Stock registries take the digest without quotes, too. */
function hasIt(condition: string | undefined, digest: Digest): boolean {
  if (condition === undefined) return false;
  const tags = condition.split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return tags.some((tag) => tag === `"${digest}"` || tag === digest);
}
