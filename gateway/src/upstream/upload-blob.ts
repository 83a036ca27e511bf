import { digestOf } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { WholeAnswer, WholeRequest } from "./whole-request.js";

/** Asks the registry for something, in the gateway's own name. */
export type AskInOwnName = (
  target: string,
  request: Pick<WholeRequest, "method" | "headers"> & { readonly body?: Buffer },
) => Promise<WholeAnswer>;

/**
 * Stores a blob of the gateway's own at the registry (OCI distribution-spec, "POST then PUT").
 *
 * @param ask - with a token to push to the repository
 * @param registryUrl - what the registry's URLs begin with
 * @param blob - the repository, and what is stored
 * @throws Error when the registry does not take it, whatever `ask` throws
 */
export async function uploadBlob(
  ask: AskInOwnName,
  registryUrl: string,
  { repository, content }: { readonly repository: RepositoryName; readonly content: Buffer },
): Promise<void> {
  const begun = await ask(`/v2/${repository}/blobs/uploads/`, { method: "POST", headers: {} });
  const location = begun.headers.get("location");
  if (begun.status !== 202 || location === null)
    throw new Error(`the registry answered ${begun.status} when a blob was to be uploaded`);
  const { status } = await ask(closingTarget(location, registryUrl, content), {
    method: "PUT",
    headers: { "Content-Type": "application/octet-stream" },
    body: content,
  });
  if (status !== 201) throw new Error(`the registry answered ${status} to a blob`);
}

/** Only path and query of it count: where to ask is known, and the token goes nowhere else. */
function closingTarget(location: string, registryUrl: string, content: Buffer): string {
  const place = new URL(location, registryUrl);
  place.searchParams.set("digest", digestOf(content));
  const prefix = new URL(registryUrl).pathname.replace(/\/$/, "");
  const { pathname } = place;
  const path = pathname.startsWith(`${prefix}/`) ? pathname.slice(prefix.length) : pathname;
  return `${path}${place.search}`;
}
