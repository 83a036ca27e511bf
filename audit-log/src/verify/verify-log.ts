import type { Database, Queryable } from "#service-kit/db/pool.js";
import { CHAINS } from "../chain.js";
import { entriesIn } from "../checkpoint.js";
import { lastCut, type Cut } from "../sql/cuts.js";
import { readHeads } from "../sql/chain-heads.js";
import { chainsInUse } from "../sql/entries.js";
import { wrongContents } from "../sql/followed-files.js";
import { beginAt } from "./verify-cut.js";
import { chainCursor, type ChainCursor } from "./chain-cursor.js";
import type { Finding } from "./finding.js";
import { verifyBytes, type VerifiedBytes } from "./verify-bytes.js";
import { verifyLedger, type VerifiedLedger } from "./verify-ledger.js";
import { verifyPulls, type VerifiedPulls } from "./verify-pulls.js";
import { walkCheckpoints, type CheckpointTrust, type CheckpointWalk } from "./walk-checkpoints.js";

/** What was found. */
export interface VerifiedLog {
  /** Entries found right. */
  readonly entries: number;
  /** Times of the earliest and the latest of them; empty without any. */
  readonly from: string;
  readonly to: string;
  readonly checkpoints: CheckpointWalk;
  /** Entries that no checkpoint covers yet. */
  readonly uncovered: number;
  /** The first wrong entry of each chain, and the first wrong checkpoint; none when the log is whole. */
  readonly findings: readonly Finding[];
  /** What the rest says by all entries; `null`: some have left for archives that were not given. */
  readonly rest: VerifiedRest | null;
  /** Where the log begins, since what was before has left for archives that were not given; `null`: at its beginning. */
  readonly cut: Cut | null;
}

/** What can be compared with all entries alone. */
export interface VerifiedRest {
  /** What the ledger says of the tags at the same moment, compared with the entries. */
  readonly ledger: VerifiedLedger;
  /** Who pulled on the days that are over, compared with what went on record of each. */
  readonly pulls: VerifiedPulls;
  /** What the ledger keeps of manifests, held against their digests. */
  readonly bytes: VerifiedBytes;
}

/** Whom to believe, what was kept elsewhere, and who is told how far it is. */
export interface VerifyLogDeps extends CheckpointTrust {
  readonly progress: (text: string) => void;
}

/**
 * Goes through the whole audit log as it stands at this moment: each chain from its beginning, each
 * checkpoint from the first; and compares the ledger with it, which stands at the same moment. Holds a batch of
 * each chain and the tags of one repository in memory, never all of it.
 *
 * @param db - where audit log and ledger are
 * @param deps - whom to believe, and who is told how far it is
 * @returns what was found
 */
export async function verifyLog(db: Database, deps: VerifyLogDeps): Promise<VerifiedLog> {
  return db.transaction(async (tx) => {
    await tx.query("set transaction isolation level repeatable read read only");
    let seen = 0;
    const countSeen = (more: number) => {
      seen += more;
      deps.progress(`${seen} entries`);
    };
    const chains = Array.from({ length: CHAINS }, (_, chain) => chain);
    const cut = await lastCut(tx);
    const begin = cut === null ? null : await beginAt(tx, cut, deps);
    const cursors = chains.map((chain) =>
      chainCursor(tx, chain, countSeen, begin?.places[chain] ?? null),
    );
    const checkpoints = await walkCheckpoints(tx, cursors, deps, cut?.number);
    const heads = await readHeads(tx);
    let entries = 0;
    for (const [chain, cursor] of cursors.entries())
      entries += await cursor.finish(heads.find((head) => head.chain === chain));
    return {
      // A cursor counts from the beginning of its chain.
      entries: entries - (cut?.entries ?? 0),
      cut,
      ...periodOf(cursors),
      checkpoints,
      uncovered: Math.max(0, entriesIn(heads) - (checkpoints.last?.entries ?? 0)),
      findings: [
        ...cursors.map((cursor) => cursor.finding()),
        await strayFinding(tx),
        await contentFinding(tx),
        checkpoints.finding,
        begin?.finding ?? null,
      ].filter((finding) => finding !== null),
      rest: cut === null ? await verifyRest(tx, deps.progress) : null,
    };
  });
}

async function verifyRest(tx: Queryable, progress: (text: string) => void): Promise<VerifiedRest> {
  return {
    ledger: await verifyLedger(tx, progress),
    pulls: await verifyPulls(tx, progress),
    bytes: await verifyBytes(tx, progress),
  };
}

function periodOf(cursors: readonly ChainCursor[]): { from: string; to: string } {
  const periods = cursors.map((cursor) => cursor.period()).filter(({ from }) => from !== "");
  const from = periods.map((period) => period.from).sort();
  const to = periods.map((period) => period.to).sort();
  return { from: from[0] ?? "", to: to.at(-1) ?? "" };
}

async function strayFinding(tx: Queryable): Promise<Finding | null> {
  const { lowest, highest } = await chainsInUse(tx);
  const stray = [lowest, highest].find((chain) => chain !== null && (chain < 0 || chain >= CHAINS));
  if (stray === undefined || stray === null) return null;
  return { chain: stray, position: 1, problem: "there is no such chain", content: "" };
}

async function contentFinding(tx: Queryable): Promise<Finding | null> {
  const [sha256] = await wrongContents(tx);
  if (sha256 === undefined) return null;
  const problem = `what is kept of the file with the hash ${sha256} is something else`;
  return { chain: null, position: 0, problem, content: "" };
}
