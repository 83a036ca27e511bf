import type { Digest } from "#registry-protocol/digest.js";
import { Fault } from "#registry-protocol/faults.js";
import type { Manifest } from "#registry-protocol/manifest/manifest.js";
import { registryErrors } from "../upstream/registry-errors.js";
import type { WholeAnswer } from "../upstream/whole-request.js";
import { faultAnswer } from "./fault-answer.js";

/** A layer whose URLs the registry does not take. */
export interface RefusedUrls {
  readonly digest: Digest;
  /** Which layer it is, in words. */
  readonly message: string;
}

/**
 * The registry answers 500 to URLs that its configuration does not allow (`validation.manifests.urls`), and names the
 * layer as unknown. It never looks for a foreign layer with URLs, and one of another kind has been looked for before: so
 * that is no outage, and trying again does not help.
 *
 * @param answer - the registry's answer to a manifest
 * @param manifest - the manifest
 * @returns what it does not take; `null` when the answer is about something else
 */
export function refusedUrls(
  { status, body }: Pick<WholeAnswer, "status" | "body">,
  manifest: Manifest,
): RefusedUrls | null {
  if (status < 500 || manifest.kind !== "image") return null;
  const { config, layers } = manifest;
  const needed = [config, ...layers].filter(({ urls }) => urls.length === 0);
  for (const unknown of unknownBlobs(body)) {
    const at = layers.findIndex(({ digest, urls }) => digest === unknown && urls.length > 0);
    const layer = layers[at];
    if (layer === undefined || needed.some(({ digest }) => digest === unknown)) continue;
    const message = `the registry does not take the urls of layers[${at}] (validation.manifests.urls)`;
    return { digest: layer.digest, message };
  }
  return null;
}

/**
 * @param answer - the registry's answer to a manifest
 * @param manifest - the manifest
 * @returns the answer, or a final one where {@link refusedUrls} finds some
 */
export function withRefusedUrls(answer: WholeAnswer, manifest: Manifest): WholeAnswer {
  const refused = refusedUrls(answer, manifest);
  if (refused === null) return answer;
  const fault = new Fault("MANIFEST_INVALID", {
    message: `manifest invalid: ${refused.message}`,
    detail: { digest: refused.digest },
  });
  return faultAnswer(fault);
}

function unknownBlobs(body: Buffer): string[] {
  return registryErrors(body)
    .filter(({ code }) => code === "MANIFEST_BLOB_UNKNOWN")
    .map(({ detail }) => String(detail));
}
