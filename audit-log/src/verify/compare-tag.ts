import type { LedgerRecord } from "../sql/ledger-tags.js";
import type { Deed, TagHistory } from "./tag-history.js";

/**
 * The ledger dates a change when it makes it, the audit log when it records it: later, in the same transaction.
 * Much longer than any of these takes.
 */
const MOST_MILLISECONDS_BETWEEN = 60_000;

/**
 * @param record - what the ledger says of a tag; `null` when it has none such
 * @param history - what the audit log says of it; `null` without any entry
 * @returns what of the ledger does not follow from the audit log, or `null`
 */
export function differenceOf(
  record: LedgerRecord | null,
  history: TagHistory | null,
): string | null {
  if (record === null)
    return history === null ? null : `${history.digest} in the audit log, not in the ledger`;
  if (history === null) return `${record.digest} in the ledger, no entry says so`;
  const differences = [
    history.problem,
    record.digest === history.digest ? null : differ(record.digest, history.digest),
    originDifference(record, history),
    deedDifference("pushed", deedOf(record.pushedBy, record.pushedAt), history.pushed),
    deedDifference("locked", deedOf(record.lockedBy, record.lockedAt), history.locked),
    deedDifference("deleted", deedOf(record.deletedBy, record.deletedAt), history.deleted),
  ].filter((difference) => difference !== null);
  return differences.length === 0 ? null : differences.join("; ");
}

const differ = (inLedger: string, inLog: string) =>
  `${inLedger} in the ledger, ${inLog} in the audit log`;

/** An adopted tag counts as pushed once somebody pushes what it means already, which is no entry. */
function originDifference({ origin }: LedgerRecord, history: TagHistory): string | null {
  const right = origin === history.origin || history.origin === "adopted";
  return right ? null : differ(origin, history.origin);
}

type LedgerDeed = Pick<Deed, "by" | "at">;

function deedOf(by: string | null, at: string | null): LedgerDeed | null {
  return by === null && at === null ? null : { by: by ?? "", at: at ?? "" };
}

function deedDifference(
  what: string,
  inLedger: LedgerDeed | null,
  inLog: Deed | null,
): string | null {
  if (inLedger === null || inLog === null)
    return inLedger === null && inLog === null
      ? null
      : differ(tell(what, inLedger), tell(what, inLog));
  if (inLedger.by !== inLog.by)
    return differ(`${what} by ${inLedger.by || "nobody"}`, `by ${inLog.by || "nobody"}`);
  return isSameTime(inLedger.at, inLog)
    ? null
    : differ(`${what} at ${inLedger.at}`, `at ${inLog.at}`);
}

function tell(what: string, deed: LedgerDeed | null): string {
  return deed === null ? `not ${what}` : `${what} by ${deed.by || "nobody"} at ${deed.at}`;
}

function isSameTime(inLedger: string, { at, isMoved, isTold }: Deed): boolean {
  if (isTold) return inLedger === at;
  const between = Date.parse(at) - Date.parse(inLedger);
  return inLedger <= at && (isMoved || between <= MOST_MILLISECONDS_BETWEEN);
}
