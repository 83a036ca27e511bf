import { z } from "zod";
import { operation } from "../operation.js";
import { limit, NO_PARAMETERS } from "../parameters.js";
import { at, atOrNull } from "./schemas.js";

const MOST_TEAMS = 100;
/** Of each registry: who wants more asks that one. */
const MOST_FOUND = 100;
const USUALLY_FOUND = 25;
/** Names below `/registries` that are no registry's. */
const RESERVED = ["search"];

const service = z
  .string()
  .max(255)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "wanted letters, digits, dots, dashes and underscores")
  .refine((name) => !RESERVED.includes(name), "means something else here")
  .meta({
    description: "What the registry is called: `TOKEN_SERVICE` of its gateways.",
    example: "lab.example.org",
  });
const url = z
  .string()
  .max(500)
  .refine(isPlainUrl, "wanted http:// or https://, without a user name, a query or a fragment")
  .transform((text) => text.replace(/\/+$/, ""))
  .meta({
    description: "Where the token server asks its gateway.",
    example: "https://lab.example.org",
  });
const insecure = z.boolean().meta({
  description: "`true`: its certificate is not checked, so anybody in between can answer for it.",
});
const restricted = z.boolean().meta({
  description: "`true`: only teams that are responsible for it push and delete.",
});
const description = z.string().max(1_000);
const teamName = z.string().min(1).max(200);
const publications = z.array(teamName).max(MOST_TEAMS).meta({
  description: "Teams that see it, and may search and pull there; `*`: everybody.",
});
const responsibles = z
  .array(teamName.refine((name) => name !== "*", "wanted teams"))
  .min(1)
  .max(MOST_TEAMS)
  .meta({ description: "Teams that change it." });

const registry = z
  .object({
    ...{ service: z.string(), url: z.string().nullable(), insecure, restricted },
    warning: z
      .string()
      .nullable()
      .meta({ description: "What is unsafe about it; `null`: nothing." }),
    ...{ publications, responsibles: z.array(z.string()), description: z.string() },
    isOwn: z.boolean().meta({
      description:
        "Whether it is the one of the token server's configuration, which registered itself.",
    }),
    mayChange: z.boolean().meta({ description: "Whether one may change it, or take it away." }),
    ...{ createdBy: z.string(), createdAt: at },
    ...{ changedBy: z.string().nullable(), changedAt: atOrNull },
  })
  .meta({ id: "Registry" });

const newRegistry = z
  .strictObject({
    ...{ service, url: url.nullable().default(null), insecure: insecure.default(false) },
    ...{ restricted: restricted.default(false), description: description.default("") },
  })
  .meta({ id: "NewRegistry" });

const change = z
  .strictObject({
    ...{ url: url.nullable().optional(), insecure: insecure.optional() },
    ...{ restricted: restricted.optional(), description: description.optional() },
    ...{ publications: publications.optional(), responsibles: responsibles.optional() },
  })
  .meta({ id: "RegistryChange" });

const common = {
  by: "token-server",
  group: "Registries",
  who: "login",
  query: NO_PARAMETERS,
} as const;
const all = { ...common, path: "/registries", parameters: NO_PARAMETERS } as const;
/** The path of one that stands already, whatever it is called. */
const named = z.string().min(1).max(255).meta({ description: "What the registry is called." });
const one = {
  ...common,
  path: "/registries/{service}",
  parameters: z.object({ service: named }),
} as const;
const answersOne = { 200: { description: "The registry.", schema: registry } };

export const searchRegistries = operation({
  ...common,
  id: "registries.search",
  method: "GET",
  path: "/registries/search",
  summary: "Finds repositories in all registries that one sees",
  description:
    "Each registry is asked with the caller's own right, and answers for itself; one that does not in time is named under " +
    "`unanswered`, and what is there is not known then.",
  parameters: NO_PARAMETERS,
  query: z.strictObject({
    q: z.string().max(255).default("").meta({ description: "What is looked for." }),
    limit: limit(MOST_FOUND, USUALLY_FOUND),
  }),
  answers: {
    200: {
      description: "What was found.",
      schema: z
        .object({
          items: z.array(
            z.object({
              ...{ registry: z.string(), name: z.string(), description: z.string() },
              ...{ pulls: z.number(), official: z.boolean(), automated: z.boolean() },
            }),
          ),
          more: z.array(z.string()).meta({ description: "Registries that have more of it." }),
          unanswered: z.array(z.object({ registry: z.string(), reason: z.string() })),
        })
        .meta({ id: "RegistriesSearch" }),
    },
  },
});

export const listRegistries = operation({
  ...all,
  id: "registries.list",
  method: "GET",
  summary: "The registries that one sees",
  description:
    "Those that are published to one's teams, or that these are responsible for, by name.",
  answers: {
    200: {
      description: "All of them.",
      schema: z.object({
        items: z.array(registry),
        mayMake: z.boolean().meta({ description: "Whether one may make another." }),
      }),
    },
  },
});

export const createRegistry = operation({
  ...all,
  id: "registries.create",
  method: "POST",
  summary: "Makes a registry",
  description:
    "For whoever has the privilege Manager. It is published to their primary team alone, which is responsible for it.",
  body: newRegistry,
  answers: { 201: { description: "The registry.", schema: registry } },
});

export const readRegistry = operation({
  ...one,
  id: "registries.read",
  method: "GET",
  summary: "A registry",
  answers: answersOne,
});

export const changeRegistry = operation({
  ...one,
  id: "registries.change",
  method: "PATCH",
  summary: "Changes a registry",
  description:
    "For members of teams that are responsible for it. What is not named stays as it is.",
  body: change,
  answers: answersOne,
});

export const deleteRegistry = operation({
  ...one,
  id: "registries.delete",
  method: "DELETE",
  summary: "Takes a registry away",
  description:
    "For members of teams that are responsible for it. No tokens are issued for it from then on, its robots are switched off and " +
    "its stored logins are over; what it stores stays.",
  answers: { 204: { description: "It is gone.", schema: null } },
});

function isPlainUrl(text: string): boolean {
  const parsed = URL.parse(text);
  if (parsed === null || /[?#\s]/.test(text)) return false;
  const { protocol, username, password } = parsed;
  return (protocol === "http:" || protocol === "https:") && username === "" && password === "";
}
