import { SERVICE_PREFIX } from "#access-policy/directory.js";
import { Fault } from "#registry-protocol/faults.js";
import { impatient } from "#service-kit/db/asker.js";
import type { Queryable } from "#service-kit/db/pool.js";
import type { IdentitySource, VerifiedLogin } from "../identity/identity-source.js";
import { makeLogin } from "../identity/make-login.js";
import { keptSecrets } from "../robots/kept-secret.js";
import type { DirectorySource } from "./directory-source.js";
import { findService, touchService } from "./service-sql.js";

/** Ways to log in as a service. */
export interface ServiceLogins {
  /** `service/<name>` and its secret. */
  readonly source: IdentitySource;
  /** @returns the same way to log in, for workloads that are a service of the directory as that service */
  workloads(source: IdentitySource): IdentitySource;
}

/**
 * Logins of services of the directory, which pull and do nothing else.
 *
 * @param db - where their secrets are
 * @param directory - says which services there are
 * @returns ways to log in as one
 */
export function serviceLogins(db: Queryable, directory: DirectorySource): ServiceLogins {
  return {
    source: secretSource(impatient(db, "token_server.directory_service"), directory),
    workloads: (source) => ({
      ...source,
      verify: async (credentials, accounts) => {
        const login = await source.verify(credentials, accounts);
        const service = directory.current()?.serviceOfWorkload(login.identity) ?? null;
        if (service === null) return login;
        const { validUntil } = login;
        return { ...serviceLogin(service.name, validUntil), accessToken: null };
      },
    }),
  };
}

function secretSource(db: Queryable, directory: DirectorySource): IdentitySource {
  const isRight = keptSecrets();
  return {
    name: "service",
    // Where there are no services, such a name may be anybody's.
    accepts: ({ username }) =>
      username.startsWith(SERVICE_PREFIX) && (directory.current()?.listed.services.length ?? 0) > 0,
    verify: async ({ username, password }, accounts) => {
      const name = username.slice(SERVICE_PREFIX.length);
      const service = await findService(db, name);
      if (service !== null) await accounts?.known(username);
      const right = await isRight(password.reveal(), service);
      if (service === null || !right)
        throw new Fault("UNAUTHORIZED", { message: "user name or secret is wrong" });
      await touchService(db, name);
      return { ...serviceLogin(name, null), accessToken: null };
    },
  };
}

function serviceLogin(name: string, validUntil: number | null): VerifiedLogin {
  const uid = `${SERVICE_PREFIX}${name}`;
  return makeLogin("service", { uid, realm: "/service-logins", teams: [], validUntil });
}
