import type { Queryable } from "#service-kit/db/pool.js";
import { settingsOf } from "../at-one-moment.js";
import { checkpointsBetween, type CheckpointFigures } from "../sql/checkpoints-between.js";
import { readPullsByName } from "../sql/pulls-of.js";
import { changesIn } from "./changes.js";
import { countEntries, type CountedEntries, type DeedsOfName } from "./counted-entries.js";
import { leftForArchives } from "./left-for-archives.js";
import { loginsAt, type TeamsThen } from "./policy-at.js";
import type { Quarter } from "./quarter.js";
import { robotsOnRecord, type RobotOnRecord } from "./robots-on-record.js";

/** Whoever was seen: by what they did, by what they pulled, or both. */
export interface LoginSeen extends Omit<DeedsOfName, "entries"> {
  readonly entries: number;
  readonly pulls: number;
}

/** A quarter, as an auditor asks for it. */
export interface QuarterReport extends Omit<CountedEntries, "names" | "namesLeftOut"> {
  readonly quarter: string;
  readonly from: string;
  readonly to: string;
  readonly logins: readonly LoginSeen[];
  readonly robots: readonly RobotOnRecord[];
  /** Teams whose members administer at its end, with the members that a file names. */
  readonly administrators: TeamsThen;
  readonly changes: number;
  readonly checkpoints: CheckpointFigures;
  /** What verify says of the whole log now, a line each; `null`: it was not asked. */
  readonly verified: readonly string[] | null;
  readonly notes: readonly string[];
}

const MOST_PULLERS = 10_000;

/**
 * @param db - audit log and ledger
 * @param quarter - which
 * @param options - the moment now, and what verify said, if it was asked
 * @returns the report; of a quarter that is not over, as it stands now
 */
export async function reportOf(
  db: Queryable,
  quarter: Quarter,
  { now, verified }: { readonly now: Date; readonly verified: readonly string[] | null },
): Promise<QuarterReport> {
  const to = quarter.to > now ? now : quarter.to;
  const { from, name } = quarter;
  const { names, namesLeftOut, ...counted } = await countEntries(db, { from, to });
  const pulled = await readPullsByName(db, { from, to }, MOST_PULLERS);
  const pulledAt = new Map(
    (await readPullsByName(db, { from: null, to }, MOST_PULLERS))
      .filter(({ kind }) => kind === "robot")
      .map(({ uid, lastAt }) => [uid, lastAt.toISOString()]),
  );
  const { changes } = await changesIn(db, { from, to });
  return {
    ...{ quarter: name, from: from.toISOString(), to: to.toISOString() },
    ...{ ...counted, logins: loginsSeen(names, pulled), changes: changes.length },
    robots: await robotsOnRecord(db, to, pulledAt),
    administrators: await administratorsAt(db, to),
    checkpoints: await checkpointsBetween(db, from, to),
    verified,
    notes: [
      // Robots are told of from the first on.
      ...(await leftForArchives(db, null)),
      ...(quarter.to > now ? ["the quarter is not over: it is told as it stands"] : []),
      ...(namesLeftOut ? ["there were more names than are told apart"] : []),
      "logins are told by what they did or pulled: whoever logged in and did neither is not on record",
      ...(verified === null ? ["the chain was not verified for this: npm run verify does"] : []),
    ],
  };
}

function loginsSeen(
  names: readonly DeedsOfName[],
  pulled: Awaited<ReturnType<typeof readPullsByName>>,
): LoginSeen[] {
  const seen = new Map<string, LoginSeen>();
  const keyOf = (one: Pick<DeedsOfName, "uid" | "realm" | "kind">) =>
    JSON.stringify([one.uid, one.realm, one.kind]);
  for (const name of names) seen.set(keyOf(name), { ...name, pulls: 0 });
  for (const { uid, realm, kind, count, ...times } of pulled) {
    const [firstAt, lastAt] = [times.firstAt.toISOString(), times.lastAt.toISOString()];
    const known = seen.get(keyOf({ uid, realm, kind }));
    seen.set(keyOf({ uid, realm, kind }), {
      ...{ uid, realm, kind, entries: known?.entries ?? 0, pulls: count },
      firstAt: known !== undefined && known.firstAt < firstAt ? known.firstAt : firstAt,
      lastAt: known !== undefined && known.lastAt > lastAt ? known.lastAt : lastAt,
    });
  }
  return [...seen.values()].sort((one, other) => (one.uid < other.uid ? -1 : 1));
}

async function administratorsAt(db: Queryable, at: Date): Promise<TeamsThen> {
  const settings = await settingsOf(db, at);
  const named = Object.values(settings).flatMap((all) => all["ADMIN_TEAMS"]?.split(",") ?? []);
  const teams = (await loginsAt(db, at))?.teams ?? {};
  const admins = [...new Set(named.map((team) => team.trim()).filter((team) => team !== ""))];
  return Object.fromEntries(admins.map((team) => [team, teams[team] ?? []]));
}
