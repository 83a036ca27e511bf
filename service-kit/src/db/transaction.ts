import { setImmediate } from "node:timers/promises";
import type pg from "pg";
import { isUnavailable } from "#registry-protocol/faults.js";
import { isLost } from "./errors.js";
import type { OwnTransaction, Queryable } from "./queryable.js";
import { replicatedCommit } from "./replicated-commit.js";
import { beginPart, shownAs } from "../request-at-hand.js";
import { runQuery } from "./run-query.js";
import { statementPart } from "./statement-part.js";
import type { Telling } from "./tell.js";

/** A connection, and what notes that it is of no more use. */
export type UsedConnection = readonly [client: pg.Client, noteBroken: () => void];

/**
 * Statements go over the wire as they are begun (the connections are in `pg`'s pipeline mode): the server runs them in that order
 * and, in a transaction that one of them has failed in, refuses the rest and turns `commit` into a rollback.
 *
 * @param connection - nobody else's until this has ended
 * @param telling - tells what is told, after the commit
 * @param work - see {@link Database.transaction}
 * @returns what `work` returns
 * @throws what `work` or a statement throws; then it was rolled back, or nobody can say so
 */
export async function runTransaction<T>(
  [client, noteBroken]: UsedConnection,
  telling: Telling,
  work: (tx: OwnTransaction) => Promise<T>,
): Promise<T> {
  const told: Parameters<OwnTransaction["tell"]>[] = [];
  let last: (() => Promise<unknown>) | null = null;
  try {
    const begun = runQuery(client, "begin");
    // Whoever waits for it hears of it.
    begun.catch(() => undefined);
    const look: Queryable["query"] = (sql, values, name) => {
      const part = beginPart(() => statementPart(sql, name));
      return shownAs(part, runQuery<never>(client, sql, values, name)).catch((error: unknown) => {
        // It may have become a read-only standby's; another one may not be.
        if (isUnavailable(error) || isLost(error)) noteBroken();
        throw error;
      });
    };
    const result = await work({
      look,
      // Without `begin` each statement would count for itself: what changes something is sent when that has succeeded.
      query: (...statement) => begun.then(() => look(...statement)),
      tell: (...what) => told.push(what),
      endWith: (statements) => {
        last = statements;
      },
    });
    await begun;
    await commit(client, last).catch((error: unknown) => {
      if (!(error instanceof RolledBack))
        for (const [channel, , unsure] of told)
          if (unsure !== undefined) telling.tell(channel, unsure);
      throw error instanceof RolledBack ? error.cause : error;
    });
    for (const [channel, payload] of told) telling.tell(channel, payload);
    return result;
  } catch (error) {
    await client.query("rollback").catch(noteBroken);
    throw error;
  }
}

/** Nothing was committed, whatever else is not known. */
class RolledBack extends Error {}

/** @throws RolledBack when it is known that nothing was committed */
async function commit(client: pg.Client, last: (() => Promise<unknown>) | null): Promise<void> {
  const send = () => {
    const part = beginPart(() => statementPart("commit"));
    return shownAs(
      part,
      replicatedCommit(client, () => runQuery(client, "commit")),
    );
  };
  if (last === null) {
    await send();
    return;
  }
  const failures: unknown[] = [];
  const ended = last().catch((error: unknown) => failures.push(error));
  // What the driver refuses it never sends: then the commit must not be sent, either.
  await setImmediate();
  if (failures.length > 0) throw new RolledBack("not committed", { cause: failures[0] });
  const { command } = await send();
  await ended;
  if (command !== "COMMIT") {
    const [cause = new Error("the server has rolled back")] = failures;
    throw new RolledBack("rolled back", { cause });
  }
  if (failures.length > 0) throw failures[0];
}
