import type { IncomingMessage, ServerResponse } from "node:http";
import { Fault } from "#registry-protocol/faults.js";
import { readSmallBody, type SmallBodyLimits } from "#service-kit/http/small-body.js";
import { malformedDigest } from "../ledger/manifest-references.js";

/** The registry's own limit (OCI distribution-spec, section "Pushing Manifests"). */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

/** The largest manifest takes as long on a line of 280 kbit/s; no builder's is a tenth as large. */
const MANIFEST_LIMITS: SmallBodyLimits = {
  maxBytes: MAX_MANIFEST_BYTES,
  totalMilliseconds: 120_000,
  leastBytesPerSecond: 1_024,
};

const MOST_DETAIL_CHARACTERS = 80;

/**
 * Takes the body of a request, unless it says itself that it is too large.
 *
 * @param req - request whose body is a manifest
 * @param res - its answer; tells a client that waits with the body to send it
 * @returns the body's bytes exactly as received
 * @throws Fault MANIFEST_TOO_LARGE, BODY_TOO_SLOW, MANIFEST_INVALID when it is no manifest at all, or
 *   BODY_INCOMPLETE when the connection ended early
 */
export async function readManifestBody(req: IncomingMessage, res: ServerResponse): Promise<Buffer> {
  const content = await readSmallBody(req, res, MANIFEST_LIMITS).catch(asManifestFault);
  if (!isManifest(content)) throw new Fault("MANIFEST_INVALID");
  refuseMalformedDigest(content);
  return content;
}

function asManifestFault(error: unknown): never {
  if (error instanceof Fault && error.code === "BODY_TOO_LARGE")
    throw new Fault("MANIFEST_TOO_LARGE");
  throw error;
}

/** Stock registries answer 500 to an index with a digest that is none, which looks like an outage. */
function refuseMalformedDigest(content: Buffer): void {
  const digest = malformedDigest(content);
  if (digest === null) return;
  throw new Fault("MANIFEST_INVALID", {
    message: "manifest invalid: it holds a digest that is none",
    detail: { digest: digest.slice(0, MOST_DETAIL_CHARACTERS) },
  });
}

/** Stock registries answer 500 to JSON without the schema version that every manifest has: that is no outage. */
function isManifest(content: Buffer): boolean {
  try {
    const manifest: unknown = JSON.parse(content.toString("utf8"));
    if (typeof manifest !== "object" || manifest === null) return false;
    return "schemaVersion" in manifest && [1, 2].includes(Number(manifest.schemaVersion));
  } catch {
    return false;
  }
}
