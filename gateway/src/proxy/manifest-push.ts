import type { ServerResponse } from "node:http";
import { digestOf, type Digest } from "#registry-protocol/digest.js";
import { asPierOne, Fault, type TagRefusalCode } from "#registry-protocol/faults.js";
import type { ManifestBounds } from "#registry-protocol/manifest/bounds.js";
import { parseWriteCondition } from "#registry-protocol/write-condition.js";
import { clientGone } from "#service-kit/http/client-gone.js";
import { setStatusLine } from "#service-kit/http/status-line.js";
import { pushManifest } from "../ledger/push-manifest.js";
import type { Manifest } from "#registry-protocol/manifest/manifest.js";
import {
  pushTag,
  type ManifestTransport,
  type PushDeps,
  type TagPush,
} from "../ledger/push-tag.js";
import { recordRefusal } from "../ledger/refusal.js";
import { keepSource } from "../scm/keep-source.js";
import { parseScmHeader, SCM_HEADER } from "../scm/scm-header.js";
import type { FoundSource } from "../scm/scm-source.js";
import type { PushedManifest } from "#registry-protocol/manifest/stored-manifest.js";
import { splitTarget } from "#registry-protocol/path.js";
import { parseTag, type Tag } from "#registry-protocol/tag.js";
import { pushTags, refuseTooManyTags, type TagOnItsWay } from "../ledger/push-tags.js";
import { disguisedDeletion, type DisguisedDeletionDeps } from "./disguised-deletion.js";
import { actorOf, type Exchange, type ExchangeOf } from "./exchange.js";
import { heldByLedger } from "./held-by-ledger.js";
import { lookForCache, withRefusedCache } from "./look-for-cache.js";
import { lookForLayers } from "./look-for-layers.js";
import { readManifestBody } from "./manifest-body.js";
import type { Errand, ManifestPut, Upstream } from "../upstream/upstream.js";
import { putWithChildren, type PutByClient } from "./put-with-children.js";
import type { WholeManifests } from "./repeated-manifests.js";
import { withRefusedUrls } from "./refused-urls.js";
import { vouchForChildren } from "./vouch-for-children.js";
import type { WholeAnswer } from "../upstream/whole-request.js";

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

/** PUT of a manifest under a tag: the ledger decides. */
export async function pushManifestByTag(
  deps: ManifestPushDeps,
  exchange: ExchangeOf<"manifest.put-by-tag">,
): Promise<void> {
  const { req, res, request } = exchange;
  const source = sourceOf(exchange);
  const condition = parseWriteCondition(req.headers);
  const { content, reading } = await readManifestBody(req, res, deps.manifestBounds);
  const { ledger, upstream } = deps;
  const gone = clientGone(res);
  const { mediaType } = reading;
  const { repository, tag } = request;
  const manifest = { digest: digestOf(content), mediaType, content, reading };
  const [actor, reservation] = [actorOf(exchange), deps.newReservation()];
  const { digest } = manifest;
  const push = { repository, tag, digest, actor, reservation, manifest, source, condition };
  await refuseDisguised(deps, exchange, push);
  await vouchForChildren({ db: ledger.db, upstream }, exchange, reading, gone);
  await lookForLayers(upstream, repository, reading);
  await lookForCache(upstream, repository, reading);
  const reference = { tag };
  const errand = errandOf(exchange);
  const put = { ...errand, repository, reference, content, mediaType };
  const transport: ManifestTransport<WholeAnswer> = {
    send: () => send(deps, { repository, actor, reading, gone }, put),
    currentDigest: () => upstream.digestOfTag(repository, tag),
    isWhole: () => deps.isWhole(push),
    gone,
  };
  const { verdict } = await pushTag(ledger, push, transport).catch((error: unknown) => {
    throw deps.tagRefusalCode === "DENIED" ? error : asPierOne(error);
  });
  // By it, whoever pushes again can ask for nobody to have come between (RFC 9110 section 9.3.4).
  if (verdict === null || verdict.status < 300) {
    res.setHeader("ETag", `"${digest}"`);
    tellSubject(res, reading);
  }
  if (verdict === null) sendStored(res, `/v2/${repository}/manifests/${manifest.digest}`, manifest);
  else sendAnswer(res, verdict);
}

