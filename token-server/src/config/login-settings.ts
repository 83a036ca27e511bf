import type { EnvReader } from "#service-kit/config.js";
import type { LoginLimits } from "../limits/login-limiter.js";

/** Who gets refresh tokens, how many, and for how long. */
export interface RefreshTokenSettings {
  readonly refreshTokenSeconds: number;
  /** Client ids that may have and use them; empty: any. */
  readonly refreshTokenClients: readonly string[];
  /** How many refresh tokens of one identity live at a time. */
  readonly refreshTokensMost: { readonly perClient: number; readonly perIdentity: number };
}

/**
 * @param read - reader that collects faults
 * @returns who gets refresh tokens, how many, and for how long
 */
export function readRefreshTokenSettings(read: EnvReader): RefreshTokenSettings {
  return {
    refreshTokenSeconds: read.integer(
      "REFRESH_TOKEN_TTL_SECONDS",
      30 * 86_400,
      { min: 60, max: 3650 * 86_400 },
      "lifetime of a refresh token; never longer than the login behind it",
    ),
    refreshTokenClients: read.list("REFRESH_TOKEN_CLIENTS", [], {
      meaning:
        "clients (`client_id`) that may have and use refresh tokens; one that ends in `*` stands for all that begin " +
        "so (docs/logins/refresh-tokens.md)",
      absent: "any client, whatever it calls itself",
    }),
    refreshTokensMost: {
      perClient: read.integer(
        "REFRESH_TOKENS_PER_CLIENT",
        50,
        { min: 1, max: 10_000 },
        "living refresh tokens of one identity for one client; beyond them the oldest of those that nobody comes back to end",
      ),
      perIdentity: read.integer(
        "REFRESH_TOKENS_PER_IDENTITY",
        200,
        { min: 1, max: 10_000 },
        "the same for all clients",
      ),
    },
  };
}

/**
 * @param read - reader that collects faults
 * @returns how many failed logins are borne
 */
export function readLoginLimits(read: EnvReader): LoginLimits {
  return {
    failuresPerSource: read.integer(
      "LOGIN_FAILURES_PER_SOURCE",
      100,
      { min: 1, max: 10_000 },
      "different wrong credentials that are borne from one address (IPv6: one /64) in `LOGIN_FAILURE_SECONDS`; then " +
        "429, but never for a login that was right within a day. Repeats of one wrong credential count once; logins " +
        "that cannot be decided count per address, by the same number",
    ),
    failuresPerAccount: read.integer(
      "LOGIN_FAILURES_PER_ACCOUNT",
      10,
      { min: 1, max: 10_000 },
      "the same for one account",
    ),
    windowSeconds: read.integer(
      "LOGIN_FAILURE_SECONDS",
      60,
      { min: 1, max: 86_400 },
      "the time in which they are counted",
    ),
  };
}
