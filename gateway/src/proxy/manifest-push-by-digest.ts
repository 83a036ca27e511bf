import { digestOf } from "#registry-protocol/digest.js";
import { asPierOne, Fault } from "#registry-protocol/faults.js";
import type { PushedManifest } from "#registry-protocol/manifest/stored-manifest.js";
import { splitTarget } from "#registry-protocol/path.js";
import { parseTag, type Tag } from "#registry-protocol/tag.js";
import { clientGone } from "#service-kit/http/client-gone.js";
import { pushManifest } from "../ledger/push-manifest.js";
import { noteCalled } from "../ledger/sql/called-tags.js";
import type { ManifestTransport } from "../ledger/push-tag.js";
import { pushTags, refuseTooManyTags, type TagOnItsWay } from "../ledger/push-tags.js";
import { keepSource } from "../scm/keep-source.js";
import type { FoundSource } from "../scm/scm-source.js";
import type { WholeAnswer } from "../upstream/whole-request.js";
import { actorOf, type Exchange, type ExchangeOf } from "./exchange.js";
import { heldByLedger } from "./held-by-ledger.js";
import { lookForCache } from "./look-for-cache.js";
import { lookForLayers } from "./look-for-layers.js";
import { readManifestBody } from "./manifest-body.js";
import {
  errandOf,
  refuseDisguised,
  sendAnswer,
  sendManifest,
  sendStored,
  sourceOf,
  tellSubject,
  type ManifestPushDeps,
} from "./pushed-manifest.js";
import { vouchForChildren } from "./vouch-for-children.js";

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
        const verdict = await sendManifest(
          deps,
          { repository, actor: push.actor, reading, gone },
          put,
        );
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
      send: () => sendManifest(deps, { repository, actor, reading, gone }, put),
      currentDigest: () => upstream.digestOfTag(repository, tag),
      isWhole: () => deps.isWhole(push),
      gone,
    };
    onTheirWay.push({ push, transport });
  }
  // What has another name is known by it as well.
  const before = async () => {
    if (manifest.digest === digest) return null;
    await noteCalled(ledger.db, repository, tags, { digest, called: manifest.digest });
    return store();
  };
  return pushTags(ledger, onTheirWay, before).catch((error: unknown) => {
    throw deps.tagRefusalCode === "DENIED" ? error : asPierOne(error);
  });
}
