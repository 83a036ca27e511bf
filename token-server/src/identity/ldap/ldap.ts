import { Fault } from "#registry-protocol/faults.js";
import { ConfigError } from "#service-kit/config.js";
import { Secret } from "#service-kit/secret.js";
import { PASSWORD, secretOfFile } from "#service-kit/secret-form.js";
import type {
  AccountGuard,
  Credentials,
  IdentitySource,
  VerifiedLogin,
} from "../identity-source.js";
import { makeLogin, UnusableLogin } from "../make-login.js";
import { isReservedUsername } from "../names.js";
import { SERVICE_BREAKER, unavailable } from "../safeguards/asked-service.js";
import { circuitBreaker } from "../safeguards/circuit-breaker.js";
import { rememberedLogins } from "../safeguards/remembered-logins.js";
import { directory, isDirectoryAway } from "./directory.js";
import type { LdapConfig } from "./ldap-schema.js";
import { GroupsWithheld } from "./unusable.js";

/**
 * Logins by a directory: finds the user, then binds as the user with the password that was given.
 *
 * @param config - where the directory is, and what its entries mean
 * @param now - current time in milliseconds since the epoch
 * @param outageSeconds - how long a password that was right goes on while the directory does not decide
 * @returns the identity source
 */
export function ldapSource(
  config: LdapConfig,
  now: () => number,
  outageSeconds = 0,
): IdentitySource {
  const { bindPasswordFile, realm, cacheSeconds } = config;
  const users = directory(
    config,
    bindPasswordFile === undefined ? null : bindPassword(bindPasswordFile),
  );
  const breaker = circuitBreaker({ ...SERVICE_BREAKER, isFailure: isDirectoryAway, now });
  const remembered = rememberedLogins({ seconds: cacheSeconds, outageSeconds, now });

  const check = async (
    { username, password }: Credentials,
    accounts: AccountGuard | undefined,
  ): Promise<VerifiedLogin> => {
    if (password.reveal() === "") throw wrong();
    const found = async (dn: string) => {
      await accounts?.known(dn);
    };
    const question = JSON.stringify([username, password.reveal()]);
    const ask = () => users.verify(username, password, found);
    const user = await breaker(ask, question).catch((error: unknown) => {
      if (error instanceof Fault) throw error;
      // The library's errors may hold the request on them: their text alone goes on.
      throw unavailable("the directory", new Error(String(error)));
    });
    if (user === null) throw wrong();
    const { uid, mapped } = user;
    if (mapped instanceof GroupsWithheld)
      throw new UnusableLogin({ kind: "ldap", uid, realm }, mapped.message);
    return makeLogin("ldap", {
      ...{ uid, realm, teams: mapped?.teams ?? null },
      unmappedGroups: mapped?.unmapped ?? [],
    });
  };
  return {
    name: "ldap",
    accepts: ({ username }) => !isReservedUsername(username),
    verify: async (credentials, accounts) => {
      const verified = await remembered.verify(credentials, () => check(credentials, accounts));
      return { ...verified, accessToken: null };
    },
  };
}

/** @throws ConfigError when the file holds none */
function bindPassword(file: string): Secret {
  const { text, fault } = secretOfFile(file, PASSWORD);
  if (fault !== null) throw new ConfigError([`ldap.bindPasswordFile: ${fault}`]);
  return new Secret(text);
}

function wrong(): Fault {
  return new Fault("UNAUTHORIZED", { message: "wrong user name or password" });
}
