import { isIP, SocketAddress } from "node:net";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Resource } from "#registry-protocol/scope.js";
import type { Identity, Teams } from "./identity.js";
import type { PolicyAction } from "./rule.js";

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
  readonly action: PolicyAction;
  /** `null` for the catalog. */
  readonly repository: RepositoryName | null;
  readonly address: SocketAddress | null;
}

/**
 * @param subject - who asks
 * @param resource - what is to be acted on
 * @param action - what is to be done
 * @param circumstances - how it is asked
 * @returns the question
 */
export function askedOf(
  subject: Subject,
  resource: Resource,
  action: PolicyAction,
  circumstances: Circumstances,
): Question {
  const { identity } = subject;
  return {
    identity,
    // Nobody in particular is in no team: nothing to look up.
    teams: identity.kind === "anonymous" ? [] : subject.teams,
    action,
    repository: resource.type === "repository" ? resource.name : null,
    address: parseAddress(circumstances.address),
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
