import { Fault } from "#registry-protocol/faults.js";
import type { RegistryRequest } from "#registry-protocol/request.js";
import { sendJson } from "#service-kit/http/send-fault.js";
import { mayMount } from "./access.js";
import { refuseCutAnswers } from "./blob-answers.js";
import { continueUpload } from "./close-upload.js";
import type { Exchange, ExchangeOf } from "./exchange.js";
import { noteUploadEnd, noteUploadStart } from "./upload-notes.js";
import type { UploadSessions } from "../uploads/upload-sessions.js";
import { deleteByReference, type ManifestDeleteDeps } from "./manifest-delete.js";
import { pushManifestByDigest, pushManifestByTag, type ManifestPushDeps } from "./manifest-push.js";
import { readManifest, type ManifestReadDeps } from "./manifest-read.js";
import { passOnAgain } from "./pass-on-again.js";
import { passOn, type PassOnDeps } from "./pass-on.js";
import { listRepositories } from "./catalog.js";
import { listTags, type ListDeps } from "./tags-list.js";

/** What answering registry requests needs. */
export interface PlanDeps {
  readonly passing: PassOnDeps;
  readonly pushing: ManifestPushDeps;
  readonly deleting: ManifestDeleteDeps;
  readonly listing: ListDeps;
  readonly reading: ManifestReadDeps;
  readonly uploads: UploadSessions;
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
      return readManifest(deps.reading, { ...exchange, request });
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
      return listRepositories(deps.listing, { ...exchange, request });
    case "referrers.list":
    case "upload.status":
      return passOn(deps.passing, exchange);
    case "blob.read":
      return passOnAgain(deps.passing, exchange, refuseCutAnswers);
    case "upload.continue":
      return continueUpload({ ...deps, upstream: deps.pushing.upstream }, { ...exchange, request });
    case "upload.cancel":
      return passOn(deps.passing, exchange, noteUploadEnd(deps.uploads, { ...exchange, request }));
    default:
      assertNever(request);
  }
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

function assertNever(request: never): never {
  throw new Error(`no plan for ${JSON.stringify(request satisfies RegistryRequest)}`);
}
