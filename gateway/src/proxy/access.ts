import type { Caller } from "./caller.js";
import { grants, type Access } from "#registry-protocol/scope.js";
import type { RegistryRequest } from "#registry-protocol/request.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import { isMarkerRepository } from "#registry-protocol/storage-marker.js";

/**
 * @param request - what a client asks for
 * @returns what the client's token has to grant for it, or `null` when any valid token will do
 */
export function requiredAccess(request: RegistryRequest): Access | null {
  switch (request.kind) {
    case "base":
    case "extensions.list":
      return null;
    case "catalog":
      return { type: "registry", name: "catalog", actions: ["*"] };
    case "tags.list":
    case "tags.described":
    case "tag.history":
    case "extensions.of":
    case "referrers.list":
    case "manifest.read":
    case "blob.read":
      return { type: "repository", name: request.repository, actions: ["pull"] };
    case "manifest.put-by-tag":
    case "manifest.put-by-digest":
    case "upload.start":
    case "upload.continue":
    case "upload.status":
    case "upload.cancel":
      return { type: "repository", name: request.repository, actions: ["pull", "push"] };
    case "manifest.delete":
    case "blob.delete":
      return { type: "repository", name: request.repository, actions: ["delete"] };
  }
}

/**
 * The registry wants other actions than a client's right for the same request: the method alone
 * decides there. This is what the gateway's own token has to say, and no more.
 *
 * @param request - a request that the caller is allowed
 * @param caller - who asks
 * @returns the `access` claim for the registry
 */
export function upstreamAccess(request: RegistryRequest, caller: Caller): Access[] {
  const required = requiredAccess(request);
  if (required === null) return [];
  if (request.kind === "upload.cancel") return [{ ...required, actions: ["delete"] }];
  if (request.kind === "upload.start" && request.mount !== null && mayMount(request.mount, caller))
    return [required, { type: "repository", name: request.mount.from, actions: ["pull"] }];
  return [required];
}

/**
 * @param mount - source of a blob that a client wants mounted into another repository
 * @param caller - who asks
 * @returns whether the caller may read it there
 */
export function mayMount(mount: { readonly from: string }, caller: Caller): boolean {
  return !isMarkerRepository(mount.from) && grants(caller.access, "repository", mount.from, "pull");
}

/**
 * @param caller - who asks
 * @param repository - where
 * @returns whether their token lets them push there, whatever they ask for
 */
export function mayPush(caller: Pick<Caller, "access">, repository: RepositoryName): boolean {
  return grants(caller.access, "repository", repository, "push");
}

/**
 * @param caller - who asks
 * @returns whether their token names them as an administrator, who may read all of the audit log
 */
export function mayReadAudit(caller: Pick<Caller, "access">): boolean {
  return grants(caller.access, "registry", "administration", "*");
}
