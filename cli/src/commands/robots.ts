import { z } from "zod";
import type { Client } from "../api/client.js";
import { table } from "../output/print.js";

const robotSchema = z.object({
  login: z.string(),
  name: z.string(),
  grants: z.array(z.object({ repositories: z.string(), actions: z.array(z.string()) })),
  expiresAt: z.string(),
  disabledAt: z.string().nullable(),
  lastUsedAt: z.string().nullable(),
});
const oneSchema = z.object({ robot: robotSchema, secret: z.string().optional() });
const exceedingSchema = z.object({
  robots: z.array(
    z.object({
      login: z.string(),
      team: z.string(),
      vouchedBy: z.string().nullable(),
      expiresAt: z.string(),
      endsTooLate: z.boolean(),
      excesses: z.array(
        z.object({ repositories: z.string(), action: z.string(), reason: z.string() }),
      ),
    }),
  ),
});
const manySchema = z.object({ robots: z.array(robotSchema) });

/** What can be said on the command line beside the verb, team and name. */
export interface RobotOptions {
  readonly grant: readonly string[];
  /** `null`: as the server does when nothing is said. */
  readonly days: number | null;
  readonly description: string;
}

/** @returns the team's robots as a table */
export async function listRobots(client: Client, team: string): Promise<string> {
  const { robots } = manySchema.parse(await client.call("GET", `/teams/${team}/robots`));
  const rows = robots.map((robot) => ({
    ...robot,
    state: stateOf(robot),
    expires: robot.expiresAt,
    "last used": robot.lastUsedAt,
    grants: robot.grants.map((g) => `${g.repositories}:${g.actions.join(",")}`).join(" "),
  }));
  return table(rows, ["login", "state", "expires", "last used", "grants"]);
}

/** @returns the new robot's login and its secret, which is shown this once */
export async function createRobot(
  client: Client,
  team: string,
  name: string,
  options: RobotOptions,
): Promise<string> {
  const grants = options.grant.map((text) => {
    const colon = text.lastIndexOf(":");
    if (colon === -1) return { repositories: text, actions: ["pull"] };
    return { repositories: text.slice(0, colon), actions: text.slice(colon + 1).split(",") };
  });
  const body = { name, description: options.description, grants, expiresInDays: options.days };
  return showSecret(await client.call("POST", `/teams/${team}/robots`, body));
}

/**
 * @returns the robot's login and its new secret; without days it ends when it would have, and the old secret is good for
 *   so many hours, too
 */
export async function rotateRobot(
  client: Client,
  team: string,
  name: string,
  { days, overlapHours }: { readonly days: number | null; readonly overlapHours: number },
): Promise<string> {
  const body = { expiresInDays: days, ...(overlapHours === 0 ? {} : { overlapHours }) };
  return showSecret(await client.call("POST", `/teams/${team}/robots/${name}/rotate`, body));
}

/** @returns what the robot is now */
export async function switchRobot(
  client: Client,
  team: string,
  name: string,
  verb: "enable" | "disable",
): Promise<string> {
  const answer = await client.call("POST", `/teams/${team}/robots/${name}/${verb}`);
  const { robot } = oneSchema.parse(answer);
  return `${robot.login} is ${robot.disabledAt === null ? "active" : "disabled"}`;
}

/** @returns robots that may do more than who vouches for them, one line for each fault */
export async function checkRobots(client: Client): Promise<string> {
  const { robots } = exceedingSchema.parse(await client.call("GET", "/robots/exceeding"));
  if (robots.length === 0) return "no robot may do more than who vouches for it";
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
  return table(rows, ["login", "team", "vouched by", "fault"]);
}

function stateOf({ disabledAt, expiresAt }: z.infer<typeof robotSchema>): string {
  if (disabledAt !== null) return "disabled";
  return Date.parse(expiresAt) <= Date.now() ? "expired" : "active";
}

function showSecret(answer: unknown): string {
  const { robot, secret } = oneSchema.parse(answer);
  return [
    `login   ${robot.login}`,
    `secret  ${secret ?? ""}`,
    `expires ${robot.expiresAt}`,
    "The secret is not shown again.",
  ].join("\n");
}
