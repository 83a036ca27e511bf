import type { Response } from "express";
import { digestOf, type Digest } from "#registry-protocol/digest.js";
import { Fault } from "#registry-protocol/faults.js";
import type { ManifestBounds } from "#registry-protocol/manifest/bounds.js";
import { pushTag, type PushDeps } from "../ledger/push-tag.js";
import { storeManifest } from "../ledger/sql/store-manifest.js";
import type { PushedManifest } from "../ledger/stored-manifest.js";
import { keepSource } from "../scm/keep-source.js";
import { parseScmHeader, SCM_HEADER } from "../scm/scm-header.js";
import type { FoundSource } from "../scm/scm-source.js";
import { actorOf, type ExchangeOf } from "./exchange.js";
import { readManifestBody } from "./manifest-body.js";
import type { Upstream } from "./upstream.js";
import { withRefusedUrls } from "./refused-urls.js";
import { vouchForChildren } from "./vouch-for-children.js";
import type { WholeAnswer } from "./whole-request.js";

/** What pushing manifests needs. */
export interface ManifestPushDeps extends PushDeps {
  readonly upstream: Upstream;
  readonly newReservation: () => string;
  /** How much a manifest may name. */
  readonly manifestBounds: ManifestBounds;
}

/** Response headers of a manifest push that mean something to a client (OCI distribution-spec, "Pushing Manifests"). */
const ANSWER_HEADERS = ["location", "docker-content-digest", "oci-subject", "content-type"];

/** PUT of a manifest under a tag: the ledger decides. */
export async function pushManifestByTag(
  deps: ManifestPushDeps,
  exchange: ExchangeOf<"manifest.put-by-tag">,
): Promise<void> {
  const { req, res, request, caller, context } = exchange;
  const source = sourceOf(exchange);
  const { content, reading } = await readManifestBody(req, res, deps.manifestBounds);
  await vouchForChildren(deps, exchange, reading);
  const { mediaType } = reading;
  const manifest = { digest: digestOf(content), mediaType, content, reading };
  const { repository, tag } = request;
  const { verdict } = await pushTag<WholeAnswer>(
    deps,
    {
      repository,
      tag,
      digest: manifest.digest,
      actor: actorOf(exchange),
      reservation: deps.newReservation(),
      manifest,
      source,
    },
    {
      send: async () =>
        withRefusedUrls(
          await deps.upstream.putManifest({
            repository,
            reference: { tag },
            content,
            mediaType,
            subject: caller.subject,
            clientAddress: context.client.address,
            requestId: context.requestId,
          }),
          reading,
        ),
      currentDigest: () => deps.upstream.digestOfTag(repository, tag),
    },
  );
  if (verdict === null) sendStored(res, `/v2/${repository}/manifests/${manifest.digest}`, manifest);
  else sendAnswer(res, verdict);
}

/**
 * PUT of a manifest by digest: never refused for a tag's sake. `?tag=` of the distribution-spec is not
 * passed on, or it would be a way round the ledger; a registry that ignores it looks the same to clients.
 */
export async function pushManifestByDigest(
  deps: ManifestPushDeps,
  exchange: ExchangeOf<"manifest.put-by-digest">,
): Promise<void> {
  const { req, res, request, caller, context } = exchange;
  const source = sourceOf(exchange);
  const { content, reading } = await readManifestBody(req, res, deps.manifestBounds);
  const actual = digestOf(content, request.digest);
  if (actual !== request.digest)
    throw new Fault("DIGEST_MISMATCH", { detail: { expected: request.digest, actual } });
  await vouchForChildren(deps, exchange, reading);
  const put = {
    repository: request.repository,
    reference: { digest: request.digest },
    content,
    mediaType: reading.mediaType,
    subject: caller.subject,
    clientAddress: context.client.address,
    requestId: context.requestId,
  };
  const said = await deps.upstream.putManifest(put).catch((error: unknown) => {
    throw new Fault("UNAVAILABLE", { message: "the registry did not answer", cause: error });
  });
  const answer = withRefusedUrls(said, reading);
  if (answer.status >= 500 || answer.status === 401)
    throw new Fault("UNAVAILABLE", { message: `the registry answered ${answer.status}` });
  if (answer.status < 300)
    await recordManifest(deps, exchange, { ...put, digest: request.digest, reading });
  if (answer.status < 300)
    await keepSource(deps, { ...request, tag: null, actor: actorOf(exchange), source });
  sendAnswer(res, answer);
}

/**
 * What the client is told to be pushed is on record. When it cannot be, the client hears 503 and pushes again,
 * which the registry takes as the same.
 */
async function recordManifest(
  deps: ManifestPushDeps,
  exchange: ExchangeOf<"manifest.put-by-digest">,
  manifest: PushedManifest,
): Promise<void> {
  const { repository, digest } = exchange.request;
  await deps.db.transaction(async (tx) => {
    const change = await storeManifest(tx, repository, manifest, "checked");
    if (change === null) return;
    await deps.audit(tx, {
      action: "manifest.pushed",
      actor: actorOf(exchange),
      ...{ repository, digest, tag: null },
      reason: "stored by the registry",
      detail: { change },
    });
  });
}

function sourceOf({
  req,
  caller,
}: ExchangeOf<"manifest.put-by-tag" | "manifest.put-by-digest">): FoundSource | null {
  const source = parseScmHeader(req.headers[SCM_HEADER], caller.isTrusted);
  return source === null ? null : { source, origin: "header" };
}

function sendAnswer(res: Response, answer: WholeAnswer): void {
  res.statusCode = answer.status;
  for (const name of ANSWER_HEADERS) {
    const value = answer.headers.get(name);
    if (value !== null) res.setHeader(name, value);
  }
  res.end(answer.body);
}

function sendStored(res: Response, location: string, { digest }: { digest: Digest }): void {
  res.statusCode = 201;
  res.setHeader("Location", location);
  res.setHeader("Docker-Content-Digest", digest);
  res.end();
}