/** On record, as every push that is refused. */
async function refuseDisguised(
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
 * PUT of a manifest by digest: never refused for a tag's sake, unless it names tags itself. Those go by their rules and
 * reservations as any other, all of them or none.
 */
export async function pushManifestByDigest(
  deps: ManifestPushDeps,
  exchange: ExchangeOf<"manifest.put-by-digest">,
): Promise<void> {
  const { req, res, request } = exchange;
  const tags = askedTags(req);
  const source = sourceOf(exchange);
  const { content, reading } = await readManifestBody(req, res, deps.manifestBounds);
  const actual = digestOf(content, request.digest);
  if (actual !== request.digest)
    throw new Fault("DIGEST_MISMATCH", { detail: { expected: request.digest, actual } });
  const { ledger, upstream } = deps;
  const gone = clientGone(res);
  await vouchForChildren({ db: ledger.db, upstream }, exchange, reading, gone);
  await lookForLayers(upstream, request.repository, reading);
  await lookForCache(upstream, request.repository, reading);
  const { repository, digest } = request;
  const { mediaType } = reading;
  const put = { repository, reference: { digest }, content, mediaType, ...errandOf(exchange) };
  const push = { id: deps.newReservation(), repository, digest, actor: actorOf(exchange) };
  const manifest = { digest, content, mediaType, reading };
  const store = () =>
    pushManifest<WholeAnswer>(ledger, push, manifest, {
      send: async () => {
        const verdict = await send(deps, { repository, actor: push.actor, reading, gone }, put);
        return heldByLedger({ db: ledger.db, upstream }, repository, reading, verdict);
      },
      gone,
    });
  const answer = await (tags.length === 0
    ? store()
    : pushUnderTags(deps, exchange, { tags, manifest, source, gone, store }));
  if (answer !== null && answer.status >= 300) {
    sendAnswer(res, answer);
    return;
  }
  await keepSource(ledger, { ...push, tag: null, source });
  tellSubject(res, reading);
  if (tags.length > 0) res.setHeader("OCI-Tag", tags.join(", "));
  // The registry may have it by another algorithm.
  sendStored(res, `/v2/${repository}/manifests/${digest}`, manifest);
}

/** In the order of their names, each once (OCI distribution-spec, "Pushing Manifests"). */
function askedTags({ url }: Exchange["req"]): readonly Tag[] {
  const given = new Set(new URLSearchParams(splitTarget(url).query).getAll("tag"));
  refuseTooManyTags(given.size);
  return [...given].sort().map(parseTag);
}

interface UnderTags {
  readonly tags: readonly Tag[];
  readonly manifest: PushedManifest;
  readonly source: FoundSource | null;
  readonly gone: AbortSignal;
  /** Stores it by its digest alone. */
  readonly store: () => Promise<WholeAnswer>;
}

async function pushUnderTags(
  deps: ManifestPushDeps,
  exchange: ExchangeOf<"manifest.put-by-digest">,
  { tags, manifest, source, gone, store }: UnderTags,
): Promise<WholeAnswer | null> {
  const { ledger, upstream } = deps;
  const { repository } = exchange.request;
  const { content, mediaType, reading } = manifest;
  const actor = actorOf(exchange);
  // Tags mean manifests by sha256, as the registry has them.
  const digest = digestOf(content);
  const tagged = { ...manifest, digest };
  const onTheirWay: TagOnItsWay<WholeAnswer>[] = [];
  for (const tag of tags) {
    const reservation = deps.newReservation();
    const push = { repository, tag, digest, actor, reservation, manifest: tagged, source };
    const request = { kind: "manifest.put-by-tag", repository, tag } as const;
    await refuseDisguised(deps, { ...exchange, request }, push);
    const put = { repository, reference: { tag }, content, mediaType, ...errandOf(exchange) };
    const transport: ManifestTransport<WholeAnswer> = {
      send: () => send(deps, { repository, actor, reading, gone }, put),
      currentDigest: () => upstream.digestOfTag(repository, tag),
      isWhole: () => deps.isWhole(push),
      gone,
    };
    onTheirWay.push({ push, transport });
  }
  // What has another name is known by it as well.
  const before = () => (manifest.digest === digest ? Promise.resolve(null) : store());
  return pushTags(ledger, onTheirWay, before).catch((error: unknown) => {
    throw deps.tagRefusalCode === "DENIED" ? error : asPierOne(error);
  });
}

async function send(
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

function errandOf({
  caller,
  context,
}: ExchangeOf<"manifest.put-by-tag" | "manifest.put-by-digest">): Errand {
  const { client, requestId } = context;
  return { subject: caller.subject, clientAddress: client.address, requestId };
}

/** Where the registry's own words do not say what to do. */
function explained(answer: WholeAnswer, manifest: Manifest): WholeAnswer {
  return withRefusedCache(withRefusedUrls(answer, manifest), manifest);
}

function sourceOf({
  req,
  caller,
}: ExchangeOf<"manifest.put-by-tag" | "manifest.put-by-digest">): FoundSource | null {
  const source = parseScmHeader(req.headers[SCM_HEADER], caller.isTrusted);
  return source === null ? null : { source, origin: "header" };
}

/** So the client knows that it need not list the manifest itself (OCI distribution-spec, "Pushing Manifests with Subject"). */
function tellSubject(res: ServerResponse, { subject }: Manifest): void {
  if (subject !== null) res.setHeader("OCI-Subject", subject.digest);
}

function sendAnswer(res: ServerResponse, answer: WholeAnswer): void {
  res.statusCode = answer.status;
  if (answer.summary !== undefined) setStatusLine(res, answer.status, answer.summary);
  for (const name of ANSWER_HEADERS) {
    const value = answer.headers.get(name);
    if (value !== null) res.setHeader(name, value);
  }
  res.end(answer.body);
}

function sendStored(res: ServerResponse, location: string, { digest }: { digest: Digest }): void {
  res.statusCode = 201;
  res.setHeader("Location", location);
  res.setHeader("Docker-Content-Digest", digest);
  res.end();
}
