import type { EnvReader } from "#service-kit/config.js";
import type { Logins } from "./config.js";

/** Whether anybody has to say who they are. `off` is only ever an answer that somebody gave in so many words. */
export type Authentication = "on" | "off";

/** What says who somebody is or what they may do, and so means nothing where everybody may do everything. */
const POINTLESS_WHEN_OFF = [
  "HTTP_TOKENINFO_URL",
  "HTTP_TEAM_SERVICE_URL",
  "HTTP_IIDINFO_URL",
  "LOGINS_FILE",
  "POLICY_FILE",
  "DIRECTORY_FILE",
  "ADMIN_TEAMS",
] as const;

/**
 * Reads `AUTHENTICATION`. Switched off, it stands alone: who also configures logins, rules or public read wants
 * one of both and would get the open one.
 *
 * @param read - reader that collects faults
 * @returns whether authentication is on
 */
export function readAuthentication(read: EnvReader): Authentication {
  const authentication = read.oneOf(
    "AUTHENTICATION",
    "on",
    ["on", "off"],
    "`off`: nobody logs in and **everybody may push, read and delete everything**; refused together with any login, " +
      "policy, public read, administrators, or robots in the database (docs/closed-by-default.md)",
  );
  if (authentication === "on") return authentication;
  const refuse = (name: string) => {
    read.fault(name, "given together with AUTHENTICATION=off, wanted one of them");
  };
  for (const name of POINTLESS_WHEN_OFF) if (read.optionalText(name) !== null) refuse(name);
  if (read.flag("HTTP_ALLOW_PUBLIC_READ", false)) refuse("HTTP_ALLOW_PUBLIC_READ");
  return authentication;
}

/** What tells whether there is any way in. */
export interface WaysIn {
  readonly authentication: Authentication;
  readonly allowPublicRead: boolean;
  readonly tokeninfoUrl: string | null;
  readonly iidinfoUrl: string | null;
}

/**
 * Refuses to start where nobody could do anything: a login that is missing by mistake is no reason to do
 * without. Robots are no way in of their own, since somebody has to log in to make the first one.
 *
 * @param read - reader that collects faults
 * @param config - what variables say
 * @param logins - what the logins file says
 */
export function requireWayIn(read: Pick<EnvReader, "fault">, config: WaysIn, logins: Logins): void {
  if (config.authentication === "off" || config.allowPublicRead || hasLogin(config, logins)) return;
  read.fault(
    "AUTHENTICATION",
    "there is no login, wanted HTTP_TOKENINFO_URL, HTTP_IIDINFO_URL or a login in LOGINS_FILE " +
      "(oidc, machines, htpasswd, ldap); or HTTP_ALLOW_PUBLIC_READ=true, with which anybody pulls and nobody " +
      "pushes; or AUTHENTICATION=off, with which ANYBODY MAY DO ANYTHING",
  );
}

function hasLogin({ tokeninfoUrl, iidinfoUrl }: WaysIn, logins: Logins): boolean {
  const { oidc, machines, htpasswd, ldap } = logins;
  const inFile = oidc.length > 0 || [machines, htpasswd, ldap].some((login) => login !== undefined);
  return inFile || tokeninfoUrl !== null || iidinfoUrl !== null;
}
