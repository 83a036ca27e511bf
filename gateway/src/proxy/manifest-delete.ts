import { algorithmOf } from "#registry-protocol/digest.js";
import { Fault } from "#registry-protocol/faults.js";
import type { Reference } from "#registry-protocol/request.js";
import { manifestRemovedBy, removedBy, type RemovalAnswer } from "../deletion/removal-answer.js";
import type { Deletion } from "../deletion/deletion.js";
import { mayPush } from "./access.js";
import { actorOf, type ExchangeOf } from "./exchange.js";
import type { Upstream } from "../upstream/upstream.js";

/** What deleting needs. */
export interface ManifestDeleteDeps {
  readonly deletion: Deletion;
  readonly upstream: Upstream;
  readonly newReservation: () => string;
  /** Whether anything can be deleted at all (`ALLOW_DELETE`). */
  readonly allowDelete: boolean;
}

/** DELETE of a tag, or of a manifest by its digest (OCI distribution-spec, "Deleting tags", "Deleting Manifests"). */
export async function deleteByReference(
  deps: ManifestDeleteDeps,
  exchange: ExchangeOf<"manifest.delete">,
): Promise<void> {
  if (!deps.allowDelete) throw new Fault("DELETE_DISABLED");
  const { repository, reference } = exchange.request;
  const actor = actorOf(exchange);
  const atRegistry = () => deleteAtRegistry(deps, exchange, reference);
  const seesUsers = mayPush(exchange.caller, repository);
  const removal = { repository, actor, reservation: deps.newReservation(), seesUsers };
  if (reference.tag === undefined)
    await deps.deletion.manifest({ ...removal, digest: reference.digest }, atRegistry);
  else await deps.deletion.tag({ ...removal, tag: reference.tag }, atRegistry);
  exchange.res.statusCode = 202;
  exchange.res.end();
}

async function deleteAtRegistry(
  deps: ManifestDeleteDeps,
  { request, caller, context }: ExchangeOf<"manifest.delete">,
  reference: Reference,
): Promise<RemovalAnswer> {
  // It has it by its sha256 alone, which others may need: that goes when nothing does.
  if (reference.digest !== undefined && algorithmOf(reference.digest) !== "sha256")
    return "deleted";
  const errand = {
    subject: caller.subject,
    clientAddress: context.client.address,
    requestId: context.requestId,
  };
  const ask = () => deps.upstream.deleteManifest(request.repository, reference, errand);
  return reference.tag === undefined ? manifestRemovedBy(ask) : removedBy(ask());
}
