import type { Response } from "express";
import { z } from "zod";
import { Fault } from "#registry-protocol/faults.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import { splitTarget } from "#registry-protocol/path.js";
import type { Queryable } from "#service-kit/db/pool.js";
import type { Logger } from "#service-kit/log.js";
import { readDeletedTags } from "../ledger/sql/read-tag.js";
import type { ExchangeOf } from "./exchange.js";
import { registryQuery } from "../upstream/registry-target.js";
import type { Upstream } from "../upstream/upstream.js";
import type { WholeAnswer } from "../upstream/whole-request.js";

/** What listing tags needs. */
export interface TagsListDeps {
  readonly db: Queryable;
  readonly log: Logger;
  readonly upstream: Upstream;
}

/** `tags` is null at some releases when the last tag is gone. */
const listSchema = z.looseObject({ name: z.string(), tags: z.array(z.string()).nullable() });

/** Response headers of a list that mean something to a client; `Link` leads to the next page. */
const ANSWER_HEADERS = ["content-type", "link"];

/**
 * GET of a repository's tags: the registry's list without those that were deleted. A page may so be shorter than
 * was asked for; its `Link` is the registry's, which goes on where the page ended before anything was taken out.
 */
export async function listTags(
  deps: TagsListDeps,
  { req, res, request, caller, context }: ExchangeOf<"tags.list">,
): Promise<void> {
  const errand = {
    subject: caller.subject,
    clientAddress: context.client.address,
    requestId: context.requestId,
  };
  const asked = new URLSearchParams(splitTarget(req.url).query);
  const query = registryQuery(request, "GET", asked);
  const answer = await deps.upstream
    .listTags(request.repository, query, errand)
    .catch((cause: unknown) => {
      throw new Fault("UNAVAILABLE", { message: "the registry did not answer; try again", cause });
    });
  if (answer.status >= 500 || answer.status === 401)
    throw new Fault("UNAVAILABLE", { message: `the registry answered ${answer.status}` });
  const body =
    answer.status === 200 ? await withoutDeleted(deps, request.repository, answer) : answer.body;
  send(res, answer, body);
}

async function withoutDeleted(
  deps: TagsListDeps,
  repository: RepositoryName,
  { body }: WholeAnswer,
): Promise<Buffer> {
  const list = listSchema.safeParse(parseJson(body)).data;
  if (list === undefined) return body;
  const tags = list.tags ?? [];
  const deleted = await readDeletedTags(deps.db, repository, tags).catch((error: unknown) => {
    deps.log.warn({ event: "tags.unfiltered", repository, err: error });
    return new Set<string>();
  });
  return Buffer.from(JSON.stringify({ ...list, tags: tags.filter((tag) => !deleted.has(tag)) }));
}

function send(res: Response, answer: WholeAnswer, body: Buffer): void {
  res.statusCode = answer.status;
  for (const name of ANSWER_HEADERS) {
    const value = answer.headers.get(name);
    if (value !== null) res.setHeader(name, value);
  }
  res.setHeader("Content-Length", body.length);
  res.end(body);
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return null;
  }
}
