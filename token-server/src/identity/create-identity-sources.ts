import { ConfigError } from "#service-kit/config.js";
import type { Logger } from "#service-kit/log.js";
import { combinedTeams } from "../teams/combined-teams.js";
import { staticTeams } from "../teams/static-teams.js";
import type { TeamLookup } from "../teams/team-lookup.js";
import { teamService, type StaleAnswer } from "../teams/team-service.js";
import type { Logins } from "./config.js";
import { htpasswdSource } from "./htpasswd/htpasswd.js";
import type { IdentitySource } from "./identity-source.js";
import { ldapSource } from "./ldap/ldap.js";
import { readCertificates, warnOfUnusable } from "./machine/certificates.js";
import { iidinfoCheck } from "./machine/iidinfo-check.js";
import { localCheck } from "./machine/local-check.js";
import { machineSource, type MachineCheck } from "./machine/machine.js";
import { oidcSource } from "./oidc/oidc.js";
import { realmOwners, refuseSharedRealms, tokeninfoRealms } from "./realm-owners.js";
import { tokeninfoSource } from "./tokeninfo.js";

/** Which logins there are. */
export interface IdentityConfig {
  readonly tokeninfoUrl: string | null;
  readonly teamServiceUrl: string | null;
  readonly iidinfoUrl: string | null;
  /** How long who was verified of late goes on while a service does not decide; absent: not at all. */
  readonly outageSeconds?: number;
  /** Content of the logins file. */
  readonly logins: Logins;
}

export interface IdentityDeps {
  /** Service accounts: tried after the logins that have a user name of their own, before people's. */
  readonly robots: IdentitySource | null;
  /** Current time in milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
  /** Told when a team membership was taken from an answer that is too old; it is logged already. */
  readonly onStale?: (answer: StaleAnswer) => void;
}

/** All logins that are turned on, and the teams of those who log in. */
export interface IdentitySources {
  /** The first one that accepts the credentials decides. */
  readonly sources: readonly IdentitySource[];
  readonly teams: TeamLookup;
  /** Where anonymous reading ends, when it is on; `null`: nowhere. */
  readonly anonymousNamespaces: readonly string[] | null;
}

/**
 * @param config - which logins there are
 * @param deps - clock, log, service accounts
 * @returns the sources of identity in the order in which they are tried
 * @throws ConfigError when a file that the configuration names is no good
 */
export function createIdentitySources(config: IdentityConfig, deps: IdentityDeps): IdentitySources {
  const { logins, tokeninfoUrl, outageSeconds } = config;
  const { now, log } = deps;
  const { oidc, htpasswd, ldap, tokeninfo } = logins;
  refuseSharedRealms(logins, tokeninfoUrl);
  const machines = machineCheck(config, deps);
  const sources = [
    oidc.length === 0 ? null : oidcSource(oidc, { outageSeconds, now, log }),
    tokeninfoUrl === null
      ? null
      : tokeninfoSource(tokeninfoUrl, {
          cacheSeconds: tokeninfo.cacheSeconds,
          outageSeconds,
          mayBeOf: tokeninfoRealms(logins),
          now,
        }),
    machines === null ? null : machineSource(machines, now, outageSeconds),
    deps.robots,
    htpasswd === undefined
      ? null
      : htpasswdSource(htpasswd, { onlyUsersInFile: ldap !== undefined, now, log }),
    ldap === undefined ? null : ldapSource(ldap, now, outageSeconds),
  ];
  return {
    sources: sources.filter((source) => source !== null),
    teams: createTeams(config, deps),
    anonymousNamespaces: logins.anonymous?.namespaces ?? null,
  };
}

function machineCheck(
  { iidinfoUrl, logins }: IdentityConfig,
  deps: IdentityDeps,
): MachineCheck | null {
  const { machines } = logins;
  if (iidinfoUrl !== null && machines !== undefined)
    throw new ConfigError([
      "machines: given together with HTTP_IIDINFO_URL, wanted one of them: either that service knows the machines, or this section",
    ]);
  if (iidinfoUrl !== null) return iidinfoCheck(iidinfoUrl, deps.now);
  if (machines === undefined) return null;
  const certificates = readCertificates(machines.certificatesFile);
  warnOfUnusable(certificates, machines.certificatesFile, deps);
  return localCheck({ ...machines, certificates, now: deps.now });
}

function createTeams(config: IdentityConfig, deps: IdentityDeps): TeamLookup {
  const { teamServiceUrl, logins } = config;
  const { now, log, onStale } = deps;
  const fixed = staticTeams(logins.teams, onlyRealm(config));
  if (teamServiceUrl === null) return combinedTeams([fixed]);
  const service = teamService(teamServiceUrl, {
    staleSeconds: logins.teamService.staleSeconds,
    now,
    onStale: (answer) => {
      log.warn({ event: "teams.stale", ...answer });
      onStale?.(answer);
    },
  });
  return combinedTeams([fixed, service]);
}

function onlyRealm({ tokeninfoUrl, logins }: IdentityConfig): string | null {
  const says = tokeninfoUrl !== null && logins.tokeninfo.realms === undefined;
  const realms = new Set(realmOwners(logins, tokeninfoUrl).map(({ realm }) => realm));
  const [realm] = realms;
  return !says && realms.size === 1 && realm !== undefined ? realm : null;
}
