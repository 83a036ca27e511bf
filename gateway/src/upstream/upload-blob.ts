import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { WholeAnswer, WholeRequest } from "./whole-request.js";

/** Asks the registry for something, in the gateway's own name. */
export type AskInOwnName = (
  target: string,
  request: Pick<WholeRequest, "method" | "headers"> & { readonly body?: Buffer },
) => Promise<WholeAnswer>;

/** A blob of the gateway's own. */
export interface OwnBlob {
  readonly repository: RepositoryName;
  readonly content: Buffer;
  /** In the algorithm by which it is to be known. */
  readonly digest: Digest;
}

/**
 * Stores a blob of the gateway's own at the registry (OCI distribution-spec, "POST then PUT").
 *
 * @param ask - with a token to push to the repository
 * @param registryUrl - what the registry's URLs begin with
 * @param blob - what is stored, and where
 * @throws Error when the registry does not take it, whatever `ask` throws
 */
export async function uploadBlob(
  ask: AskInOwnName,
  registryUrl: string,
  { repository, content, digest }: OwnBlob,
): Promise<void> {
  const location = await begunAt(ask, repository);
  const { status } = await ask(closingTarget(location, registryUrl, digest), {
    method: "PUT",
    headers: { "Content-Type": "application/octet-stream" },
    body: content,
  });
  if (status !== 201) throw new Error(`the registry answered ${status} to a blob`);
}

/**
 * Only path and query of it count: where to ask is known, and the token goes nowhere else.
 *
 * @param location - where the registry says that an upload goes on
 * @param registryUrl - what the registry's URLs begin with
 * @param digest - of what was sent there
 * @returns path and query by which the upload is ended, below the registry's URL
 */
export function closingTarget(location: string, registryUrl: string, digest: Digest): string {
  const place = new URL(location, registryUrl);
  place.searchParams.set("digest", digest);
  const prefix = new URL(registryUrl).pathname.replace(/\/$/, "");
  const { pathname } = place;
  const path = pathname.startsWith(`${prefix}/`) ? pathname.slice(prefix.length) : pathname;
  return `${path}${place.search}`;
}

/** An upload of the registry's that nothing has been sent to. */
export interface BegunUpload {
  readonly session: string;
  /** The registry's own, to be sent back. */
  readonly query: URLSearchParams;
}

/**
 * @param ask - with a token to push to the repository
 * @param repository - where to
 * @returns an upload that has begun
 * @throws Error when the registry begins none, whatever `ask` throws
 */
export async function beginUpload(
  ask: AskInOwnName,
  repository: RepositoryName,
): Promise<BegunUpload> {
  const location = await begunAt(ask, repository);
  const place = new URL(location, "http://registry");
  const session = place.pathname.split("/").at(-1) ?? "";
  return { session, query: place.searchParams };
}

async function begunAt(ask: AskInOwnName, repository: RepositoryName): Promise<string> {
  const begun = await ask(`/v2/${repository}/blobs/uploads/`, { method: "POST", headers: {} });
  const location = begun.headers.get("location");
  if (begun.status !== 202 || location === null)
    throw new Error(`the registry answered ${begun.status} when a blob was to be uploaded`);
  return location;
}
