import type { ClockWatch } from "#service-kit/clock/clock-watch.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { whyUnusable } from "#service-kit/db/usable.js";

/** Whether each thing that a login needs is there, and what is wrong where it is not. */
export interface Readiness {
  readonly ready: boolean;
  readonly checks: Readonly<Record<"database" | "clock", "ok" | "failing">>;
  readonly reasons: readonly string[];
}

/** What a login needs. */
export interface ReadinessDeps {
  readonly db: Queryable;
  /** Whether the schema has been brought up to date. */
  readonly migrated: () => boolean;
  readonly clocks: Pick<ClockWatch, "verdict" | "reasons">;
}

/**
 * @param deps - database, whether its schema has been brought up to date, and clocks
 * @returns whether logins work: without its database no failed login is counted, and no robot or refresh token known;
 *   with a clock that differs no gateway takes the tokens
 */
export async function checkReadiness({ db, migrated, clocks }: ReadinessDeps): Promise<Readiness> {
  const unusable = (await whyUnusable(db, "token_server.refresh_token")) ?? pending(migrated());
  const database = unusable === null ? "ok" : "failing";
  const clock = clocks.verdict().own === "right" ? "ok" : "failing";
  const reasons = [unusable, ...clocks.reasons()].filter((reason) => reason !== null);
  return { ready: database === "ok" && clock === "ok", checks: { database, clock }, reasons };
}

const pending = (isMigrated: boolean) =>
  isMigrated ? null : "the database's schema has not been brought up to date";
