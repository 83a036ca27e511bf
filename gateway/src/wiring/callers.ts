import type { Database } from "#service-kit/db/pool.js";
import type { Logger } from "#service-kit/log.js";
import type { Opened } from "#service-kit/run-until-signal.js";
import type { GatewayConfig } from "../config/config.js";
import { tokenVerifier } from "../proxy/caller.js";
import type { CallerDeps } from "../proxy/identify-caller.js";
import { longViews } from "../proxy/long-views.js";
import type { KnownKeysOptions } from "../proxy/known-keys.js";
import { keyRefresher } from "../proxy/key-refresher.js";
import type { KnownClocks } from "../proxy/token-clock.js";
import type { ExchangeLogin } from "../upstream/exchange-login.js";
import { uploadSessions, type UploadSessions } from "../uploads/upload-sessions.js";

/** Who asks, and whose an upload is. */
export interface Callers extends Opened {
  readonly callers: CallerDeps;
  readonly uploads: UploadSessions;
}

/**
 * @param config - what tokens have to say, and where the keys are published that they are signed with
 * @param deps - where uploads are on record, what is known of clocks, and what the gateway says of itself
 * @returns what knows callers
 */
export function openCallers(
  config: Pick<
    GatewayConfig,
    | "tokenServerUrls"
    | "issuer"
    | "service"
    | "publicUrl"
    | "tokenLeewaySeconds"
    | "tokenKeysMaxAgeSeconds"
    | "uploadCapSeconds"
  >,
  {
    db,
    log,
    clocks,
    introduce,
    exchange,
  }: {
    readonly db: Database;
    readonly log: Logger;
    readonly clocks: KnownClocks;
    readonly introduce: KnownKeysOptions["introduce"];
    readonly exchange: ExchangeLogin;
  },
): Callers {
  const { service, issuer, publicUrl } = config;
  const verifier = tokenVerifier({
    jwksUrls: config.tokenServerUrls.map((url) => new URL(`${url}/.well-known/jwks.json`)),
    issuer,
    audience: service,
    leewaySeconds: config.tokenLeewaySeconds,
    keysMaxAgeSeconds: config.tokenKeysMaxAgeSeconds,
    clocks,
    introduce,
  });
  const views = longViews(config.tokenServerUrls, introduce);
  const uploads = uploadSessions(db, config.uploadCapSeconds, log);
  return {
    callers: { verifier, views, uploads, publicUrl, service, issuer, exchange },
    uploads,
    parts: [uploads, keyRefresher(verifier, log)],
  };
}
