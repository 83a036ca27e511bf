import bcrypt from "bcryptjs";
import { Fault } from "#registry-protocol/faults.js";
import type { Logger } from "#service-kit/log.js";
import { followFile } from "../followed-file.js";
import type {
  AccountGuard,
  Credentials,
  IdentitySource,
  VerifiedLogin,
} from "../identity-source.js";
import { makeLogin } from "../make-login.js";
import { isReservedUsername } from "../names.js";
import { provenSecrets } from "../safeguards/proven-secrets.js";
import { rememberedLogins } from "../safeguards/remembered-logins.js";
import { oneAtATime } from "../safeguards/one-at-a-time.js";
import { dummyHash, parseHtpasswd, userName } from "./entries.js";
import type { HtpasswdConfig } from "./htpasswd-schema.js";

export interface HtpasswdDeps {
  /**
   * Whether another source stands behind this one for users who are not in the file. Without one,
   * they are refused here, as slowly as a wrong password.
   */
  readonly onlyUsersInFile: boolean;
  /** Compares a password with a hash; bcrypt's own, watched in tests. */
  readonly compare?: (password: string, hash: string) => Promise<boolean>;
  /** Current time in milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
}

/** A login waits for those before it: 100 hashes of cost 10 take some ten seconds. */
const MAX_WAITING = 100;
const MOST_LINES_TOLD = 20;

/**
 * Logins by a file of user names and bcrypt hashes, for small installations.
 *
 * @param config - which file, and what its users are
 * @param deps - clock, log
 * @returns the identity source; the file is read again when it changes, and one that cannot be read keeps the old
 * @throws ConfigError when the file cannot be read at start
 */
export function htpasswdSource(config: HtpasswdConfig, deps: HtpasswdDeps): IdentitySource {
  const { file: path, realm, cacheSeconds } = config;
  const { now, log, compare = bcrypt.compare } = deps;
  const remembered = rememberedLogins({ seconds: cacheSeconds, now });
  const queue = oneAtATime(MAX_WAITING);
  const isProven = provenSecrets();
  const file = followFile(path, {
    parse: (text) => {
      const { entries, unusable } = parseHtpasswd(path, text);
      if (unusable.length > 0)
        log.warn({
          event: "htpasswd.lines-unusable",
          path,
          count: unusable.length,
          lines: unusable.slice(0, MOST_LINES_TOLD),
          message: "nobody logs in by these lines; the others count",
        });
      return { entries, dummy: dummyHash(entries) };
    },
    onChange: () => {
      remembered.forget();
      log.info({ event: "htpasswd.reloaded", path });
    },
    onRefused: (reason) => {
      log.error({ event: "htpasswd.refused", path, reason });
    },
    now,
  });

  const check = async (
    { username, password }: Credentials,
    accounts?: AccountGuard,
  ): Promise<VerifiedLogin> => {
    const { entries, dummy } = file.current();
    const uid = userName(username);
    const hash = entries.get(uid) ?? null;
    if (hash !== null) await accounts?.known(uid);
    const [secret, stored] = [password.reveal(), hash ?? dummy];
    const matches = await isProven(secret, stored, () => queue(() => compare(secret, stored)));
    if (hash === null || !matches)
      throw new Fault("UNAUTHORIZED", { message: "wrong user name or password" });
    return makeLogin("htpasswd", { uid, realm });
  };
  return {
    name: "htpasswd",
    accepts: ({ username }) => {
      const isKnown = file.current().entries.has(userName(username));
      return isKnown || (!deps.onlyUsersInFile && !isReservedUsername(username));
    },
    verify: async (credentials, accounts) => {
      // A file that has changed makes all that is remembered forgotten.
      file.current();
      const verified = await remembered.verify(credentials, () => check(credentials, accounts));
      return { ...verified, accessToken: null };
    },
  };
}
