import { z } from "zod";
import { splitTarget } from "#registry-protocol/path.js";
import { readCursor, writeCursor, type CursorSealer } from "#rest-api/cursor.js";
import { jsonBytes, sendJsonBytes } from "#service-kit/http/send-fault.js";
import { describeTags, type DescribedTag } from "../extensions/describe-tags.js";
import { learnTags } from "../extensions/learn-tags.js";
import type { ManifestFactsDeps } from "../extensions/manifest-facts.js";
import { knowsAllTags } from "../extensions/sql/described-tags.js";
import type { TagResolver } from "../ledger/resolve-tag.js";
import { MOST_LISTED } from "../upstream/registry-target.js";
import type { Exchange, ExchangeOf } from "./exchange.js";
import { askedTags } from "./extension-query.js";
import { indexOf, INDEX_TYPE } from "./made-index.js";
import { relay, tagsFrom, type ListDeps } from "./tags-list.js";
import { linkToNext } from "./tags-page.js";

/** What describing tags needs. */
export interface DescribedTagsDeps {
  readonly describing: ManifestFactsDeps & { readonly resolver: Pick<TagResolver, "resolve"> };
  readonly listing: ListDeps;
  readonly sealer: CursorSealer;
}

const CREATED = "org.opencontainers.image.ref.created";
const NAME = "org.opencontainers.image.ref.name";
/** Where it is not known, as the draft has it. */
const EPOCH = "1970-01-01T00:00:00Z";
const position = z.object({ key: z.string(), name: z.string() });

/** The list of tags of the specification, asked for in another form, and our extension's. */
type TagsExchange = ExchangeOf<"tags.list" | "tags.described">;

/**
 * GET and HEAD of a repository's tags with what they mean (draft of the OCI distribution-spec, pull request 579): an index with each
 * tag's manifest, and when the tag came to mean it. By name or by that time; virtual `latest` is none of them.
 *
 * @param deps - ledger and registry
 * @param exchange - the request
 * @throws Fault PAGE_INVALID or REQUEST_INVALID for a parameter that is not of its form, UNAVAILABLE while it cannot be told
 */
export async function answerDescribedTags(
  { describing, listing, sealer }: DescribedTagsDeps,
  exchange: TagsExchange,
): Promise<void> {
  const { req, res, request } = exchange;
  const { repository } = request;
  const { query } = splitTarget(req.url);
  const { by, order, most, last, cursor } = askedTags(new URLSearchParams(query));
  const place = JSON.stringify(["tags.described", repository, by, order]);
  const seen = last === null ? null : { key: "", name: last };
  const after = cursor === null ? seen : readCursor(sealer, place, cursor, position);
  const limit = most ?? MOST_LISTED;
  if (!(await isKnown({ describing, listing }, exchange))) return;
  const page =
    limit === 0
      ? { items: [], next: null }
      : await describeTags(describing, { repository, by, order, after, limit });
  if (page.next !== null) {
    const next = writeCursor(sealer, place, page.next);
    const list = request.kind === "tags.list" ? "tags/list" : "_wharfinger/tags/list";
    const path = `/v2/${repository}/${list}`;
    res.setHeader(
      "Link",
      linkToNext(path, { n: limit, sort_by: by, sort_order: order, cursor: next }),
    );
  }
  res.setHeader("Vary", "Accept");
  sendJsonBytes(res, 200, jsonBytes(indexOf(page.items.map(descriptorOf))), INDEX_TYPE);
}

/**
 * @param accept - header of a request for a list of tags
 * @returns whether it wants the list as an index rather than in the specification's form
 */
export function wantsIndex(accept: string | undefined): boolean {
  const weights = new Map(
    (accept ?? "").split(",").map((part) => {
      const [type = "", ...parameters] = part.split(";").map((text) => text.trim().toLowerCase());
      const weight = parameters.find((text) => text.startsWith("q="))?.slice(2) ?? "1";
      return [type, Number(weight)];
    }),
  );
  return (weights.get(INDEX_TYPE) ?? 0) > (weights.get("application/json") ?? 0);
}

/** @returns whether the ledger knows all of the registry's tags now; `false`: the registry has said that there are none */
async function isKnown(
  { describing, listing }: Pick<DescribedTagsDeps, "describing" | "listing">,
  exchange: TagsExchange,
): Promise<boolean> {
  const { repository } = exchange.request;
  if (await listing.ask(() => knowsAllTags(describing.db, repository))) return true;
  const plain: Exchange<{ kind: "tags.list"; repository: typeof repository }> = {
    ...exchange,
    request: { kind: "tags.list", repository },
  };
  const found = await tagsFrom(listing, plain, { most: null, after: null });
  if ("refused" in found) relay(exchange.res, found.refused);
  else await learnTags(describing, repository, found.tags);
  return !("refused" in found);
}

function descriptorOf({ name, digest, created, mediaType, size }: DescribedTag): object {
  const annotations = { [CREATED]: created ?? EPOCH, [NAME]: name };
  return { mediaType, size, digest, annotations };
}
