import { whoCan, type RuleAbout } from "#access-policy/who-can.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Tag } from "#registry-protocol/tag.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { settingsOf } from "../at-one-moment.js";
import { decisionThen, type DecisionThen, type Somebody } from "./decision-then.js";
import { leftForArchives } from "./left-for-archives.js";
import { decidesAbout } from "./settings-that-decide.js";
import { isDeletable } from "#tag-policy/deletable.js";
import {
  accessPolicyAt,
  loginsAt,
  tagPolicyAt,
  type FileNamed,
  type TeamsThen,
} from "./policy-at.js";

/** What is asked of a moment. */
export interface AskedWhoCould {
  readonly action: "pull" | "push" | "delete";
  readonly repository: RepositoryName;
  /** `null`: no tag in particular. */
  readonly tag: Tag | null;
  readonly at: Date;
  /** Somebody, as they logged in then; `null`: everybody. */
  readonly somebody: Somebody | null;
}

/** Who could do something, and by what. */
export interface WhoCould {
  readonly action: string;
  readonly repository: string;
  readonly at: string;
  /** Files that were in force; `null`: none is on record. */
  readonly policy: FileNamed | null;
  readonly tagPolicy: FileNamed | null;
  readonly logins: FileNamed | null;
  /** Kinds of login that could not, whatever the rules said. */
  readonly never: readonly string[];
  /** In their order: the first that somebody fits counted, and whom none fits was refused. */
  readonly rules: readonly RuleAbout[];
  /** Members of teams, as far as a file says who they were. */
  readonly teams: TeamsThen;
  /** Settings of then that bear on it, by service. */
  readonly settings: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** The rule for the tag; `null`: no tag was asked about, or its rules are not on record. */
  readonly tagRule: {
    readonly name: string;
    readonly mutability: string;
    readonly deletable: boolean;
  } | null;
  /** Of the one who was asked about. */
  readonly decision: DecisionThen | null;
  readonly notes: readonly string[];
}

/**
 * @param db - the audit log
 * @param asked - of what, and when
 * @returns who could have done it by the rules of then, and what of that cannot be known
 */
export async function whoCould(db: Queryable, asked: AskedWhoCould): Promise<WhoCould> {
  const { action, repository, at, tag } = asked;
  const [access, tags, logins] = [
    await accessPolicyAt(db, at),
    await tagPolicyAt(db, at),
    await loginsAt(db, at),
  ];
  const about = access === null ? [] : whoCan(access.policy, repository);
  const { never = [], rules = [] } = about.find((one) => one.action === action) ?? {};
  const teams = logins?.teams ?? {};
  const settings = await settingsOf(db, at);
  const isServed = Object.values(settings).some((all) => isGiven(all["HTTP_TEAM_SERVICE_URL"]));
  const known = { teams, areAll: !isServed && logins?.hasGroups !== true };
  const rule = tag === null ? undefined : tags?.policy.ruleFor(repository, tag);
  return {
    ...{ action, repository, at: at.toISOString() },
    ...{
      policy: access?.file ?? null,
      tagPolicy: tags?.file ?? null,
      logins: logins?.file ?? null,
    },
    ...{ never, rules, teams, settings: decidesAbout(action, settings) },
    tagRule:
      rule === undefined
        ? null
        : { name: rule.name, mutability: rule.mutability, deletable: isDeletable(rule, false) },
    decision: access === null ? null : decisionThen(access.policy, asked, known),
    notes: [...(await leftForArchives(db, at)), ...notesOf({ access, logins, asked })],
  };
}

function notesOf({
  access,
  logins,
  asked: { somebody, at },
}: {
  readonly access: object | null;
  readonly logins: { readonly teams: TeamsThen } | null;
  readonly asked: AskedWhoCould;
}): string[] {
  const isNamed = logins !== null && Object.keys(logins.teams).length > 0;
  return [
    ...(access === null
      ? [`no access policy that can be read is on record at ${at.toISOString()}`]
      : []),
    isNamed
      ? "members of a team are told as the logins file named them; whom a team service or a directory named besides is not on record"
      : "who was in which team then is not on record: a team service, or a directory, was asked at each login and keeps no history here",
    ...(somebody?.kind === "robot"
      ? ["a robot could do what it was granted at most: wharf audit changes tells of that"]
      : []),
    "what a rule wants of claims and addresses is told; who fitted it then is not on record",
  ];
}

function isGiven(value: string | undefined): boolean {
  return value !== undefined && value !== "";
}
