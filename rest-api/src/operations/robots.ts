import { z } from "zod";
import { GlobError, MOST_STARS, repositoryGlob, starsIn } from "#access-policy/glob.js";
import { operation } from "../operation.js";
import { NO_PARAMETERS, team } from "../parameters.js";
import { at, atOrNull, overlapHours } from "./schemas.js";

/** Whatever `ROBOT_MAX_DAYS` says. */
const MOST_DAYS = 3650;
/** A week: whoever has a robot in more places than are changed by then rotates once more. */

const name = z
  .string()
  .max(40)
  .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, "wanted lower case letters, digits and dashes")
  .meta({ description: "The robot's name within its team.", example: "deploy" });
const expiresInDays = z
  .number()
  .int()
  .min(1)
  .max(MOST_DAYS)
  .nullable()
  .default(null)
  .meta({ description: "`null`: as long as robots live, or as it did." });
const actions = z.array(z.enum(["pull", "push", "delete"])).min(1);

const newRobot = z
  .strictObject({
    name,
    description: z.string().max(500).default(""),
    grants: z
      .array(
        z.strictObject({
          repositories: z
            .string()
            .max(255)
            .refine(isPlainGlob, {
              error: `wanted a repository, with at most ${MOST_STARS} wildcards * or **`,
            })
            .meta({ example: "alpha/**" }),
          actions: actions.transform((some): typeof some =>
            // Clients look for what is there before they push.
            some.includes("push") && !some.includes("pull") ? ["pull", ...some] : some,
          ),
        }),
      )
      .min(1)
      .max(50),
    expiresInDays,
  })
  .meta({ id: "NewRobot" });

const renewal = z
  .strictObject({
    expiresInDays,
    overlapHours,
  })
  .meta({ id: "RobotRenewal" });

const robot = z
  .object({
    login: z.string().meta({ description: "Its user name." }),
    service: z.string().nullable().meta({
      description: "The registry that it logs in at; `null`: the token server's own.",
    }),
    team: z.string(),
    name: z.string(),
    description: z.string(),
    grants: z.array(z.object({ repositories: z.string(), actions })),
    createdBy: z.string(),
    createdAt: at,
    rotatedAt: at,
    expiresAt: at,
    disabledAt: atOrNull,
    lastUsedAt: atOrNull,
    previousEndsAt: atOrNull,
  })
  .meta({ id: "Robot" });
const withSecret = z
  .object({ robot, secret: z.string().meta({ description: "Its password, shown this once." }) })
  .meta({ id: "RobotWithSecret" });
const switched = { 200: { description: "The robot.", schema: z.object({ robot }) } };
const exceeding = z
  .object({
    ...{ login: z.string(), team: z.string(), createdBy: z.string(), expiresAt: at },
    vouchedBy: z.string().nullable(),
    excesses: z.array(
      z.object({ repositories: z.string(), action: z.string(), reason: z.string() }),
    ),
    endsTooLate: z.boolean(),
  })
  .meta({ id: "ExceedingRobot" });

const common = { by: "token-server", group: "Robots", who: "login", query: NO_PARAMETERS } as const;
const ofTeam = { ...common, parameters: z.object({ team }), path: "/teams/{team}/robots" } as const;
const one = { ...common, method: "POST", parameters: z.object({ team, name }) } as const;

export const listRobots = operation({
  ...ofTeam,
  id: "robots.list",
  method: "GET",
  summary: "The robots of a team",
  answers: { 200: { description: "All of them.", schema: z.object({ robots: z.array(robot) }) } },
});

export const createRobot = operation({
  ...ofTeam,
  id: "robots.create",
  method: "POST",
  summary: "Makes a robot",
  description: "Its grants lie below the team's own namespace, and go no further than one's own.",
  body: newRobot,
  answers: { 201: { description: "The robot, with its secret.", schema: withSecret } },
});

export const rotateRobot = operation({
  ...one,
  id: "robots.rotate",
  path: "/teams/{team}/robots/{name}/rotate",
  summary: "Gives a robot another secret",
  body: renewal,
  answers: { 200: { description: "The robot, with its new secret.", schema: withSecret } },
});

export const disableRobot = operation({
  ...one,
  id: "robots.disable",
  path: "/teams/{team}/robots/{name}/disable",
  summary: "Switches a robot off",
  answers: switched,
});

export const enableRobot = operation({
  ...one,
  id: "robots.enable",
  path: "/teams/{team}/robots/{name}/enable",
  summary: "Switches a robot on",
  answers: switched,
});

export const listExceedingRobots = operation({
  ...common,
  id: "robots.exceeding",
  method: "GET",
  path: "/robots/exceeding",
  who: "administrator",
  parameters: NO_PARAMETERS,
  summary: "Robots that could not be made today",
  description:
    "Those of all teams that go beyond what whoever vouches for them may do, or live too long; 1,000 at most.",
  answers: { 200: { description: "They.", schema: z.object({ robots: z.array(exceeding) }) } },
});

/** A template would have to be filled with whoever logs in; a robot is nobody but itself. */
function isPlainGlob(text: string): boolean {
  try {
    return starsIn(text) <= MOST_STARS && repositoryGlob(text).variables.length === 0;
  } catch (error) {
    if (error instanceof GlobError) return false;
    throw error;
  }
}
