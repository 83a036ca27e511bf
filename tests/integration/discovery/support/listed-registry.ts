import type { ServerResponse } from "node:http";
import { digestOf, type Digest } from "#registry-protocol/digest.js";
import { manifestRegistry } from "#tests/support/manifest-registry.js";
import { startUpstream, type UpstreamDouble } from "#tests/support/upstream-double.js";

/** What can be wrong with an answer of the registry. */
export type Fault =
  "none" | "500" | "404" | "empty" | "half" | "endless" | "cut" | "no list" | "no JSON";

/** A registry that lists what it has, and can be made to list it badly. */
export interface ListedRegistry {
  readonly url: string;
  readonly upstream: UpstreamDouble;
  /** What each tag means, `repository:tag` to digest. */
  readonly tags: Map<string, Digest>;
  /** Digest requests so far, by tag. */
  readonly asked: Map<string, number>;
  /** Most digest requests that were under way at once. */
  mostAtOnce: number;
  catalog: Fault;
  /** Repositories that are not in it although they have tags, as those without layers in 2.8. */
  readonly unlisted: Set<string>;
  list: Fault;
  /** Status of every answer about a tag, with HEAD and with GET; `null`: the right one. */
  headStatus: number | null;
  /** Names on one page, as 3.x has them; `null`: all at once, as 2.8 has it. */
  page: number | null;
  /** Lets a tag mean something; returns the digest. */
  write(repository: string, tag: string, content: string): Digest;
}

/** @returns an empty one, listening */
export async function startListedRegistry(): Promise<ListedRegistry> {
  const manifests = manifestRegistry();
  let atOnce = 0;
  const upstream = await startUpstream(async (req, res, seen) => {
    const { pathname, searchParams } = new URL(req.url ?? "", "http://registry");
    if (pathname === "/v2/_catalog") {
      const all = new Set([...manifests.tags.keys()].map((key) => key.split(":")[0] ?? ""));
      const names = [...all].filter((name) => !registry.unlisted.has(name));
      answerList(registry, res, { fault: registry.catalog, key: "repositories", names, pathname });
      return;
    }
    const [, repository] = /^\/v2\/(.+)\/tags\/list$/.exec(pathname) ?? [];
    if (repository !== undefined) {
      const names = tagsOf(manifests.tags, repository);
      const last = searchParams.get("last");
      const fault = names.length === 0 && registry.list === "none" ? "404" : registry.list;
      answerList(registry, res, { fault, key: "tags", names, pathname, last });
      return;
    }
    if (req.method === "GET" && registry.headStatus !== null) {
      res.writeHead(registry.headStatus).end();
      return;
    }
    if (req.method === "HEAD") {
      const key = pathname.replace(/^\/v2\/(.+)\/manifests\/(.+)$/, "$1:$2");
      registry.asked.set(key, (registry.asked.get(key) ?? 0) + 1);
      atOnce += 1;
      registry.mostAtOnce = Math.max(registry.mostAtOnce, atOnce);
      res.once("close", () => (atOnce -= 1));
      if (registry.headStatus !== null) {
        res.writeHead(registry.headStatus).end();
        return;
      }
    }
    await manifests.handler(req, res, seen);
  });
  const registry: ListedRegistry = {
    url: upstream.url,
    upstream,
    tags: manifests.tags,
    asked: new Map(),
    mostAtOnce: 0,
    catalog: "none",
    unlisted: new Set(),
    list: "none",
    headStatus: null,
    page: null,
    write: (repository, tag, content) => manifests.write(repository, tag, content),
  };
  return registry;
}

/**
 * @param registry - gets many tags that nothing is stored for but their digest
 * @param repository - where
 * @param count - how many
 */
export function fill(registry: ListedRegistry, repository: string, count: number): void {
  for (let i = 0; i < count; i += 1) registry.write(repository, `t-${i}`, `${repository} ${i}`);
}

/** @returns digest of what {@link fill} writes */
export function filledDigest(repository: string, i: number): Digest {
  return digestOf(Buffer.from(`${repository} ${i}`));
}

function tagsOf(tags: ReadonlyMap<string, Digest>, repository: string): string[] {
  return [...tags.keys()]
    .filter((key) => key.startsWith(`${repository}:`))
    .map((key) => key.slice(repository.length + 1));
}

function answerList(
  registry: ListedRegistry,
  res: ServerResponse,
  list: { fault: Fault; key: string; names: string[]; pathname: string; last?: string | null },
): void {
  const { fault, key, pathname, last = null } = list;
  const status = { "500": 500, "404": 404 }[fault as string];
  if (status !== undefined) {
    res.writeHead(status, { "Content-Type": "application/json" }).end('{"errors":[]}');
    return;
  }
  const from = last === null ? 0 : list.names.indexOf(last) + 1;
  const to = registry.page === null ? list.names.length : from + registry.page;
  const names = fault === "empty" ? [] : list.names.slice(from, to);
  const next = fault === "endless" || (to < list.names.length && fault !== "empty");
  const query = fault === "endless" ? "n=1&last=same" : `n=1000&last=${names.at(-1) ?? ""}`;
  if (next) res.setHeader("Link", `<${pathname}?${query}>; rel="next"`);
  const body = JSON.stringify({ name: "x", [fault === "no list" ? "other" : key]: names });
  const half = body.slice(0, Math.ceil(body.length / 2));
  if (fault === "cut") {
    res.writeHead(200, { "Content-Length": body.length }).write(half);
    setTimeout(() => res.destroy(), 20);
  } else res.writeHead(200).end(fault === "half" ? half : fault === "no JSON" ? "<html>" : body);
}
