import type { ServerResponse } from "node:http";
import { z } from "zod";
import { Fault } from "#registry-protocol/faults.js";
import { splitTarget } from "#registry-protocol/path.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Queryable } from "#service-kit/db/pool.js";
import type { Logger } from "#service-kit/log.js";
import { jsonOrNull } from "#service-kit/json-or-null.js";
import { jsonBytes, sendJsonBytes } from "#service-kit/http/send-fault.js";
import { LATEST } from "#tag-policy/tag-policy.js";
import type { Ask } from "#service-kit/db/asker.js";
import type { ListPage, RememberedLists } from "../ledger/remembered-lists.js";
import { readListedTags } from "../ledger/sql/listed-names.js";
import { readDeletedTags } from "../ledger/sql/read-tag.js";
import type { ExchangeOf } from "./exchange.js";
import { askedPage } from "../upstream/registry-target.js";
import type { Upstream } from "../upstream/upstream.js";
import type { WholeAnswer } from "../upstream/whole-request.js";
import type { LongViews } from "./long-views.js";
import { inOrder, nextLink, onlyAfter, withName } from "./tags-page.js";

/** What listing tags and repositories needs. */
export interface ListDeps {
  readonly db: Queryable;
  readonly ask: Ask;
  readonly log: Logger;
  readonly upstream: Upstream;
  readonly lists: Pick<RememberedLists, "inMemory" | "find">;
  readonly views: LongViews;
  /** @returns whether a virtual latest is shown among a repository's tags */
  readonly showsLatest: (repository: RepositoryName) => boolean;
}

/** `tags` is null at some releases when there is none. */
const listSchema = z.looseObject({ tags: z.array(z.string()).nullable() });

/**
 * GET and HEAD of a repository's tags (OCI distribution-spec, "Listing Tags"), in the order of their bytes, as many as were
 * asked for and from where, with a `Link` exactly when there are more. They are the ledger's once the registry's were all
 * found there, from memory for a moment; until then, and while the ledger is away, they are the registry's without those that
 * were deleted.
 * Registries of the line 2.8 send all tags, in no order, whatever they are asked; those of 3.1.0 and 3.1.1 on S3 leave out
 * names that begin with another one.
 */
export async function listTags(deps: ListDeps, exchange: ExchangeOf<"tags.list">): Promise<void> {
  const { req, res, request } = exchange;
  const asked = askedPage(new URLSearchParams(splitTarget(req.url).query));
  const page = await knownPage(deps, request.repository, asked);
  if (page !== null) {
    send(res, page);
    return;
  }
  const found = await tagsFrom(deps, exchange, asked);
  if ("refused" in found) relay(res, found.refused);
  else send(res, pageOf(request.repository, found.tags, asked));
}

type AskedPage = ReturnType<typeof askedPage>;

function send(res: ServerResponse, { body, link }: ListPage): void {
  if (link !== null) res.setHeader("Link", link);
  sendJsonBytes(res, 200, body);
}

/** @returns the page that is sent of these tags; of more than were asked for there is a next one */
function pageOf(
  repository: RepositoryName,
  found: readonly string[],
  { most }: AskedPage,
): ListPage {
  const tags = most === null ? found : found.slice(0, most);
  const last = tags.at(-1);
  const body = jsonBytes({ name: repository, tags });
  if (most === null || last === undefined || found.length <= most) return { body, link: null };
  return { body, link: nextLink(`/v2/${repository}/tags/list`, { most, last }) };
}

/** Tags in order, or the registry's answer when it has no list. */
type Found = { readonly tags: readonly string[] } | { readonly refused: WholeAnswer };

/** @returns `null` when the registry has to be asked */
async function knownPage(
  { db, ask, log, lists, showsLatest }: ListDeps,
  repository: RepositoryName,
  asked: AskedPage,
): Promise<ListPage | null> {
  const { most, after } = asked;
  const name = `${most ?? "all"} ${after ?? ""}`;
  const page = { after: after ?? "", limit: most === null ? null : most + 1 };
  const read = async () => {
    const listed = await ask(() => readListedTags(db, repository, page));
    if (listed === null) return null;
    const { tags, latest, any } = listed;
    const isShown = latest || (any && showsLatest(repository));
    const all = isShown && page.after < LATEST ? withName(tags, LATEST) : tags;
    return pageOf(repository, all, asked);
  };
  return (
    lists.inMemory(repository, name) ??
    (await lists.find(repository, name, read).catch((error: unknown) => {
      log.warn({ event: "tags.unknown", repository, err: error });
      return null;
    }))
  );
}

