import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Access } from "#registry-protocol/scope.js";
import { fetchAgain } from "./fetch-again.js";
import { withHiddenRepositories, withHiddenTags } from "./hidden-names.js";
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
/** Pages that end elsewhere. */
const OTHER_PAGE = 617;
/** A catalog in S3 is found by walking through the bucket. */
const PAGE_MILLISECONDS = 300_000;

/**
 * @param registryUrl - URL of the stock registry
 * @param authorization - makes the gateway's tokens
 * @returns a reader of its lists
 */
export function registryListing(
  registryUrl: string,
  authorization: Authorization,
): RegistryListing {
  return {
    repositories: (signal) => pagesOf(catalogOf(registryUrl, authorization, signal)),
    tags: (repository, signal) =>
      pagesOf(tagsOf(registryUrl, authorization, { repository, signal })),
  };
}

/**
 * @param registryUrl - URL of the stock registry
 * @param authorization - makes the gateway's tokens
 * @returns a reader of its lists that also finds what some registries leave out on S3: it asks once more for every tag
 */
export function thoroughListing(
  registryUrl: string,
  authorization: Authorization,
): RegistryListing {
  return {
    repositories: (signal) => {
      const catalog = catalogOf(registryUrl, authorization, signal);
      return withHiddenRepositories(pagesOf(catalog), pagesOf(catalog, OTHER_PAGE));
    },
    tags: (repository, signal) => {
      const list = tagsOf(registryUrl, authorization, { repository, signal });
      return withHiddenTags(pagesOf(list), (place) => namesAfter(list, place));
    },
  };
}

type Authorization = (subject: string, access: readonly Access[]) => string;

function catalogOf(url: string, authorization: Authorization, signal: AbortSignal): ListRequest {
  const access: Access = { type: "registry", name: "catalog", actions: ["*"] };
  const authorize = () => authorization("", [access]);
  return { registryUrl: url, path: "/v2/_catalog", key: "repositories", signal, authorize };
}

function tagsOf(
  url: string,
  authorization: Authorization,
  { repository, signal }: { readonly repository: RepositoryName; readonly signal: AbortSignal },
): ListRequest {
  const access: Access = { type: "repository", name: repository, actions: ["pull"] };
  const authorize = () => authorization("", [access]);
  return { registryUrl: url, path: `/v2/${repository}/tags/list`, key: "tags", signal, authorize };
}

interface ListRequest {
  readonly registryUrl: string;
  readonly path: string;
  readonly key: string;
  readonly signal: AbortSignal;
  readonly authorize: () => string;
}

async function* pagesOf(list: ListRequest, size = PAGE): AsyncGenerator<string[]> {
  const asked = new Set<string>();
  let query: string | null = `n=${size}`;
  while (query !== null) {
    if (asked.has(query)) throw new Error(`the registry's pages of ${list.path} run in a circle`);
    asked.add(query);
    const { body, link } = await pageAt(list, query);
    yield* namesInJson(body, list.key);
    query = nextQuery(link);
  }
}

/** @returns the name that comes next, or all that there are where the registry takes no notice of the question */
async function namesAfter(list: ListRequest, place: string): Promise<string[]> {
  const { body } = await pageAt(list, new URLSearchParams({ n: "1", last: place }).toString());
  const names: string[] = [];
  for await (const some of namesInJson(body, list.key)) names.push(...some);
  return names;
}

async function pageAt({ registryUrl, path, signal, authorize }: ListRequest, query: string) {
  const answer: Response = await fetchAgain(`${registryUrl}${path}?${query}`, {
    headers: { Authorization: authorize() },
    redirect: "manual",
    signal: AbortSignal.any([signal, AbortSignal.timeout(PAGE_MILLISECONDS)]),
  });
  if (answer.status !== 200 || answer.body === null) {
    await answer.body?.cancel();
    throw new ListingRefused(path, answer.status);
  }
  return { body: answer.body, link: answer.headers.get("link") };
}

/** Of a link (RFC 8288) only the query counts: where to ask is known, and the token goes nowhere else. */
function nextQuery(link: string | null): string | null {
  if (link === null) return null;
  const query = /^\s*<[^>?]*\?([^>]+)>\s*;.*\brel="?next"?/.exec(link)?.[1];
  if (query === undefined) throw new Error("the registry's answer has a Link that leads nowhere");
  return query;
}
