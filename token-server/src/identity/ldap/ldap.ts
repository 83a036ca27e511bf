import { Fault } from "#registry-protocol/faults.js";
import { ConfigError } from "#service-kit/config.js";
import { Secret } from "#service-kit/secret.js";
import { PASSWORD, secretOfFile } from "#service-kit/secret-form.js";
import type { Credentials, IdentitySource } from "../identity-source.js";
import { isReservedUsername, isSafeUid } from "../names.js";
import { unavailable } from "../safeguards/asked-service.js";
import { circuitBreaker } from "../safeguards/circuit-breaker.js";
import { rememberedLogins, type VerifiedLogin } from "../safeguards/remembered-logins.js";
import { directory } from "./directory.js";
import type { LdapConfig } from "./ldap-schema.js";

const BREAKER = { failures: 5, pauseMilliseconds: 5_000 };

/**
 * Logins by a directory: finds the user, then binds as the user with the password that was given.
 *
 * @param config - where the directory is, and what its entries mean
 * @param now - current time in milliseconds since the epoch
 * @returns the identity source
 */
export function ldapSource(config: LdapConfig, now: () => number): IdentitySource {
  const { bindPasswordFile, realm, cacheSeconds } = config;
  const users = directory(
    config,
    bindPasswordFile === undefined ? null : bindPassword(bindPasswordFile),
  );
  const breaker = circuitBreaker({ ...BREAKER, now });
  const remembered = rememberedLogins({ seconds: cacheSeconds, now });

  const check = async ({ username, password }: Credentials): Promise<VerifiedLogin> => {
    if (password.reveal() === "") throw wrong();
    const user = await breaker(() => users.verify(username, password)).catch((error: unknown) => {
      // The library's errors may hold the request on them: their text alone goes on.
      throw unavailable("the directory", new Error(String(error)));
    });
    if (user === null || !isSafeUid(user.uid)) throw wrong();
    return {
      identity: { uid: user.uid, realm, scopes: [], kind: "ldap", claims: {}, limits: null },
      teams: user.teams,
      validUntil: null,
    };
  };
  return {
    name: "ldap",
    accepts: ({ username }) => !isReservedUsername(username),
    verify: async (credentials) => {
      const verified = await remembered.verify(credentials, () => check(credentials));
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
