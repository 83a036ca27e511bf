import type { Client } from "../api/client.js";
import { callAs, type AnswerOf, type BodyOf } from "../api/described-answers.js";
import { lines, type Shown, type ShownList } from "../output/shown.js";
import { examples } from "./examples.js";
import type { AddCommands } from "./shell.js";
import { plainWord, wholeNumber } from "./words.js";

type Robot = AnswerOf<"robots.list">["robots"][number];
type WithSecret = AnswerOf<"robots.create">;
type Grant = BodyOf<"robots.create">["grants"][number];

/** What can be said on the command line beside the verb, team and name. */
export interface RobotOptions {
  readonly grant: readonly string[];
  /** `null`: as the server does when nothing is said. */
  readonly days: number | null;
  readonly description: string;
}

interface LifeOptions {
  readonly days?: number;
}

const DAYS = wholeNumber("a number of days", 9_999);

/** `robots`: logins for machines, of a team. */
export const addRobots: AddCommands = (program, run) => {
  const robots = program
    .command("robots")
    .summary("logins for machines, of a team")
    .description("Robots of a team: logins for machines, with their own grants and an end.")
    .addHelpText(
      "after",
      examples(
        "wharf robots list alpha",
        "wharf robots create alpha ci --grant 'alpha/app:pull,push' --days 90",
        "wharf robots rotate alpha ci --overlap 24",
      ),
    );
  robots
    .command("list <team>")
    .alias("ls")
    .summary("robots of a team")
    .action(
      run(async (shell, [team]) => listRobots(await shell.client(), plainWord(team, "TEAM"))),
    );
  robots
    .command("create <team> <name>")
    .summary("make one; its secret is shown once")
    .option(
      "--grant <repositories:actions>",
      "what it may do, as alpha/app:pull,push; may be repeated",
      collect,
      [],
    )
    .option("--days <number>", "how long it lives", DAYS)
    .option("--description <text>", "what it is for", "")
    .action(
      run<LifeOptions & { readonly grant: string[]; readonly description: string }>(
        async (shell, [team, name], { grant, days, description }) =>
          createRobot(await shell.client(), plainWord(team, "TEAM"), plainWord(name, "NAME"), {
            ...{ grant, days: days ?? null, description },
          }),
      ),
    );
  robots
    .command("rotate <team> <name>")
    .summary("give it a new secret")
    .description(
      "Without --days it ends when it would have; the old secret ends at once, or --overlap hours later.",
    )
    .option("--days <number>", "how long it lives from now", DAYS)
    .option(
      "--overlap <hours>",
      "how long the old secret stays good",
      wholeNumber("a number of hours", 999),
    )
    .action(
      run<LifeOptions & { readonly overlap?: number }>(
        async (shell, [team, name], { days, overlap }) =>
          rotateRobot(await shell.client(), plainWord(team, "TEAM"), plainWord(name, "NAME"), {
            ...{ days: days ?? null, overlapHours: overlap ?? 0 },
          }),
      ),
    );
  for (const verb of ["disable", "enable"] as const)
    robots
      .command(`${verb} <team> <name>`)
      .summary(verb === "enable" ? "let it log in again" : "let it log in no more")
      .action(
        run(async (shell, [team, name]) =>
          switchRobot(await shell.client(), plainWord(team, "TEAM"), plainWord(name, "NAME"), verb),
        ),
      );
  robots
    .command("check")
    .summary("robots that could not be made today; for administrators")
    .action(run(async (shell) => checkRobots(await shell.client())));
};

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

/** @returns the team's robots as a table */
async function listRobots(client: Client, team: string): Promise<ShownList> {
  const { robots } = await callAs(client, { id: "robots.list", path: `/teams/${team}/robots` });
  const rows = robots.map((robot) => ({
    ...robot,
    state: stateOf(robot),
    expires: robot.expiresAt,
    "last used": robot.lastUsedAt,
    grants: robot.grants.map((g) => `${g.repositories}:${g.actions.join(",")}`).join(" "),
  }));
  return {
    kind: "list",
    columns: [
      { key: "login", kind: "name" },
      { key: "state" },
      { key: "expires", kind: "time" },
      { key: "last used", kind: "time", drop: 1 },
      { key: "grants" },
    ],
    rows,
    value: robots,
    empty: `team ${team} has no robots`,
  };
}

/** @returns the new robot's login and its secret, which is shown this once */
async function createRobot(
  client: Client,
  team: string,
  name: string,
  options: RobotOptions,
): Promise<Shown> {
  const { grant, description, days } = options;
  const body = { name, description, grants: grant.map(grantIn), expiresInDays: days };
  const path = `/teams/${team}/robots`;
  return showSecret(await callAs(client, { id: "robots.create", method: "POST", path, body }));
}

/** Which actions there are is for the registry to say. */
function grantIn(text: string): Grant {
  const colon = text.lastIndexOf(":");
  if (colon === -1) return { repositories: text, actions: ["pull"] };
  const actions = text.slice(colon + 1).split(",") as Grant["actions"];
  return { repositories: text.slice(0, colon), actions };
}

/**
 * @returns the robot's login and its new secret; without days it ends when it would have, and the old secret is good for
 *   so many hours, too
 */
async function rotateRobot(
  client: Client,
  team: string,
  name: string,
  { days, overlapHours }: { readonly days: number | null; readonly overlapHours: number },
): Promise<Shown> {
  const body = { expiresInDays: days, overlapHours };
  const path = `/teams/${team}/robots/${name}/rotate`;
  return showSecret(await callAs(client, { id: "robots.rotate", method: "POST", path, body }));
}

/** @returns what the robot is now */
async function switchRobot(
  client: Client,
  team: string,
  name: string,
  verb: "enable" | "disable",
): Promise<Shown> {
  const path = `/teams/${team}/robots/${name}/${verb}`;
  const { robot } = await callAs(client, { id: `robots.${verb}`, method: "POST", path });
  return lines(`${robot.login} is ${robot.disabledAt === null ? "active" : "disabled"}`, robot);
}

/** @returns robots that may do more than who vouches for them, one line for each fault */
async function checkRobots(client: Client): Promise<Shown> {
  const asked = { id: "robots.exceeding", path: "/robots/exceeding" } as const;
  const { robots } = await callAs(client, asked);
  const rows = robots.flatMap((robot) => {
    const known = { login: robot.login, team: robot.team, "vouched by": robot.vouchedBy ?? "?" };
    const late = { ...known, fault: `lives too long, until ${robot.expiresAt}` };
    return [
      ...robot.excesses.map(({ action, repositories, reason }) => ({
        ...known,
        fault: `${action} in ${repositories}: ${reason}`,
      })),
      ...(robot.endsTooLate ? [late] : []),
    ];
  });
  return {
    kind: "list",
    columns: [
      { key: "login", kind: "name" },
      { key: "team", kind: "name" },
      { key: "vouched by", drop: 1 },
      { key: "fault" },
    ],
    rows,
    value: robots,
    empty: "no robot may do more than who vouches for it",
  };
}

function stateOf({ disabledAt, expiresAt }: Robot): string {
  if (disabledAt !== null) return "disabled";
  return Date.parse(expiresAt) <= Date.now() ? "expired" : "active";
}

function showSecret({ robot, secret }: WithSecret): Shown {
  const value = { login: robot.login, secret, expires: robot.expiresAt };
  return lines(
    [
      `login   ${value.login}`,
      `secret  ${value.secret}`,
      `expires ${value.expires}`,
      "The secret is not shown again.",
    ],
    value,
  );
}
