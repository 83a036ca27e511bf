import { readView } from "#access-policy/read-view.js";
import { isRepositoryName, type RepositoryName } from "#registry-protocol/repository-name.js";
import type { Operation } from "#rest-api/operation.js";
import type { HttpRequest } from "#service-kit/http/http-request.js";
import { contextOf } from "#service-kit/http/request-context.js";
import { noSuchRepository } from "../catalog/not-known.js";
import { isVisible } from "../ledger/repositories-in-view.js";
import type { Asker } from "./implement.js";

/** What somebody has to have a right to. */
export type Right =
  | { readonly to: "pull" | "push" | "delete"; readonly repository: RepositoryName }
  | { readonly to: "lists" | "administration" };

type Path = Readonly<Record<string, unknown>>;

/**
 * @param operation - an operation of the gateway's
 * @param path - its path's parameters, parsed
 * @returns the right that it takes; `null`: none
 */
export function rightTo({ who, id }: Operation, path: Path): Right | null {
  switch (who) {
    case "nobody-in-particular":
      return null;
    case "view":
    case "login":
      return { to: "lists" };
    case "administrator":
      return { to: "administration" };
    case "pull":
    case "push":
    case "delete": {
      const repository = repositoryIn(path);
      if (repository === null) throw new Error(`${id} is about no repository`);
      return { to: who, repository };
    }
  }
}

/**
 * @param operation - an operation
 * @param path - its path's parameters, parsed
 * @param asker - who asks
 * @throws Fault NAME_UNKNOWN for a repository that their view does not have, whether there is one or not
 */
export function requireVisible({ who }: Operation, path: Path, { view }: Asker): void {
  const repository = repositoryIn(path);
  if (who !== "view" || repository === null) return;
  if (view === null || !isVisible(readView(view).has, repository)) throw noSuchRepository();
}

/**
 * @param req - a request of which it does not matter who makes it
 * @returns that
 */
export function nobody(req: HttpRequest): Asker {
  const { requestId, client } = contextOf(req);
  const { address } = client;
  const actor = { uid: "", realm: "", kind: "anonymous", address, userAgent: "", requestId };
  return { actor, view: null, validUntil: null };
}

function repositoryIn({ repository }: Path): RepositoryName | null {
  return typeof repository === "string" && isRepositoryName(repository) ? repository : null;
}
