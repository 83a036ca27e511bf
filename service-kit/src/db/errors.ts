import pg from "pg";
import { Fault, isUnavailable } from "#registry-protocol/faults.js";
import { lastingFailure } from "../lasting-failure.js";
import type { Logger } from "../log.js";

/**
 * SQLSTATE (PostgreSQL manual, appendix A) of what a statement is refused for whenever it is made: 0A not supported, 21 to
 * 23 data and constraints, 42601 syntax, P0 what a trigger refuses.
 */
const OF_THE_STATEMENT = /^(?:0A|21|22|23|42601|P0)/;
/** Lost connections, standbys, restarts, and what is simply done once more: of these others tell, or nobody has to. */
const PASSES = /^(?:08|25006|26000|40|57P)/;

/** A statement cannot be made as our code has it: it was never sent, or its answer cannot be read. */
class MistakenStatement extends Error {
  override readonly name = "MistakenStatement";
}

/** What the driver throws for that as a plain error. */
const MISTAKES = /^(?:A query must have|Query values must be|Prepared statements must be unique)/;

function isMistake(error: unknown): boolean {
  return (
    error instanceof TypeError ||
    error instanceof RangeError ||
    error instanceof SyntaxError ||
    error instanceof ReferenceError ||
    (error instanceof Error && MISTAKES.test(error.message))
  );
}

/**
 * What a connection has prepared may count no more: a migration has changed what the statement answers with (0A000 of
 * Postgres' plan cache), or somebody else has taken it away, or has prepared it there (26000, 42P05).
 */
function isOutdated(error: pg.DatabaseError): boolean {
  const isPrepared = error.code === "26000" || error.code === "42P05";
  return isPrepared || error.routine === "RevalidateCachedQuery";
}

/**
 * @param error - whatever a statement was answered with
 * @returns whether it was only that what was prepared for it counts no more; it has changed nothing
 */
export function isStale(error: unknown): boolean {
  if (!isUnavailable(error)) return false;
  return error.cause instanceof pg.DatabaseError && isOutdated(error.cause);
}

/**
 * Only what is wrong with the statement itself is our mistake. Anything else is about the database: no connection, a
 * standby, a lock, but also tables that are away while a backup is restored, rights that were lost, a broken index.
 * Whether a push is to be refused cannot be told then.
 *
 * @param error - whatever the `pg` library threw
 * @returns Fault UNAVAILABLE for what is about the database, else the error, as MistakenStatement where no server has said so
 */
export function asFault(error: unknown): unknown {
  if (isMistake(error))
    return new MistakenStatement("a statement cannot be made", { cause: error });
  if (!(error instanceof pg.DatabaseError) || isOutdated(error)) return unavailable(error);
  return OF_THE_STATEMENT.test(error.code ?? "") ? error : unavailable(error);
}

/**
 * @param cause - why there is no connection, whatever its SQLSTATE: no statement has been made yet
 * @returns Fault UNAVAILABLE
 */
export function unavailable(cause: unknown): Fault {
  return new Fault("UNAVAILABLE", {
    message: "the ledger's database is unavailable for the moment, try again",
    cause,
  });
}

/**
 * @param log - where it is told, loudly, of a database that answers and cannot be used: nobody comes to look by himself
 * @returns what passes answers of the database on, and tells of such failures in them: at their begin and once a minute
 */
export function unusableTold(log: Pick<Logger, "error">): <T>(answer: Promise<T>) => Promise<T> {
  const failing = lastingFailure((fields) => {
    const message =
      "the database answers, but not as it should: is it being restored, are rights missing?";
    log.error({ event: "database.unusable", message, ...fields });
  });
  const mistaken = lastingFailure((fields) => {
    log.error({ event: "database.mistake", message: "a statement of ours is wrong", ...fields });
  });
  return async (answer) => {
    try {
      return await answer;
    } catch (error) {
      const cause = isUnavailable(error) ? error.cause : null;
      if (cause instanceof pg.DatabaseError && !PASSES.test(cause.code ?? ""))
        failing.failed(cause);
      if (error instanceof MistakenStatement) mistaken.failed(error.cause);
      throw error;
    }
  };
}

/**
 * @param error - whatever a statement was answered with
 * @returns whether its connection is of no more use: lost, silent, or a standby's by now, or the driver has lost its way on it
 */
export function isLost(error: unknown): boolean {
  if (error instanceof MistakenStatement) return true;
  if (!isUnavailable(error)) return false;
  const { cause } = error;
  if (!(cause instanceof pg.DatabaseError)) return true;
  return /^(?:08|25006|57P)/.test(cause.code ?? "") || isOutdated(cause);
}
