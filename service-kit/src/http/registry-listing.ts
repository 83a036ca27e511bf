import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Access } from "#registry-protocol/scope.js";
import { fetchAgain } from "./fetch-again.js";
import { namesInJson } from "./names-in-json.js";

/** The registry answered, but with no list. */
export class ListingRefused extends Error {
  override readonly name = "ListingRefused";
  readonly status: number;

  constructor(path: string, status: number) {
    super(`the registry answered ${status} when asked for ${path}`);
    this.status = status;
  }
}

/** @returns whether the registry says that a repository has no list of tags */
export function isListMissing(error: unknown): boolean {
  return error instanceof ListingRefused && error.status === 404;
}

/** What a registry says it has, in portions, so that no size of it matters. */
export interface RegistryListing {
  /** @throws when the registry does not answer, or not to the end; then what came before counts for nothing */
  repositories(signal: AbortSignal): AsyncGenerator<string[]>;
  /** @throws when the registry does not answer, does not know the repository, or does not answer to the end */
  tags(repository: RepositoryName, signal: AbortSignal): AsyncGenerator<string[]>;
}

/** Registries of both lines refuse more than 1000 repositories at once; 2.8 sends all tags whatever it is asked. */
const PAGE = 1_000;
/** A catalog in S3 is found by walking through the bucket. */
const PAGE_MILLISECONDS = 300_000;

/**
 * @param registryUrl - URL of the stock registry
 * @param authorization - makes the gateway's tokens
 * @returns a reader of its lists
 */
export function registryListing(
  registryUrl: string,
  authorization: (subject: string, access: readonly Access[]) => string,
): RegistryListing {
  const list = (path: string, key: string, access: Access, signal: AbortSignal) =>
    pagesOf({ registryUrl, path, key, signal, authorize: () => authorization("", [access]) });
  return {
    repositories: (signal) =>
      list(
        "/v2/_catalog",
        "repositories",
        { type: "registry", name: "catalog", actions: ["*"] },
        signal,
      ),
    tags: (repository, signal) =>
      list(
        `/v2/${repository}/tags/list`,
        "tags",
        { type: "repository", name: repository, actions: ["pull"] },
        signal,
      ),
  };
}

interface ListRequest {
  readonly registryUrl: string;
  readonly path: string;
  readonly key: string;
  readonly signal: AbortSignal;
  readonly authorize: () => string;
}

async function* pagesOf(list: ListRequest): AsyncGenerator<string[]> {
  const asked = new Set<string>();
  let query: string | null = `n=${PAGE}`;
  while (query !== null) {
    if (asked.has(query)) throw new Error(`the registry's pages of ${list.path} run in a circle`);
    asked.add(query);
    const answer: Response = await fetchAgain(`${list.registryUrl}${list.path}?${query}`, {
      headers: { Authorization: list.authorize() },
      redirect: "manual",
      signal: AbortSignal.any([list.signal, AbortSignal.timeout(PAGE_MILLISECONDS)]),
    });
    if (answer.status !== 200 || answer.body === null) {
      await answer.body?.cancel();
      throw new ListingRefused(list.path, answer.status);
    }
    yield* namesInJson(answer.body, list.key);
    query = nextQuery(answer.headers.get("link"));
  }
}

/** Of a link (RFC 8288) only the query counts: where to ask is known, and the token goes nowhere else. */
function nextQuery(link: string | null): string | null {
  if (link === null) return null;
  const query = /^\s*<[^>?]*\?([^>]+)>\s*;.*\brel="?next"?/.exec(link)?.[1];
  if (query === undefined) throw new Error("the registry's answer has a Link that leads nowhere");
  return query;
}
