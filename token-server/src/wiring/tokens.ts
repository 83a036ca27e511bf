import { randomUUID } from "node:crypto";
import { impatient } from "#service-kit/db/asker.js";
import type { Queryable } from "#service-kit/db/pool.js";
import type { Routed } from "#service-kit/http/entry.js";
import type { Logger } from "#service-kit/log.js";
import type { KeyRing } from "#service-kit/signing/key-ring.js";
import type { TokenServerConfig } from "../config/config.js";
import type { PolicySource } from "../policy/watch.js";
import { keyRoutes } from "../routes/key-routes.js";
import { tokenRoute } from "../routes/token-routes.js";
import { viewRoutes } from "../routes/view-routes.js";
import type { IssueDeps } from "../token/issue.js";
import { longViews } from "../views/long-views.js";

/**
 * @param config - what tokens say, and how long they live
 * @param deps - logins, teams, policy, the keys that tokens are signed with, and where is kept what they have no room for; `now`, the current time in
 *   milliseconds, in tests alone
 * @returns the routes that issue tokens, and publish the keys
 */
export function openTokens(
  config: Pick<TokenServerConfig, "issuer" | "service" | "tokenLifetimeSeconds" | "adminTeams">,
  deps: Pick<IssueDeps, "logins" | "teams"> & {
    readonly policy: Pick<PolicySource, "current" | "version">;
    readonly keys: KeyRing;
    readonly db: Queryable;
    readonly log: Logger;
    readonly now?: () => number;
  },
): Routed {
  const { logins, teams, policy, keys, db, log, now = Date.now } = deps;
  const { issuer, service, tokenLifetimeSeconds: lifetimeSeconds } = config;
  const signing = { keys, issuer, service, lifetimeSeconds, newTokenId: randomUUID };
  const { adminTeams } = config;
  const views = longViews(impatient(db, "token_server.long_view"), lifetimeSeconds);
  const issuing = { logins, teams, adminTeams, policy, signing, views, now, log };
  return { direct: tokenRoute(issuing), routes: [keyRoutes(keys), viewRoutes(views)] };
}
