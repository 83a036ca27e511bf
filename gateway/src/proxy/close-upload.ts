import type { IncomingMessage } from "node:http";
import { isDigest, type Digest } from "#registry-protocol/digest.js";
import { splitTarget } from "#registry-protocol/path.js";
import type { UploadSessions } from "../uploads/upload-sessions.js";
import type { OnAnswer } from "../upstream/forward.js";
import type { MadeMethod } from "../upstream/made-request.js";
import { chunkRange } from "../upstream/registry-request.js";
import type { Upstream } from "../upstream/upstream.js";
import { inAlgorithmOf } from "./asked-digest.js";
import { refuseOutOfOrder } from "./chunk-order.js";
import type { ExchangeOf } from "./exchange.js";
import { passOn, type PassOnDeps } from "./pass-on.js";
import { noteUploadEnd } from "./upload-notes.js";
import type { UploadStates } from "./upload-states.js";

/** What continuing an upload needs. */
export interface UploadDeps {
  readonly passing: PassOnDeps;
  readonly uploads: UploadSessions;
  readonly states: UploadStates;
  readonly upstream: Pick<Upstream, "blobSize">;
}

/**
 * GET and HEAD of an upload: how far it is, and where it goes on.
 *
 * @param deps - the way to the registry
 * @param exchange - the request
 * @throws Fault as {@link passOn}
 */
export function uploadStatus(
  { passing, states }: Pick<UploadDeps, "passing" | "states">,
  exchange: ExchangeOf<"upload.status">,
): Promise<void> {
  const { req, request } = exchange;
  const query = states.parametersOf(request.session, req.url);
  const told: OnAnswer = (answer) => {
    states.told(answer);
    return Promise.resolve();
  };
  return passOn(passing, exchange, told, { method: req.method as MadeMethod, query });
}

/** The blob that an upload was to bring is there, whatever the registry said. */
class BlobStands extends Error {
  override readonly name = "BlobStands";
  readonly digest: Digest;

  constructor(digest: Digest) {
    super("the registry has the blob");
    this.digest = digest;
  }
}

/**
 * PATCH and PUT of an upload. When the registry fails at closing it, the upload has gone with it: nothing can be asked
 * again, and nobody here has the bytes. But what counts is whether the blob is there now, under its digest; another
 * client may have brought it meanwhile.
 *
 * @param deps - the way to the registry
 * @param exchange - the request
 * @throws Fault as {@link passOn}
 */
export async function continueUpload(
  deps: UploadDeps,
  exchange: ExchangeOf<"upload.continue">,
): Promise<void> {
  const { req, res, request } = exchange;
  const { repository, session } = request;
  // What does not say where it belongs would be appended once more where it was stored before.
  const query =
    chunkRange(req.headers) === null
      ? new URLSearchParams(splitTarget(req.url).query)
      : deps.states.parametersOf(session, req.url);
  refuseOutOfOrder(exchange, query);
  const asked = closingDigest(req);
  // Of the algorithm by which both lines keep blobs.
  const digest = asked?.startsWith("sha256:") === true ? asked : null;
  const noteEnd = noteUploadEnd(deps.uploads, exchange);
  const onAnswer: OnAnswer = async (answer) => {
    if (answer.statusCode === 500 && digest !== null && req.complete) {
      const size = await deps.upstream.blobSize(repository, digest).catch(() => null);
      if (size !== null) throw new BlobStands(digest);
    }
    if (asked !== null && answer.statusCode === 201)
      inAlgorithmOf(answer, { repository, digest: asked });
    deps.states.told(answer);
    await noteEnd(answer);
  };
  try {
    // `parseRegistryRequest` lets no other method through.
    await passOn(deps.passing, exchange, onAnswer, { method: req.method as MadeMethod, query });
  } catch (error) {
    if (!(error instanceof BlobStands)) throw error;
    const stands = error.digest;
    deps.uploads.ended(session);
    res.statusCode = 201;
    res.setHeader("Location", `/v2/${repository}/blobs/${stands}`);
    res.setHeader("Docker-Content-Digest", stands);
    res.end();
  }
}

function closingDigest({ method, url = "" }: IncomingMessage): Digest | null {
  if (method !== "PUT") return null;
  const [digest, ...more] = new URLSearchParams(splitTarget(url).query).getAll("digest");
  return digest !== undefined && more.length === 0 && isDigest(digest) ? digest : null;
}
