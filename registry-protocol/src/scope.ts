import { isRepositoryName, type RepositoryName } from "./repository-name.js";

/** What can be done to a repository or to the catalog. */
export type Action = "pull" | "push" | "delete" | "*";

/** One entry of a registry token's `access` claim (distribution, "Token Authentication Specification"). */
export interface Access {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly Action[];
}

/** A resource that access can be asked for, known to be well formed. */
export type Resource =
  | { readonly type: "repository"; readonly name: RepositoryName }
  | { readonly type: "registry"; readonly name: "catalog" };

/** Access that a client asked for to a resource we know. */
export interface RequestedAccess {
  readonly resource: Resource;
  /** `host:port` that stood before the name; it says nothing about access, but belongs to what was asked. */
  readonly host?: string;
  readonly actions: readonly Action[];
}

const ACTIONS: readonly string[] = ["pull", "push", "delete", "*"] satisfies Action[];

/**
 * Parses scopes as they come in `scope` parameters. What is unknown or malformed is left out:
 * asking for too much is no error (token specification, "Requesting a Token"), it is only not granted.
 *
 * @param raw - values of all `scope` parameters, each with any number of scopes split by spaces
 * @returns one entry per resource, in the order of first mention, without repeated actions
 */
export function parseScopes(raw: readonly string[]): RequestedAccess[] {
  const merged = new Map<string, Omit<RequestedAccess, "actions"> & { actions: Set<Action> }>();
  for (const text of raw.flatMap((value) => value.split(" "))) {
    const access = parseScope(text);
    if (access === null) continue;
    const { resource, host } = access;
    const key = `${resource.type}:${nameAsAsked(access)}`;
    const known = merged.get(key) ?? {
      resource,
      ...(host === undefined ? {} : { host }),
      actions: new Set(),
    };
    for (const action of access.actions) known.actions.add(action);
    merged.set(key, known);
  }
  return [...merged.values()].map((access) => ({ ...access, actions: [...access.actions] }));
}

/** The type ends at the first colon and the actions begin after the last: names may hold colons. */
function parseScope(text: string): RequestedAccess | null {
  const first = text.indexOf(":");
  const last = text.lastIndexOf(":");
  if (first === -1 || first === last) return null;
  const { host, name } = splitHost(text.slice(first + 1, last));
  const resource = parseResource(text.slice(0, first), name);
  const actions = text
    .slice(last + 1)
    .split(",")
    .filter(isAction);
  if (resource === null || actions.length === 0) return null;
  return { resource, actions, ...(host === undefined ? {} : { host }) };
}

/**
 * @param access - access that was asked for
 * @returns the resource's name as it was asked for, with host and port
 */
export function nameAsAsked({
  resource,
  host,
}: Pick<RequestedAccess, "resource" | "host">): string {
  return host === undefined ? resource.name : `${host}/${resource.name}`;
}

/** Without a port a host cannot be told from a path component, and is one. */
function splitHost(name: string): { host?: string; name: string } {
  const host = /^([A-Za-z0-9.-]{1,253}:\d{1,5})\//.exec(name)?.[1];
  return host === undefined ? { name } : { host, name: name.slice(host.length + 1) };
}

/** A class such as in `repository(plugin)` is deprecated and says nothing about access. */
function parseResource(typeAndClass: string, name: string): Resource | null {
  const type = typeAndClass.replace(/\([a-z0-9]+\)$/, "");
  if (type === "repository" && isRepositoryName(name)) return { type, name };
  if (type === "registry" && name === "catalog") return { type, name };
  return null;
}

function isAction(text: string): text is Action {
  return ACTIONS.includes(text);
}

/**
 * @param access - access to one resource
 * @returns it in the form of a `scope` parameter, `type:name:action,action`
 */
export function formatScope(access: Access): string {
  return `${access.type}:${access.name}:${access.actions.join(",")}`;
}

/**
 * @param granted - the `access` claim of a verified token
 * @param type - type of the resource wanted
 * @param name - name of the resource wanted
 * @param action - the action wanted
 * @returns whether the claim grants it; `*` grants every action on its resource
 */
export function grants(
  granted: readonly Access[],
  type: Access["type"],
  name: string,
  action: Action,
): boolean {
  return granted.some(
    (access) =>
      access.type === type &&
      access.name === name &&
      (access.actions.includes(action) || access.actions.includes("*")),
  );
}
