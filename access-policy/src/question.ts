import { isIP, SocketAddress } from "node:net";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Resource } from "#registry-protocol/scope.js";
import type { Identity, Teams } from "./identity.js";
import type { PolicyAction } from "./rule.js";
import { splitName, type SplitName, type Values } from "./glob-match.js";
import { NO_FACTS, type PolicyFacts } from "./policy-facts.js";
import { valuesOf } from "./template.js";

/** Who asks. */
export interface Subject {
  readonly identity: Identity;
  readonly teams: Teams;
}

/** How it is asked. */
export interface Circumstances {
  /** IP address of the caller, not of a proxy between; `null` when it is not known. */
  readonly address: string | null;
}

/** One question to a policy, in the form that rules look at. */
export interface Question {
  readonly identity: Identity;
  readonly teams: Teams;
  /** What the directory and the registry say. */
  readonly facts: PolicyFacts;
  readonly action: PolicyAction;
  /** `null` for the catalog. */
  readonly repository: RepositoryName | null;
  /** The same, split at its slashes. */
  readonly name: SplitName | null;
  /** Values of a template, `null` while they are not known. */
  readonly values: Values;
  readonly address: SocketAddress | null;
}

/**
 * @param subject - who asks
 * @param circumstances - how they ask
 * @param facts - what the directory and the registry say
 * @returns a function from what is to be acted on, and what is to be done, to the question
 */
export function askedOf(
  subject: Subject,
  circumstances: Circumstances,
  facts: PolicyFacts = NO_FACTS,
): (resource: Resource, action: PolicyAction) => Question {
  const { identity } = subject;
  const address = parseAddress(circumstances.address);
  // Nobody in particular is in no team: nothing to look up.
  const teams = identity.kind === "anonymous" ? [] : subject.teams;
  const values = remembered((variable) => valuesOf(variable, { identity, teams, facts }));
  // Several actions are asked for in one repository after the other.
  let name: SplitName | null = null;
  return (resource, action) => {
    const repository = resource.type === "repository" ? resource.name : null;
    if (name?.text !== repository) name = repository === null ? null : splitName(repository);
    return { identity, teams, facts, action, repository, name, values, address };
  };
}

function remembered(find: (variable: string) => readonly string[] | null): Values {
  const known = new Map<string, ReadonlySet<string> | null>();
  return (variable) => {
    const before = known.get(variable);
    if (before !== undefined) return before;
    const found = find(variable);
    const values = found === null ? null : new Set(found);
    known.set(variable, values);
    return values;
  };
}

function parseAddress(address: string | null): SocketAddress | null {
  if (address === null) return null;
  // What an IPv6 socket says of an IPv4 caller.
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, "");
  const family = isIP(plain);
  return family === 0
    ? null
    : new SocketAddress({ address: plain, family: family === 4 ? "ipv4" : "ipv6" });
}