/**
 * @param deps - the registry, and what was deleted
 * @param exchange - a request for tags
 * @param asked - which of them
 * @returns them as the registry has them, one more than were asked for when there are so many: then there is a next page
 */
export async function tagsFrom(
  deps: ListDeps,
  exchange: ExchangeOf<"tags.list">,
  { most, after }: AskedPage,
): Promise<Found> {
  const { repository } = exchange.request;
  const wanted = most === null ? Infinity : most + 1;
  let tags: readonly string[] = [];
  let from = after;
  for (;;) {
    const answer = await askRegistry(deps, exchange, { wanted, from });
    if (answer.status !== 200) return { refused: answer };
    const some = onlyAfter(inOrder(tagsIn(answer)), from);
    if (some.length === 0 && from !== null) return endOf(deps, exchange, tags);
    tags = tags.concat(await withoutDeleted(deps, repository, some));
    // What was deleted leaves room on the page: a client that takes a short one for the last would miss the rest.
    from = some.at(-1) ?? null;
    if (from === null || tags.length >= wanted || !answer.headers.has("link")) return { tags };
  }
}

/** Registries of the line 3 say of a repository that is not there that nothing comes after a tag. */
async function endOf(
  deps: ListDeps,
  exchange: ExchangeOf<"tags.list">,
  tags: readonly string[],
): Promise<Found> {
  if (tags.length > 0) return { tags };
  const answer = await askRegistry(deps, exchange, { wanted: 1, from: null });
  return answer.status === 200 ? { tags } : { refused: answer };
}

async function askRegistry(
  { upstream }: ListDeps,
  { request, caller, context }: ExchangeOf<"tags.list">,
  { wanted, from }: { readonly wanted: number; readonly from: string | null },
): Promise<WholeAnswer> {
  const errand = {
    subject: caller.subject,
    clientAddress: context.client.address,
    requestId: context.requestId,
  };
  const query = new URLSearchParams({
    ...(wanted === Infinity ? {} : { n: String(wanted) }),
    ...(from === null ? {} : { last: from }),
  });
  const answer = await upstream
    .listTags(request.repository, query.toString(), errand)
    .catch((cause: unknown) => {
      throw new Fault("UNAVAILABLE", { message: "the registry did not answer; try again", cause });
    });
  if (answer.status >= 500 || answer.status === 401)
    throw new Fault("UNAVAILABLE", { message: `the registry answered ${answer.status}` });
  return answer;
}

function tagsIn({ body }: WholeAnswer): readonly string[] {
  const list = listSchema.safeParse(jsonOrNull(body.toString()));
  if (list.success) return list.data.tags ?? [];
  throw new Fault("UNAVAILABLE", {
    message: "the registry's list of tags cannot be read",
    cause: list.error,
  });
}

async function withoutDeleted(
  { db, ask, log }: ListDeps,
  repository: RepositoryName,
  tags: readonly string[],
): Promise<readonly string[]> {
  const deleted = await ask(() => readDeletedTags(db, repository, tags)).catch((error: unknown) => {
    log.warn({ event: "tags.unfiltered", repository, err: error });
    return new Set<string>();
  });
  return tags.filter((tag) => !deleted.has(tag));
}

/**
 * What the registry says instead of a list is the client's affair: that there is no such repository.
 *
 * @param res - the answer, not begun
 * @param said - the registry's
 */
export function relay(res: ServerResponse, { status, headers, body }: WholeAnswer): void {
  res.statusCode = status;
  res.setHeader("Content-Type", headers.get("content-type") ?? "application/json");
  res.setHeader("Content-Length", body.length);
  res.end(body);
}
