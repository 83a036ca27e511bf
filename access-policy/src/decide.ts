import type { Action, Resource } from "#registry-protocol/scope.js";
import { splitRepositoryName, type RepositoryName } from "#registry-protocol/repository-name.js";
import type { Identity, Teams } from "./identity.js";

/** The answer to "may this identity do this", always with the reason. */
export type Decision =
  | { readonly allow: true; readonly reason: string }
  | { readonly allow: false; readonly reason: string }
  /** It depends on team membership, which has not been looked up. */
  | { readonly allow: "teams-needed" };

/** Who asks. */
export interface Subject {
  readonly identity: Identity;
  readonly teams: Teams;
}

const WRITE_ANYWHERE: readonly string[] = [
  "application.write_all",
  "application.write_all_trusted",
];

/**
 * Pier One's rules: whoever is known may pull, teams push to their own namespace, nobody deletes.
 *
 * @param subject - who asks; `teams` may be `null` as long as the answer does not depend on them
 * @param resource - what is to be acted on
 * @param action - what is to be done
 * @returns the decision with a reason that can be shown to the one who asked
 */
export function decide(subject: Subject, resource: Resource, action: Action): Decision {
  const { identity } = subject;
  if (identity.kind === "unrestricted") return allow("authentication is switched off");
  if (resource.type === "registry")
    return identity.kind === "anonymous"
      ? deny("log in to list the catalog")
      : allow("whoever is logged in may list the catalog");
  switch (action) {
    case "pull":
      return allow(
        identity.kind === "anonymous" ? "public read is on" : "whoever is logged in may pull",
      );
    case "push":
      return decidePush(subject, resource.name);
    case "delete":
    case "*":
      return deny("images are never deleted");
  }
}

function decidePush({ identity, teams }: Subject, repository: RepositoryName): Decision {
  const { namespace, artifact } = splitRepositoryName(repository);
  if (identity.kind === "anonymous") return deny("log in to push");
  if (artifact === "") return deny("images live below a team: team/artifact");
  const everywhere = identity.scopes.find((scope) => WRITE_ANYWHERE.includes(scope));
  if (everywhere !== undefined) return allow(`scope ${everywhere}`);
  const precondition = pushPrecondition(identity);
  if (precondition !== null) return deny(precondition);
  if (teams === null) return { allow: "teams-needed" };
  return teams.includes(namespace)
    ? allow(`${identity.uid} is in team ${namespace}`)
    : deny(`${identity.uid} is not in team ${namespace}`);
}

/** What has to hold before team membership counts; the reason why it does not, else `null`. */
function pushPrecondition(identity: Identity): string | null {
  switch (identity.realm) {
    case "/employees":
      return null;
    case "/services":
      return identity.scopes.includes("application.write")
        ? null
        : "the token lacks the scope application.write";
    default:
      return `realm ${identity.realm || "(none)"} may not push`;
  }
}

function allow(reason: string): Decision {
  return { allow: true, reason };
}

function deny(reason: string): Decision {
  return { allow: false, reason };
}
