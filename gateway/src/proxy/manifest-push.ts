import { digestOf } from "#registry-protocol/digest.js";
import { asPierOne } from "#registry-protocol/faults.js";
import { parseWriteCondition } from "#registry-protocol/write-condition.js";
import { clientGone } from "#service-kit/http/client-gone.js";
import { pushTag, type ManifestTransport } from "../ledger/push-tag.js";
import type { WholeAnswer } from "../upstream/whole-request.js";
import { actorOf, type ExchangeOf } from "./exchange.js";
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
    send: () => sendManifest(deps, { repository, actor, reading, gone }, put),
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
