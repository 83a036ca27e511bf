import { z } from "zod";
import { ConfigError } from "#service-kit/config.js";
import type { FetchJson } from "#service-kit/http/fetch-json.js";
import type { Logger } from "#service-kit/log.js";
import { combinedTeams } from "../teams/combined-teams.js";
import { staticTeams } from "../teams/static-teams.js";
import type { TeamLookup } from "../teams/team-lookup.js";
import { teamService, type StaleAnswer } from "../teams/team-service.js";
import type { ServiceLogins } from "../directory/service-source.js";
import type { Logins } from "./config.js";
import { htpasswdSource } from "../identity/htpasswd/htpasswd.js";
import type { IdentitySource } from "../identity/identity-source.js";
import { makeAnew, type KeepPart } from "./kept-parts.js";
import { ldapSource } from "../identity/ldap/ldap.js";
import { readCertificates, warnOfUnusable } from "../identity/machine/certificates.js";
import { iidinfoCheck } from "../identity/machine/iidinfo-check.js";
import { localCheck } from "../identity/machine/local-check.js";
import { machineSource, type MachineCheck } from "../identity/machine/machine.js";
import { oidcSource, type OidcDeps } from "../identity/oidc/oidc.js";
import { tellingUnmappedGroups } from "../identity/unmapped-groups.js";
import { realmOwners, refuseSharedRealms, tokeninfoRealms } from "./realm-owners.js";
import { tokeninfoSource } from "../identity/tokeninfo/tokeninfo.js";

const issuerSections = z.array(z.unknown());

/** Which logins there are. */
export interface IdentityConfig {
  readonly tokeninfoUrl: string | null;
  readonly teamServiceUrl: string | null;
  readonly iidinfoUrl: string | null;
  /** How long who was verified of late goes on while a service does not decide; absent: not at all. */
  readonly outageSeconds?: number;
  /** Ways to log in as a service of the directory; absent: there are none. */
  readonly services?: ServiceLogins | undefined;
  /** Content of the logins file. */
  readonly logins: Logins;
  /** The same before it was checked, by section, and the state of the files that it names. */
  readonly sections?: Readonly<Record<string, unknown>>;
}

export interface IdentityDeps {
  /** Service accounts: tried after the logins that have a user name of their own, before people's. */
  readonly robots: IdentitySource | null;
  /** Keeps parts of the logins over a change of their file; absent: each is made anew. */
  readonly keep?: KeepPart;
  /** Current time in milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
  /** Asks the company's services and issuers. */
  readonly fetchJson: FetchJson;
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
  refuseSharedRealms(config.logins, config.tokeninfoUrl);
  const sources = [
    oidcOf(config, deps),
    tokeninfoOf(config, deps),
    machinesOf(config, deps),
    deps.robots,
    config.services?.source ?? null,
    htpasswdOf(config, deps),
    ldapOf(config, deps),
  ];
  return {
    sources: sources.filter((source) => source !== null),
    teams: createTeams(config, deps),
    anonymousNamespaces: config.logins.anonymous?.namespaces ?? null,
  };
}

function oidcOf(
  { logins: { oidc }, sections, services, outageSeconds }: IdentityConfig,
  { keep = makeAnew, now, log, fetchJson }: IdentityDeps,
): IdentitySource | null {
  if (oidc.length === 0) return null;
  const issuers = issuerSections.safeParse(sections?.["oidc"]).data ?? [];
  const keepIssuer: OidcDeps["keepIssuer"] = (index, issuer, make) =>
    keep(`oidc ${issuer}`, issuers[index], make);
  return keep("oidc", issuers, () => {
    const source = oidcSource(oidc, { outageSeconds, keepIssuer, now, log, fetchJson });
    const telling = tellingUnmappedGroups(source, log);
    return services?.workloads(telling) ?? telling;
  });
}

function tokeninfoOf(
  { logins, sections, tokeninfoUrl, outageSeconds }: IdentityConfig,
  { keep = makeAnew, now, fetchJson }: IdentityDeps,
): IdentitySource | null {
  if (tokeninfoUrl === null) return null;
  const { cacheSeconds } = logins.tokeninfo;
  const others = [realmOwners(logins, null), logins.sharedRealms];
  return keep("tokeninfo", [sections?.["tokeninfo"], others], () =>
    tokeninfoSource(tokeninfoUrl, {
      cacheSeconds,
      outageSeconds,
      mayBeOf: tokeninfoRealms(logins),
      now,
      fetchJson,
    }),
  );
}

function machinesOf(config: IdentityConfig, deps: IdentityDeps): IdentitySource | null {
  const { keep = makeAnew, now } = deps;
  const { sections, outageSeconds } = config;
  return keep("machines", [sections?.["machines"], sections?.["files"]], () => {
    const check = machineCheck(config, deps);
    return check === null ? null : machineSource(check, now, outageSeconds);
  });
}

function htpasswdOf(
  { logins: { htpasswd, ldap }, sections }: IdentityConfig,
  { keep = makeAnew, now, log }: IdentityDeps,
): IdentitySource | null {
  if (htpasswd === undefined) return null;
  const onlyUsersInFile = ldap !== undefined;
  return keep("htpasswd", [sections?.["htpasswd"], onlyUsersInFile], () =>
    htpasswdSource(htpasswd, { onlyUsersInFile, now, log }),
  );
}

function ldapOf(
  { logins: { ldap }, sections, outageSeconds }: IdentityConfig,
  { keep = makeAnew, now, log }: IdentityDeps,
): IdentitySource | null {
  if (ldap === undefined) return null;
  return keep("ldap", [sections?.["ldap"], sections?.["files"]], () =>
    tellingUnmappedGroups(ldapSource(ldap, now, outageSeconds), log),
  );
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
  if (iidinfoUrl !== null) return iidinfoCheck(iidinfoUrl, deps.now, deps.fetchJson);
  if (machines === undefined) return null;
  const certificates = readCertificates(machines.certificatesFile);
  warnOfUnusable(certificates, machines.certificatesFile, deps);
  return localCheck({ ...machines, certificates, now: deps.now });
}

function createTeams(config: IdentityConfig, deps: IdentityDeps): TeamLookup {
  const { teamServiceUrl, logins } = config;
  const { keep = makeAnew, now, log, fetchJson, onStale } = deps;
  const fixed = staticTeams(logins.teams, onlyRealm(config));
  if (teamServiceUrl === null) return combinedTeams([fixed]);
  const { staleSeconds } = logins.teamService;
  const service = keep("team service", staleSeconds, () =>
    teamService(teamServiceUrl, {
      staleSeconds,
      now,
      fetchJson,
      onStale: (answer) => {
        log.warn({ event: "teams.stale", ...answer });
        onStale?.(answer);
      },
    }),
  );
  return combinedTeams([fixed, service]);
}

function onlyRealm({ tokeninfoUrl, logins }: IdentityConfig): string | null {
  const says = tokeninfoUrl !== null && logins.tokeninfo.realms === undefined;
  const realms = new Set(realmOwners(logins, tokeninfoUrl).map(({ realm }) => realm));
  const [realm] = realms;
  return !says && realms.size === 1 && realm !== undefined ? realm : null;
}
