import type { IncomingMessage, ServerResponse } from "node:http";
import { Fault } from "#registry-protocol/faults.js";
import { JsonProblem } from "#registry-protocol/json/json-value.js";
import type { ManifestBounds } from "#registry-protocol/manifest/bounds.js";
import type { Manifest } from "#registry-protocol/manifest/manifest.js";
import { readManifest } from "#registry-protocol/manifest/read-manifest.js";
import { readSmallBody, type SmallBodyLimits } from "#service-kit/http/small-body.js";
import { inSlices } from "#service-kit/in-slices.js";

/** The registry's own limit (OCI distribution-spec, section "Pushing Manifests"). */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

/** The largest manifest takes as long on a line of 280 kbit/s; no builder's is a tenth as large. */
export const MANIFEST_LIMITS: SmallBodyLimits = {
  maxBytes: MAX_MANIFEST_BYTES,
  totalMilliseconds: 120_000,
  leastBytesPerSecond: 1_024,
};

/**
 * Takes the body of a request, unless it says itself that it is too large, and reads it.
 *
 * @param req - request whose body is a manifest
 * @param res - its answer; tells a client that waits with the body to send it
 * @param bounds - how much the manifest may name
 * @returns the body's bytes exactly as received, and what they say
 * @throws Fault MANIFEST_TOO_LARGE, BODY_TOO_SLOW, MANIFEST_INVALID when not every reader would understand it and
 *   in the same way, or BODY_INCOMPLETE when the connection ended early
 */
export async function readManifestBody(
  req: IncomingMessage,
  res: ServerResponse,
  bounds: ManifestBounds,
): Promise<{ readonly content: Buffer; readonly reading: Manifest }> {
  const content = await readSmallBody(req, res, MANIFEST_LIMITS).catch(asManifestFault);
  const contentType = req.headers["content-type"] ?? "";
  const reading = await inSlices(readManifest(content, contentType, bounds)).catch(asInvalid);
  return { content, reading };
}

function asManifestFault(error: unknown): never {
  if (error instanceof Fault && error.code === "BODY_TOO_LARGE")
    throw new Fault("MANIFEST_TOO_LARGE");
  throw error;
}

function asInvalid(error: unknown): never {
  if (!(error instanceof JsonProblem)) throw error;
  throw new Fault("MANIFEST_INVALID", { message: `manifest invalid: ${error.message}` });
}
