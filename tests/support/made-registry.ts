import type { IncomingMessage, ServerResponse } from "node:http";
import { digestOf } from "#registry-protocol/digest.js";
import { startUpstream, wholeBody, type UpstreamDouble } from "./upstream-double.js";

/** A moment at which a registry 2.8 rewrites a link in place, and who comes by sees an empty one. */
export interface EmptyLink {
  /** Digest of a blob or manifest, or name of a tag. */
  readonly of: string;
  /** To requests with this method; absent: to all. */
  readonly method?: string;
  /** How many requests see it empty. */
  readonly times: number;
}

/** Something like a registry 2.8 for one repository, in memory, that shows empty links at chosen moments. */
export interface MadeRegistry {
  readonly url: string;
  readonly upstream: UpstreamDouble;
  readonly blobs: Map<string, Buffer>;
  /** Manifests by digest. */
  readonly manifests: Map<string, { readonly type: string; readonly content: Buffer }>;
  /** Digests by tag. */
  readonly tags: Map<string, string>;
  /** Links that are empty from now on; those of before are not any more. */
  empty(...links: EmptyLink[]): void;
  /** How often uploads fail at their end from now on, after the blob was stored (`true`) or without. */
  failUploads: { times: number; readonly stores: boolean };
  stop(): Promise<void>;
}

/** The repository that its tags are of. */
const LISTED = "alpha/app";
const UNKNOWN = { code: "UNKNOWN", message: "unknown error", detail: {} };
const WRONG_DIGEST = {
  code: "DIGEST_INVALID",
  message: "provided digest did not match uploaded content",
};

/** @returns an empty one, listening */
export async function startMadeRegistry(): Promise<MadeRegistry> {
  let empty: { link: EmptyLink; left: number }[] = [];
  const isEmpty = (of: string, method: string) => {
    const found = empty.find(
      ({ link, left }) =>
        left > 0 && link.of === of && (link.method === undefined || link.method === method),
    );
    if (found !== undefined) found.left -= 1;
    return found !== undefined;
  };
  const upstream = await startUpstream(async (req, res, seen) => {
    const content = await wholeBody(req, seen);
    if (content !== null) answer(registry, isEmpty, { req, res, content });
  });
  const registry: MadeRegistry = {
    url: upstream.url,
    upstream,
    blobs: new Map(),
    manifests: new Map(),
    tags: new Map(),
    empty: (...links) => {
      empty = links.map((link) => ({ link, left: link.times }));
    },
    failUploads: { times: 0, stores: false },
    stop: () => upstream.stop(),
  };
  return registry;
}

interface Asked {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly content: Buffer;
}

type IsEmpty = (of: string, method: string) => boolean;

function answer(registry: MadeRegistry, isEmpty: IsEmpty, asked: Asked): void {
  const { req, res } = asked;
  const { pathname, searchParams } = new URL(req.url ?? "", "http://registry");
  const [, repository = "", kind = "", name = ""] =
    /^\/v2\/(.+)\/(blobs\/uploads|blobs|manifests)\/(.*)$/.exec(pathname) ?? [];
  const lists: Readonly<Record<string, object>> = {
    "/v2/_catalog": { repositories: [LISTED] },
    [`/v2/${LISTED}/tags/list`]: { name: LISTED, tags: [...registry.tags.keys()] },
  };
  if (lists[pathname] !== undefined) {
    res.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(lists[pathname]));
    return;
  }
  if (kind === "blobs/uploads") {
    upload(registry, repository, searchParams, asked);
    return;
  }
  if (kind === "manifests" && req.method === "PUT") {
    putManifest(registry, isEmpty, name, asked);
    return;
  }
  if (isEmpty(name, req.method ?? "")) {
    fail(res, 500, UNKNOWN);
    return;
  }
  if (kind === "blobs") {
    const blob = registry.blobs.get(name);
    if (blob === undefined) {
      fail(res, 404, { code: "BLOB_UNKNOWN" });
      return;
    }
    give(asked, blob, { "Docker-Content-Digest": name });
    return;
  }
  const digest = name.includes(":") ? name : (registry.tags.get(name) ?? "");
  const found = registry.manifests.get(digest);
  if (found === undefined) {
    fail(res, 404, { code: "MANIFEST_UNKNOWN" });
    return;
  }
  give(asked, found.content, { "Docker-Content-Digest": digest, "Content-Type": found.type });
}

function upload(
  registry: MadeRegistry,
  repository: string,
  query: URLSearchParams,
  { req, res, content }: Asked,
): void {
  if (req.method === "POST") {
    const location = `/v2/${repository}/blobs/uploads/a-session?_state=x`;
    res.writeHead(202, { Location: location }).end();
    return;
  }
  const digest = query.get("digest") ?? "";
  const { times, stores } = registry.failUploads;
  if (times === 0 || stores) registry.blobs.set(digest, content);
  if (times > 0) {
    registry.failUploads = { times: times - 1, stores };
    fail(res, 500, UNKNOWN);
    return;
  }
  const location = `/v2/${repository}/blobs/${digest}`;
  res.writeHead(201, { Location: location, "Docker-Content-Digest": digest }).end();
}

interface Parts {
  readonly config?: { readonly digest: string };
  readonly layers?: readonly { readonly digest: string }[];
  readonly manifests?: readonly { readonly digest: string }[];
}

function putManifest(
  registry: MadeRegistry,
  isEmpty: IsEmpty,
  reference: string,
  { req, res, content }: Asked,
): void {
  const { config, layers = [], manifests = [] } = JSON.parse(content.toString()) as Parts;
  const blobs = [...(config === undefined ? [] : [config]), ...layers];
  const errors = [...blobs, ...manifests].flatMap(({ digest }) => {
    const unknown = { code: "MANIFEST_BLOB_UNKNOWN", detail: digest };
    if (isEmpty(digest, "PUT")) return [WRONG_DIGEST, unknown];
    return registry.blobs.has(digest) || registry.manifests.has(digest) ? [] : [unknown];
  });
  if (errors.length > 0) {
    fail(res, 400, ...errors);
    return;
  }
  const digest = digestOf(content);
  registry.manifests.set(digest, { type: req.headers["content-type"] ?? "", content });
  if (!reference.includes(":")) registry.tags.set(reference, digest);
  res.writeHead(201, { Location: "/v2/", "Docker-Content-Digest": digest }).end();
}

function give({ req, res }: Asked, content: Buffer, headers: Record<string, string>): void {
  res.writeHead(200, { "Content-Length": content.length, ...headers });
  res.end(req.method === "HEAD" ? undefined : content);
}

function fail(res: ServerResponse, status: number, ...errors: object[]): void {
  const headers = { "Content-Type": "application/json; charset=utf-8" };
  res.writeHead(status, headers).end(JSON.stringify({ errors }));
}
