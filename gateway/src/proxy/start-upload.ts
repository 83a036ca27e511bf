import {
  algorithmOf,
  digestOf,
  parseDigest,
  refuseUnknownAlgorithm,
  type Digest,
} from "#registry-protocol/digest.js";
import { Fault } from "#registry-protocol/faults.js";
import { splitTarget } from "#registry-protocol/path.js";
import type { UploadSessions } from "../uploads/upload-sessions.js";
import { framingOf, type Framing } from "../upstream/client-framing.js";
import type { Upstream } from "../upstream/upstream.js";
import { mayMount } from "./access.js";
import { inAlgorithmOf } from "./asked-digest.js";
import type { Caller } from "./caller.js";
import type { ExchangeOf } from "./exchange.js";
import { passOn, type PassOnDeps } from "./pass-on.js";
import { noteUploadStart } from "./upload-notes.js";
import type { UploadStates } from "./upload-states.js";

/** What starting an upload needs. */
export interface StartUploadDeps {
  readonly passing: PassOnDeps;
  readonly uploads: UploadSessions;
  readonly states: Pick<UploadStates, "told">;
  readonly upstream: Pick<Upstream, "beginUpload">;
}

const EMPTY = Buffer.alloc(0);

/**
 * POST of an upload. A mount from a repository that the caller may not read, that is not plain, or by another digest than sha256, becomes a plain upload: the
 * registry answers 202 and the client sends the blob, as it does when the registry does not have it. A blob that comes at once
 * (OCI distribution-spec, "Single POST") is stored by the two requests that stock registries know.
 *
 * @param deps - the way to the registry
 * @param exchange - the request
 * @throws Fault DIGEST_INVALID for a digest or an algorithm that nobody knows, and as {@link passOn}
 */
export async function startUpload(
  deps: StartUploadDeps,
  exchange: ExchangeOf<"upload.start">,
): Promise<void> {
  const { req, request, caller } = exchange;
  const query = new URLSearchParams(splitTarget(req.url).query);
  const algorithm = query.get("digest-algorithm");
  if (algorithm !== null) refuseUnknownAlgorithm(algorithm);
  const given = query.get("digest") ?? "";
  const digest = given === "" ? null : parseDigest(given);
  if (digest !== null && !query.has("mount") && bringsBlob(framingOf(req), digest))
    return storeAtOnce(deps, exchange, digest);
  const mount = mountable(request.mount, caller);
  const noteStart = noteUploadStart(deps.uploads, exchange);
  return passOn(deps.passing, { ...exchange, request: { ...request, mount } }, async (answer) => {
    deps.states.told(answer);
    await noteStart(answer);
  });
}

type Mount = ExchangeOf<"upload.start">["request"]["mount"];

/**
 * By another algorithm stock registries answer 201 to a mount and link the name to itself: the blob is 404 by it from then on, in the
 * repository that it came from as well when that is the same.
 */
function mountable(mount: Mount, caller: Caller): Mount {
  if (mount === null || algorithmOf(mount.digest) !== "sha256") return null;
  return mayMount(mount, caller) ? mount : null;
}

/** Some clients name a digest and send the blob later all the same. */
function bringsBlob(framing: Framing, digest: Digest): boolean {
  const isEmpty = framing.kind === "none" || (framing.kind === "length" && framing.bytes === 0);
  return !isEmpty || digest === digestOf(EMPTY, digest);
}

async function storeAtOnce(
  { passing, upstream }: StartUploadDeps,
  exchange: ExchangeOf<"upload.start">,
  digest: Digest,
): Promise<void> {
  const { repository } = exchange.request;
  const { caller, context } = exchange;
  const errand = {
    subject: caller.subject,
    clientAddress: context.client.address,
    requestId: context.requestId,
  };
  const begun = await upstream.beginUpload(repository, errand).catch((cause: unknown) => {
    throw new Fault("UNAVAILABLE", { message: "the registry did not begin the upload", cause });
  });
  begun.query.set("digest", digest);
  const request = { kind: "upload.continue", repository, session: begun.session } as const;
  const closing = { method: "PUT", query: begun.query } as const;
  await passOn(
    passing,
    { ...exchange, request },
    (answer) => {
      if (answer.statusCode === 201) inAlgorithmOf(answer, { repository, digest });
      return Promise.resolve();
    },
    closing,
  );
}
