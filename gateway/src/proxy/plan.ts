import { Fault } from "#registry-protocol/faults.js";
import { splitTarget } from "#registry-protocol/path.js";
import type { RegistryRequest } from "#registry-protocol/request.js";
import { sendJson } from "#service-kit/http/send-fault.js";
import type { TagResolver } from "../ledger/resolve-tag.js";
import { mayMount, upstreamAccess } from "./access.js";
import { refuseCutAnswers } from "./blob-answers.js";
import type { Exchange, ExchangeOf } from "./exchange.js";
import { admitBody } from "#service-kit/http/admit-body.js";
import { framingOf } from "../upstream/client-framing.js";
import type { Forward, OnAnswer } from "../upstream/forward.js";
import type { MadeMethod } from "../upstream/made-request.js";
import { registryRequest } from "../upstream/registry-request.js";
import { noteUploadEnd, noteUploadStart } from "./upload-notes.js";
import type { UploadSessions } from "../uploads/upload-sessions.js";
import type { PullRecorder } from "../pulls/pull-recorder.js";
import { deleteByReference, type ManifestDeleteDeps } from "./manifest-delete.js";
import { pushManifestByDigest, pushManifestByTag, type ManifestPushDeps } from "./manifest-push.js";
import { notePull } from "./pull-notes.js";
import { listTags, type TagsListDeps } from "./tags-list.js";
import type { UpstreamAuthorization } from "../upstream/upstream-token.js";

/** What streaming a request to the registry needs. */
export interface PassOnDeps {
  readonly forward: Forward;
  readonly authorization: UpstreamAuthorization;
  /** By which the registry's reports of the gateway's requests are known; absent: not at all. */
  readonly userAgentMark?: string;
}

/** What answering registry requests needs. */
export interface PlanDeps {
  readonly passing: PassOnDeps;
  readonly pushing: ManifestPushDeps;
  readonly deleting: ManifestDeleteDeps;
  readonly listing: TagsListDeps;
  readonly uploads: UploadSessions;
  readonly resolver: Pick<TagResolver, "resolve">;
  readonly pulls: Pick<PullRecorder, "looked" | "pulled">;
}

/**
 * What happens to each kind of request once its caller is known and allowed: the file to read first.
 *
 * @param deps - ledger, registry and the rest
 * @param exchange - the request
 * @throws Fault when it cannot be answered otherwise
 */
export async function carryOut(deps: PlanDeps, exchange: Exchange): Promise<void> {
  const { request } = exchange;
  switch (request.kind) {
    case "base":
      sendJson(exchange.res, 200, {});
      return;
    case "manifest.put-by-tag":
      return pushManifestByTag(deps.pushing, { ...exchange, request });
    case "manifest.put-by-digest":
      return pushManifestByDigest(deps.pushing, { ...exchange, request });
    case "manifest.read":
      return readManifest(deps, { ...exchange, request });
    case "upload.start":
      return startUpload(deps, { ...exchange, request });
    case "manifest.delete":
      return deleteByReference(deps.deleting, { ...exchange, request });
    case "blob.delete":
      throw new Fault("DELETE_DISABLED", {
        message: "blobs are not deleted one by one: garbage collection removes what nothing needs",
      });
    case "tags.list":
      return listTags(deps.listing, { ...exchange, request });
    case "catalog":
    case "referrers.list":
    case "upload.status":
      return passOn(deps.passing, exchange);
    case "blob.read":
      return passOn(deps.passing, exchange, refuseCutAnswers);
    case "upload.continue":
    case "upload.cancel":
      return passOn(deps.passing, exchange, noteUploadEnd(deps.uploads, { ...exchange, request }));
    default:
      assertNever(request);
  }
}

/** Reads by tag are served by the digest that the ledger says: what others wrote to the tag does not count. */
async function readManifest(deps: PlanDeps, exchange: ExchangeOf<"manifest.read">): Promise<void> {
  const { repository, reference } = exchange.request;
  const onAnswer = notePull(deps.pulls, exchange);
  if (reference.tag === undefined) return passOn(deps.passing, exchange, onAnswer);
  const { tag } = reference;
  const resolution = await deps.resolver.resolve({ repository, tag });
  if (resolution.kind === "nothing")
    throw new Fault("MANIFEST_UNKNOWN", { detail: { name: repository, tag } });
  const request = { ...exchange.request, reference: { digest: resolution.digest } };
  return passOn(deps.passing, { ...exchange, request }, onAnswer);
}

/**
 * A mount from a repository that the caller may not read, or that is not plain, becomes a plain upload: the registry
 * answers 202 and the client sends the blob, as it does when the registry does not have it.
 */
function startUpload(deps: PlanDeps, exchange: ExchangeOf<"upload.start">): Promise<void> {
  const { request, caller } = exchange;
  const mount = request.mount !== null && mayMount(request.mount, caller) ? request.mount : null;
  const onAnswer = noteUploadStart(deps.uploads, exchange);
  return passOn(deps.passing, { ...exchange, request: { ...request, mount } }, onAnswer);
}

/** Streams a request, made anew from what was understood of the client's. */
function passOn(
  deps: PassOnDeps,
  { req, res, request, caller, context }: Exchange,
  onAnswer?: OnAnswer,
): Promise<void> {
  const made = registryRequest(
    {
      request,
      // `parseRegistryRequest` lets no other method through.
      method: req.method as MadeMethod,
      query: new URLSearchParams(splitTarget(req.url).query),
      headers: req.headers,
      framing: framingOf(req),
    },
    {
      clientAddress: context.client.address,
      requestId: context.requestId,
      authorization: deps.authorization(caller.subject, upstreamAccess(request, caller)),
    },
    deps.userAgentMark,
  );
  admitBody(req, res);
  return deps.forward(made, { req, res }, onAnswer);
}

function assertNever(request: never): never {
  throw new Error(`no plan for ${JSON.stringify(request satisfies RegistryRequest)}`);
}
