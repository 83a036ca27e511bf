import { splitTarget } from "#registry-protocol/path.js";
import { Fault } from "#registry-protocol/faults.js";
import { readCursor, writeCursor, type CursorSealer } from "#rest-api/cursor.js";
import { tagHistory as listed } from "#rest-api/operations/tag-lists.js";
import { jsonBytes, sendJsonBytes } from "#service-kit/http/send-fault.js";
import type { ManifestFactsDeps } from "../extensions/manifest-facts.js";
import { tagHistory, type TagEvent } from "../extensions/tag-history.js";
import { MOST_LISTED } from "../upstream/registry-target.js";
import { mayReadAudit } from "./access.js";
import type { ExchangeOf } from "./exchange.js";
import { askedHistory, type AskedHistory } from "./extension-query.js";
import { indexOf, INDEX_TYPE } from "./made-index.js";
import { linkToNext } from "./tags-page.js";

/** What a tag's history is told from. */
export interface TagHistoryDeps {
  readonly describing: ManifestFactsDeps;
  readonly sealer: CursorSealer;
}

const EVENT = "org.opencontainers.distribution.tag.event";
const TIMESTAMP = "org.opencontainers.distribution.tag.timestamp";
/** Ours; no manifest's own annotation comes into the list. */
const BY = "io.wharfinger.tag.by";

/**
 * GET and HEAD of what a tag has meant (draft of the OCI distribution-spec, pull request 606): an index of each manifest that
 * it was given, and lost by a deletion, the newest first, also of what is deleted or never was. Who did it and when is for
 * whoever may read the audit log: for others it is the order alone, and places in it are sealed.
 *
 * @param deps - ledger and audit log
 * @param exchange - the request
 * @throws Fault PAGE_INVALID, DIGEST_INVALID, REQUEST_INVALID for a parameter that is not of its form, DENIED for times that the caller
 *   may not know, UNAVAILABLE while the ledger cannot be asked
 */
export async function answerTagHistory(
  { describing, sealer }: TagHistoryDeps,
  { req, res, request, caller }: ExchangeOf<"tag.history">,
): Promise<void> {
  const { repository, tag } = request;
  const asked = askedHistory(new URLSearchParams(splitTarget(req.url).query));
  const isAuditor = mayReadAudit(caller);
  if (!isAuditor) refuseTimes(asked);
  const { digest, since, before, cursor } = asked;
  const list = JSON.stringify(["tag.history", repository, tag, digest, since, before]);
  const after = cursor === null ? null : readCursor(sealer, list, cursor, listed.position);
  const limit = asked.most ?? MOST_LISTED;
  const query = { repository, tag, digest, since, before, after, limit };
  const page = limit === 0 ? { items: [], next: null } : await tagHistory(describing, query);
  if (page.next !== null) {
    const path = `/v2/${repository}/_oci/tag-history/${tag}`;
    const next = writeCursor(sealer, list, page.next);
    res.setHeader("Link", linkToNext(path, { n: limit, digest, since, before, cursor: next }));
  }
  const events = page.items.map((event) => descriptorOf(event, isAuditor));
  sendJsonBytes(res, 200, jsonBytes(indexOf(events)), INDEX_TYPE);
}

/** Whoever could ask what came before a time would find out every time. */
function refuseTimes({ since, before }: AskedHistory): void {
  if (since === null && before === null) return;
  throw new Fault("DENIED", {
    message:
      "when a tag was changed is told to whoever may read the audit log: since and before are for them",
  });
}

function descriptorOf(
  { mediaType, size, digest, event, at, by }: TagEvent,
  isAuditor: boolean,
): object {
  const known = isAuditor ? { [TIMESTAMP]: at, [BY]: by } : {};
  return { mediaType, size, digest, annotations: { ...known, [EVENT]: event } };
}
