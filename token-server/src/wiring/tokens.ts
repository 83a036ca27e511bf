import { randomUUID } from "node:crypto";
import { signedLately } from "../token/signed-lately.js";
import { impatient } from "#service-kit/db/asker.js";
import type { Queryable } from "#service-kit/db/pool.js";
import type { Routed } from "#service-kit/http/entry.js";
import type { Logger } from "#service-kit/log.js";
import type { KeyRing } from "#service-kit/signing/key-ring.js";
import type { TokenServerConfig } from "../config/config.js";
import type { DecidingPolicy } from "../policy/watch.js";
import { keyRoutes } from "../routes/key-routes.js";
import { tokenRoute, type TokenRouteDeps } from "../routes/token-routes.js";
import { viewRoutes } from "../routes/view-routes.js";
import type { IssueDeps } from "../token/issue.js";
import { longViews } from "../views/long-views.js";

/**
 * @param config - what tokens say, and how long they live
 * @param deps - logins, teams, registries, policy, the keys that tokens are signed with, and where is kept what they have no room for; `now`, the current time in
 *   milliseconds, in tests alone
 * @returns the routes that issue tokens, and publish the keys
 */
export function openTokens(
  config: Pick<TokenServerConfig, "issuer" | "tokenLifetimeSeconds" | "adminTeams">,
  deps: Pick<IssueDeps, "logins" | "teams" | "registries"> & {
    readonly policy: DecidingPolicy;
    readonly keys: KeyRing;
    readonly db: Queryable;
    readonly log: Logger;
    readonly serviceOf: TokenRouteDeps["serviceOf"];
    readonly now?: () => number;
  },
): Routed & { readonly issuing: IssueDeps } {
  const { logins, teams, registries, policy, keys, db, log, serviceOf, now = Date.now } = deps;
  const { issuer, tokenLifetimeSeconds: lifetimeSeconds } = config;
  const signing = {
    keys,
    issuer,
    lifetimeSeconds,
    newTokenId: randomUUID,
    now,
    lately: signedLately(),
  };
  const { adminTeams } = config;
  const views = longViews(impatient(db, "token_server.long_view"), lifetimeSeconds);
  const issuing = { logins, teams, registries, adminTeams, policy, signing, views, log };
  return {
    issuing,
    direct: tokenRoute({ issuing, serviceOf }),
    routes: [keyRoutes(keys), viewRoutes(views)],
  };
}
