import type { KnownSubject } from "#access-policy/everywhere.js";
import type { Policy } from "#access-policy/compile.js";
import type { Database } from "#service-kit/db/pool.js";
import { databaseMilliseconds } from "#service-kit/db/time.js";
import type { CurrentPolicy } from "../policy/watch.js";
import { excessesOf, type Excess } from "./authority.js";
import { endOf, type LifetimeDeps } from "./lifetime.js";
import { listLivingRobots, type Robot, type Voucher } from "./sql.js";

/** A robot that could not be made today. */
export interface ExceedingRobot {
  readonly login: string;
  readonly team: string;
  readonly createdBy: string;
  readonly expiresAt: Date;
  /** Who vouches for it, `realm/uid`; `null`: nobody is known, it was held against a plain member of the team. */
  readonly vouchedBy: string | null;
  readonly excesses: readonly Excess[];
  /** Whether it lives longer than robots may. */
  readonly endsTooLate: boolean;
}

/** What looking for them needs. */
export interface ExceedingDeps extends Pick<LifetimeDeps, "robotMaxDays"> {
  readonly db: Database;
}

const PAGE = 200;
/** A report of more is read by nobody. */
const MOST_REPORTED = 1_000;

/**
 * Holds every robot that can log in against today's policy.
 *
 * @param deps - database, longest life
 * @param policy - the rules
 * @returns those that go beyond what whoever vouches for them may do, or live too long; at most 1,000
 */
export async function exceedingRobots(
  deps: ExceedingDeps,
  policy: CurrentPolicy,
): Promise<ExceedingRobot[]> {
  const found: ExceedingRobot[] = [];
  const at = await databaseMilliseconds(deps.db);
  const latestEnd = endOf({ ...deps, now: () => at }, deps.robotMaxDays);
  let after = "";
  for (;;) {
    const wanted = { after, most: PAGE, at: new Date(at) };
    const page = await listLivingRobots(deps.db, wanted);
    for (const robot of page) {
      const exceeding = await holdAgainst(
        policy.current(robot.service ?? undefined),
        robot,
        latestEnd,
      );
      if (exceeding !== null) found.push(exceeding);
      if (found.length >= MOST_REPORTED) return found;
    }
    if (page.length < PAGE) return found;
    after = page.at(-1)?.login ?? "";
  }
}

async function holdAgainst(
  policy: Policy,
  robot: Robot & { vouchedBy: Voucher | null },
  latestEnd: Date,
): Promise<ExceedingRobot | null> {
  const { login, team, createdBy, expiresAt, vouchedBy } = robot;
  const excesses: Excess[] = [];
  for await (const excess of excessesOf(policy, subjectOf(robot), robot.grants))
    excesses.push(excess);
  const endsTooLate = expiresAt > latestEnd;
  if (excesses.length === 0 && !endsTooLate) return null;
  const voucher = vouchedBy === null ? null : `${vouchedBy.realm}/${vouchedBy.uid}`;
  return { login, team, createdBy, expiresAt, vouchedBy: voucher, excesses, endsTooLate };
}

/** Of robots made before it was noted who vouches for them nothing is known but the team. */
function subjectOf({
  team,
  createdBy,
  vouchedBy,
}: Robot & { vouchedBy: Voucher | null }): KnownSubject {
  const member: Voucher = {
    kind: "oauth2",
    realm: "/employees",
    uid: createdBy,
    scopes: [],
    claims: {},
    teams: [team],
  };
  const { teams, ...identity } = vouchedBy ?? member;
  return { identity: { ...identity, limits: null }, teams };
}
