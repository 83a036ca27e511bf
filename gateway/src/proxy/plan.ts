import type { IncomingHttpHeaders } from "node:http";
import { Fault } from "#registry-protocol/faults.js";
import { splitTarget, type RegistryRequest } from "#registry-protocol/request.js";
import { sendJson } from "#service-kit/http/send-fault.js";
import type { TagResolver } from "../ledger/resolve-tag.js";
import { mayMount, upstreamAccess } from "./access.js";
import type { Exchange, ExchangeOf } from "./exchange.js";
import { admitBody, type Forward, type Passage } from "./forward.js";
import { noteUploadEnd, noteUploadStart } from "./upload-notes.js";
import type { UploadSessions } from "../uploads/upload-sessions.js";
import type { PullRecorder } from "../pulls/pull-recorder.js";
import { deleteByReference, type ManifestDeleteDeps } from "./manifest-delete.js";
import { pushManifestByDigest, pushManifestByTag, type ManifestPushDeps } from "./manifest-push.js";
import { notePull } from "./pull-notes.js";
import { listTags } from "./tags-list.js";
import type { UpstreamAuthorization } from "./upstream-token.js";

/** What answering registry requests needs. */
export interface PlanDeps extends ManifestPushDeps, ManifestDeleteDeps {
  readonly forward: Forward;
  readonly authorization: UpstreamAuthorization;
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
      return pushManifestByTag(deps, { ...exchange, request });
    case "manifest.put-by-digest":
      return pushManifestByDigest(deps, { ...exchange, request });
    case "manifest.read":
      return readManifest(deps, { ...exchange, request });
    case "upload.start":
      startUpload(deps, { ...exchange, request });
      return;
    case "manifest.delete":
      return deleteByReference(deps, { ...exchange, request });
    case "blob.delete":
      throw new Fault("DELETE_DISABLED", {
        message: "blobs are not deleted one by one: garbage collection removes what nothing needs",
      });
    case "tags.list":
      if (exchange.req.method === "GET") return listTags(deps, { ...exchange, request });
      passOn(deps, exchange);
      return;
    case "catalog":
    case "referrers.list":
    case "blob.read":
    case "upload.status":
      passOn(deps, exchange);
      return;
    case "upload.continue":
    case "upload.cancel":
      passOn(deps, exchange, { onAnswer: noteUploadEnd(deps.uploads, { ...exchange, request }) });
      return;
    default:
      assertNever(request);
  }
}

/** Reads by tag are served by the digest that the ledger says: what others wrote to the tag does not count. */
async function readManifest(deps: PlanDeps, exchange: ExchangeOf<"manifest.read">): Promise<void> {
  const { repository, reference } = exchange.request;
  const onAnswer = notePull(deps.pulls, exchange);
  if (reference.tag === undefined) {
    passOn(deps, exchange, { onAnswer });
    return;
  }
  const { tag } = reference;
  const resolution = await deps.resolver.resolve({ repository, tag });
  if (resolution.kind === "nothing")
    throw new Fault("MANIFEST_UNKNOWN", { detail: { name: repository, tag } });
  passOn(deps, exchange, {
    onAnswer,
    target: `/v2/${repository}/manifests/${resolution.digest}`,
  });
}

/**
 * A mount from a repository that the caller may not read becomes a plain upload: the registry answers 202
 * and the client sends the blob, as it does when the registry does not have it.
 */
function startUpload(deps: PlanDeps, exchange: ExchangeOf<"upload.start">): void {
  const { mount } = exchange.request;
  hideForm(exchange.req.headers);
  const { path, query } = splitTarget(exchange.req.url);
  const asked = new URLSearchParams(query);
  const onAnswer = noteUploadStart(deps.uploads, exchange);
  const mounts = asked.has("mount") || asked.has("from");
  if (!mounts || (mount !== null && mayMount(mount, exchange.caller))) {
    passOn(deps, exchange, { onAnswer });
    return;
  }
  asked.delete("mount");
  asked.delete("from");
  passOn(deps, exchange, {
    onAnswer,
    target: asked.size === 0 ? path : `${path}?${asked.toString()}`,
  });
}

/** The registry takes the fields of a form for parameters of the query, and first: nobody has looked at those. */
function hideForm(headers: IncomingHttpHeaders): void {
  if (/\bform\b|-form-/i.test(headers["content-type"] ?? "")) delete headers["content-type"];
}

function passOn(
  deps: PlanDeps,
  { req, res, request, caller }: Exchange,
  options: Omit<Passage, "authorization"> = {},
): void {
  admitBody(req, res);
  const authorization = deps.authorization(caller.subject, upstreamAccess(request, caller));
  deps.forward(req, res, { authorization, ...options });
}

function assertNever(request: never): never {
  throw new Error(`no plan for ${JSON.stringify(request satisfies RegistryRequest)}`);
}
