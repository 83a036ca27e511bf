import { z } from "zod";
import { operation } from "../operation.js";
import { NO_PARAMETERS } from "../parameters.js";
import { at, atOrNull, overlapHours } from "./schemas.js";

/** More at once than somebody reads through is a file's business. */
const MOST_CHANGES = 100;
const MOST_TEAMS = 100;
/** A week, as of robots. */

const text = z.string().min(1).max(255);
const teams = z.array(text).max(MOST_TEAMS);
const notId = text.refine((name) => !/^[0-9]+$/.test(name), "reads as an id");
const login = z
  .string()
  .max(400)
  .regex(/^\/[^/]+\/./, "wanted /realm/uid")
  .meta({ description: "Of a login.", example: "/employees/alice" });
const privilege = z.enum(["Manager", "Pusher", "Puller"]);
const holder = text.meta({ description: "A team, or `/realm/uid` of a login.", example: "alpha" });
const serviceName = z
  .string()
  .max(200)
  .regex(
    /^[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*$/,
    "wanted lower case letters, digits, and . _ - / between them",
  )
  .meta({ description: "Name of a service.", example: "shop.example.org" });
const code = notId.meta({ description: "Code of an application.", example: "shop" });

const change = z.discriminatedUnion("change", [
  z.strictObject({
    ...{ change: z.literal("user.set"), login },
    primaryTeam: text.nullable().default(null),
  }),
  z.strictObject({ change: z.literal("user.removed"), login }),
  z.strictObject({ change: z.literal("team.set"), name: notId }),
  z.strictObject({
    ...{ change: z.literal("app.set"), code },
    ...{ responsibles: teams, publications: teams },
  }),
  z.strictObject({ change: z.literal("app.removed"), code }),
  z.strictObject({ change: z.literal("privilege.given"), privilege, holder }),
  z.strictObject({ change: z.literal("privilege.taken"), privilege, holder }),
]);

/** One change of the directory. */
export type DirectoryChange = z.output<typeof change>;

const id = z.number().int();
const listing = z
  .object({
    users: z.array(
      z.object({ id, realm: z.string(), uid: z.string(), primaryTeam: z.string().nullable() }),
    ),
    teams: z.array(z.object({ id, name: z.string() })),
    apps: z.array(
      z.object({
        ...{ id, code: z.string(), responsibles: teams, publications: teams },
        isOwn: z.boolean().meta({ description: "Whether one is responsible for it." }),
      }),
    ),
    services: z.array(
      z.object({ name: z.string(), app: z.string(), workload: z.string().nullable() }),
    ),
    privileges: z.array(z.object({ privilege, holder: z.string() })),
    isFromFile: z.boolean().meta({
      description: "Whether a file says all that (`DIRECTORY_FILE`): then it is changed there.",
    }),
  })
  .meta({ id: "Directory" });

const service = z
  .object({
    login: z.string().meta({ description: "Its user name." }),
    ...{ name: z.string(), app: z.string(), workload: z.string().nullable() },
    ...{ createdBy: z.string(), createdAt: at, rotatedAt: at },
    ...{ lastUsedAt: atOrNull, previousEndsAt: atOrNull },
  })
  .meta({ id: "Service" });
const withSecret = z
  .object({ service, secret: z.string().meta({ description: "Its password, shown this once." }) })
  .meta({ id: "ServiceWithSecret" });

const common = {
  ...({ by: "token-server", group: "Directory" } as const),
  ...{ parameters: NO_PARAMETERS, query: NO_PARAMETERS },
};

export const readDirectory = operation({
  ...common,
  id: "directory.read",
  method: "GET",
  path: "/directory",
  who: "login",
  summary: "Users, teams, applications, services and privileges",
  description:
    "Administrators see all; everybody else themselves, their teams, applications that these are responsible for or that are published to them, services of those, and privileges that they have.",
  answers: { 200: { description: "What there is.", schema: listing } },
});

export const changeDirectory = operation({
  ...common,
  id: "directory.change",
  method: "POST",
  path: "/directory/changes",
  who: "administrator",
  summary: "Changes the directory",
  description:
    "All of the changes or none, in their order. Not where the directory comes from a file (`DIRECTORY_FILE`).",
  body: z
    .strictObject({ changes: z.array(change).min(1).max(MOST_CHANGES) })
    .meta({ id: "DirectoryChanges" }),
  answers: {
    200: { description: "How many there were.", schema: z.object({ changes: z.number() }) },
  },
});

export const createService = operation({
  ...common,
  id: "services.create",
  method: "POST",
  path: "/directory/services",
  who: "login",
  summary: "Makes the login of a service",
  description: "For members of a team that is responsible for its application. It only pulls.",
  body: z
    .strictObject({
      ...{ name: serviceName, app: code },
      workload: login.nullable().default(null).meta({
        description: "A login by OIDC, `/realm/uid`, that counts as this service, too.",
      }),
    })
    .meta({ id: "NewService" }),
  answers: { 201: { description: "The service, with its secret.", schema: withSecret } },
});

export const rotateService = operation({
  ...common,
  id: "services.rotate",
  method: "POST",
  path: "/directory/services/rotate",
  who: "login",
  summary: "Gives a service another secret",
  body: z
    .strictObject({
      name: serviceName,
      overlapHours,
    })
    .meta({ id: "ServiceRotation" }),
  answers: { 200: { description: "The service, with its new secret.", schema: withSecret } },
});

export const deleteService = operation({
  ...common,
  id: "services.delete",
  method: "POST",
  path: "/directory/services/delete",
  who: "login",
  summary: "Ends a service",
  body: z.strictObject({ name: serviceName }).meta({ id: "ServiceEnd" }),
  answers: { 200: { description: "The service that was.", schema: z.object({ service }) } },
});
