import { Fault } from "#registry-protocol/faults.js";
import type { RegistryRequest } from "#registry-protocol/request.js";
import { sendJson } from "#service-kit/http/send-fault.js";
import { readBlob } from "./blob-read.js";
import { continueUpload, uploadStatus, type UploadDeps } from "./close-upload.js";
import type { Exchange, ExchangeOf } from "./exchange.js";
import { startUpload, type StartUploadDeps } from "./start-upload.js";
import { noteUploadEnd } from "./upload-notes.js";
import { extensionsOf } from "../extensions/extension-list.js";
import { deleteByReference, type ManifestDeleteDeps } from "./manifest-delete.js";
import { pushManifestByDigest } from "./manifest-push-by-digest.js";
import { pushManifestByTag } from "./manifest-push.js";
import type { ManifestPushDeps } from "./pushed-manifest.js";
import { readManifest, type ManifestReadDeps } from "./manifest-read.js";
import { passOn, type PassOnDeps } from "./pass-on.js";
import { listRepositories } from "./catalog.js";
import {
  answerDescribedTags,
  wantsIndex,
  type DescribedTagsDeps,
} from "./described-tags-answer.js";
import { answerReferrers, type AnswerReferrersDeps } from "./referrers-list.js";
import { answerTagHistory } from "./tag-history-answer.js";
import { listTags, type ListDeps } from "./tags-list.js";

/** What answering registry requests needs. */
export interface PlanDeps {
  readonly passing: PassOnDeps;
  readonly pushing: ManifestPushDeps;
  readonly deleting: ManifestDeleteDeps;
  readonly listing: ListDeps;
  readonly reading: ManifestReadDeps;
  readonly referring: AnswerReferrersDeps;
  readonly extending: DescribedTagsDeps;
  readonly uploading: UploadDeps & StartUploadDeps;
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
      return startUpload(deps.uploading, { ...exchange, request });
    case "manifest.delete":
      return deleteByReference(deps.deleting, { ...exchange, request });
    case "blob.delete":
      throw new Fault("DELETE_DISABLED", {
        message: "blobs are not deleted one by one: garbage collection removes what nothing needs",
      });
    case "extensions.list":
      sendJson(exchange.res, 200, { extensions: extensionsOf("registry") });
      return;
    case "extensions.of":
      sendJson(exchange.res, 200, { extensions: extensionsOf("repository") });
      return;
    case "tag.history":
      return answerTagHistory(deps.extending, { ...exchange, request });
    case "tags.described":
      return answerDescribedTags(deps.extending, { ...exchange, request });
    case "tags.list":
      return wantsIndex(exchange.req.headers.accept)
        ? answerDescribedTags(deps.extending, { ...exchange, request })
        : listTags(deps.listing, { ...exchange, request });
    case "catalog":
      return listRepositories(deps.listing, { ...exchange, request });
    case "referrers.list":
      return answerReferrers(deps.referring, { ...exchange, request });
    case "upload.status":
      return uploadStatus(deps.uploading, { ...exchange, request });
    case "blob.read":
      return readBlob(deps.passing, { ...exchange, request });
    case "upload.continue":
      return continueUpload(deps.uploading, { ...exchange, request });
    case "upload.cancel":
      return cancelUpload(deps.uploading, { ...exchange, request });
    default:
      assertNever(request);
  }
}

function cancelUpload(
  { passing, uploads }: Pick<UploadDeps, "passing" | "uploads">,
  exchange: ExchangeOf<"upload.cancel">,
): Promise<void> {
  return passOn(passing, exchange, noteUploadEnd(uploads, exchange));
}

function assertNever(request: never): never {
  throw new Error(`no plan for ${JSON.stringify(request satisfies RegistryRequest)}`);
}
