import type { Policy } from "#access-policy/compile.js";
import { explain, type Explanation } from "#access-policy/explain.js";
import type { Identity } from "#access-policy/identity.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { TeamsThen } from "./policy-at.js";

/** Somebody as whoever asks describes them. */
export interface Somebody extends Pick<Identity, "uid" | "realm" | "kind" | "scopes"> {
  /** `null`: those that the logins file of then names them in. */
  readonly teams: readonly string[] | null;
  readonly address: string | null;
}

/** Whether somebody could. */
export interface DecisionThen {
  /** `teams-needed`: it cannot be known, since it depends on teams that are on no record. */
  readonly allow: boolean | "teams-needed";
  readonly reason: string;
  readonly trace: Explanation["trace"];
}

/** Teams of which members are known. */
interface KnownTeams {
  readonly teams: TeamsThen;
  /** Whether nobody can have been in any other. */
  readonly areAll: boolean;
}

/** What is asked. */
interface AskedDecision {
  readonly action: "pull" | "push" | "delete";
  readonly repository: RepositoryName;
  readonly somebody: Somebody | null;
}

const UNKNOWN = "it depends on teams that are on no record: say them with --team";

/**
 * @param policy - the rules of then
 * @param asked - who, what and where
 * @param known - teams of then
 * @returns whether they could, and why; `null`: nobody was asked about
 */
export function decisionThen(
  policy: Policy,
  { action, repository, somebody }: AskedDecision,
  known: KnownTeams,
): DecisionThen | null {
  if (somebody === null) return null;
  const asked = (teams: readonly string[] | null, of = action) =>
    explained(policy, somebody, teams, of, repository);
  const named = somebody.teams ?? teamsOf(somebody, known.teams);
  const whole = somebody.teams !== null || known.areAll;
  const decision = asked(named);
  // Clients that push look for what is there before: without the one the other is of no use.
  const pull = action === "push" && decision.allow === true ? asked(named, "pull") : decision;
  const said =
    pull.allow === true
      ? decision
      : { ...pull, reason: `${needsPull(action, decision)}${pull.reason}` };
  if (said.allow === true || whole || asked(null).allow === false) return said;
  return { ...said, allow: "teams-needed", reason: UNKNOWN };
}

function needsPull(action: string, decision: DecisionThen): string {
  return action === "push" && decision.allow === true ? "a push needs pull as well: " : "";
}

function explained(
  policy: Policy,
  { uid, realm, kind, scopes, address }: Somebody,
  teams: readonly string[] | null,
  action: AskedDecision["action"],
  repository: RepositoryName,
): DecisionThen {
  const identity: Identity = { uid, realm, kind, scopes, claims: {}, limits: null };
  const resource = { type: "repository", name: repository } as const;
  const { decision, trace } = explain(policy, { identity, teams }, resource, action, { address });
  if (decision.allow === "teams-needed") return { allow: decision.allow, reason: UNKNOWN, trace };
  return { allow: decision.allow, reason: decision.reason, trace };
}

function teamsOf({ uid, realm }: Somebody, teams: TeamsThen): readonly string[] {
  return Object.entries(teams)
    .filter(([, members]) => members.some((one) => one === `${realm}/${uid}` || one === uid))
    .map(([team]) => team);
}
