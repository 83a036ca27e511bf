import type { ServerResponse } from "node:http";
import type { Digest } from "#registry-protocol/digest.js";
import type { TagRefusalCode } from "#registry-protocol/fault-catalogue.js";
import type { ManifestBounds } from "#registry-protocol/manifest/bounds.js";
import type { Manifest } from "#registry-protocol/manifest/manifest.js";
import { setStatusLine } from "#service-kit/http/status-line.js";
import type { PushDeps, TagPush } from "../ledger/push-tag.js";
import { recordRefusal } from "../ledger/refusal.js";
import { parseScmHeader, SCM_HEADER } from "../scm/scm-header.js";
import type { FoundSource } from "../scm/scm-source.js";
import type { Errand, ManifestPut, Upstream } from "../upstream/upstream.js";
import type { WholeAnswer } from "../upstream/whole-request.js";
import { disguisedDeletion, type DisguisedDeletionDeps } from "./disguised-deletion.js";
import type { ExchangeOf } from "./exchange.js";
import { withRefusedCache } from "./look-for-cache.js";
import { putWithChildren, type PutByClient } from "./put-with-children.js";
import { withRefusedNames } from "./refused-names.js";
import { withRefusedUrls } from "./refused-urls.js";
import type { WholeManifests } from "./repeated-manifests.js";

/** What pushing manifests needs. */
export interface ManifestPushDeps {
  /** With connections that pushes share, so that they leave some for readers. */
  readonly ledger: PushDeps;
  readonly upstream: Upstream;
  readonly newReservation: () => string;
  /** How much a manifest may name. */
  readonly manifestBounds: ManifestBounds;
  /** Error code of a push that the rules for tags refuse. */
  readonly tagRefusalCode: TagRefusalCode;
  /** Asked of what is pushed again. */
  readonly isWhole: WholeManifests;
  /** For what deletes a tag by pushing it. */
  readonly disguised: DisguisedDeletionDeps;
}

/** Response headers of a manifest push that mean something to a client (OCI distribution-spec, "Pushing Manifests"). */
const ANSWER_HEADERS = ["location", "docker-content-digest", "content-type"];

/** @throws Fault where a push would delete a tag, on record as every push that is refused */
export async function refuseDisguised(
  { ledger, disguised }: ManifestPushDeps,
  exchange: ExchangeOf<"manifest.put-by-tag">,
  push: TagPush & { readonly manifest: { readonly reading: Manifest } },
): Promise<void> {
  const fault = await disguisedDeletion(disguised, exchange, push);
  if (fault === null) return;
  await recordRefusal(ledger, push, "tag-deletion", { refusal: fault.message });
  throw fault;
}

/**
 * Sends a manifest to the registry, with its children first where it lacks them.
 *
 * @param deps - ledger and registry
 * @param pushed - who pushes what
 * @param put - as the registry is asked
 * @returns the registry's verdict, in words that say what to do
 */
export async function sendManifest(
  { ledger, upstream, newReservation }: ManifestPushDeps,
  pushed: PutByClient,
  put: ManifestPut,
): Promise<WholeAnswer> {
  const deps = { ...ledger, upstream, newReservation };
  return explained(
    await putWithChildren(deps, pushed, () => upstream.putManifest(put)),
    pushed.reading,
  );
}

/** @returns in whose name, and for which request, the registry is asked */
export function errandOf({
  caller,
  context,
}: ExchangeOf<"manifest.put-by-tag" | "manifest.put-by-digest">): Errand {
  const { client, requestId } = context;
  return { subject: caller.subject, clientAddress: client.address, requestId };
}

/** Where the registry's own words do not say what to do. */
function explained(answer: WholeAnswer, manifest: Manifest): WholeAnswer {
  return withRefusedNames(withRefusedCache(withRefusedUrls(answer, manifest), manifest), manifest);
}

/** @returns what the push says of where it comes from. @throws Fault as {@link parseScmHeader} */
export function sourceOf({
  req,
  caller,
}: ExchangeOf<"manifest.put-by-tag" | "manifest.put-by-digest">): FoundSource | null {
  const source = parseScmHeader(req.headers[SCM_HEADER], caller.isTrusted);
  return source === null ? null : { source, origin: "header" };
}

/** So the client knows that it need not list the manifest itself (OCI distribution-spec, "Pushing Manifests with Subject"). */
export function tellSubject(res: ServerResponse, { subject }: Manifest): void {
  if (subject !== null) res.setHeader("OCI-Subject", subject.digest);
}

/** Passes the registry's verdict on. */
export function sendAnswer(res: ServerResponse, answer: WholeAnswer): void {
  res.statusCode = answer.status;
  if (answer.summary !== undefined) setStatusLine(res, answer.status, answer.summary);
  for (const name of ANSWER_HEADERS) {
    const value = answer.headers.get(name);
    if (value !== null) res.setHeader(name, value);
  }
  res.end(answer.body);
}

/** Says that a manifest is stored, where the registry said nothing. */
export function sendStored(
  res: ServerResponse,
  location: string,
  { digest }: { digest: Digest },
): void {
  res.statusCode = 201;
  res.setHeader("Location", location);
  res.setHeader("Docker-Content-Digest", digest);
  res.end();
}
