import { z } from "zod";
import { Fault, toFaultReply } from "#registry-protocol/faults.js";
import type { Manifest } from "#registry-protocol/manifest/manifest.js";
import type { WholeAnswer } from "../upstream/whole-request.js";

const errorsSchema = z.object({
  errors: z.array(z.object({ code: z.string(), detail: z.unknown().optional() })),
});

/**
 * The registry answers 500 to URLs that its configuration does not allow (`validation.manifests.urls`), and names the
 * layer as unknown. It never looks for a layer with URLs, so that is no outage, and trying again does not help.
 *
 * @param answer - the registry's answer to a manifest
 * @param manifest - the manifest
 * @returns the answer, or a final one where URLs are refused
 */
export function withRefusedUrls(answer: WholeAnswer, manifest: Manifest): WholeAnswer {
  if (answer.status < 500 || manifest.kind !== "image") return answer;
  const foreign = manifest.layers.filter(({ urls }) => urls.length > 0);
  const others = [manifest.config, ...manifest.layers].filter(({ urls }) => urls.length === 0);
  const refused = unknownBlobs(answer.body).find(
    (unknown) =>
      foreign.some(({ digest }) => digest === unknown) &&
      !others.some(({ digest }) => digest === unknown),
  );
  if (refused === undefined) return answer;
  const fault = new Fault("MANIFEST_INVALID", {
    message: "manifest invalid: the registry does not take the urls of a layer",
    detail: { digest: refused },
  });
  const { status, body } = toFaultReply(fault, "");
  const headers = new Headers({ "Content-Type": "application/json" });
  return { status, headers, body: Buffer.from(JSON.stringify(body)) };
}

function unknownBlobs(body: Buffer): string[] {
  const errors = errorsSchema.safeParse(jsonOf(body)).data?.errors ?? [];
  return errors
    .filter(({ code }) => code === "MANIFEST_BLOB_UNKNOWN")
    .map(({ detail }) => String(detail));
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return null;
  }
}
