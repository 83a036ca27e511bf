import { z } from "zod";
import { operation } from "../operation.js";
import { digest, NO_PARAMETERS, paged, pageOf, repository, tag, team } from "../parameters.js";
import { at, atOrNull } from "./schemas.js";

const common = { by: "gateway", group: "Tags", method: "GET", who: "view" } as const;
const textOrNull = z.string().nullable();

const listedTag = z
  .object({
    name: z.string(),
    digest: z.string(),
    mediaType: textOrNull,
    artifactType: textOrNull,
    platforms: z.array(z.string()).nullable().meta({ description: "Of an index." }),
    size: z.number().nullable().meta({
      description: "Bytes of configuration and layers; `null` of an index.",
    }),
    pushedBy: z.string(),
    pushedAt: at,
    origin: z.enum(["pushed", "adopted"]),
    lockedBy: textOrNull,
    lockedAt: atOrNull,
    pulls: z.number(),
    pulledAt: atOrNull,
    source: z
      .object({ url: z.string(), revision: z.string(), author: z.string(), status: z.string() })
      .nullable(),
    hasReferrers: z.boolean().meta({
      description:
        "Whether the manifest has referrers: known ones, or a list of them under its fallback tag.",
    }),
    hasSignature: z.boolean().meta({
      description: "Whether a signature refers to it, or there is a tag `….sig` of it.",
    }),
    mutability: z.enum(["immutable", "mutable", "forbidden"]),
    rule: z.string().meta({ description: "The rule for tags that says so; `locked`: the lock." }),
  })
  .meta({ id: "ListedTag" });

const happened = z
  .object({
    at: z.string().meta({ description: "To the microsecond.", format: "date-time" }),
    action: z.string(),
    by: z.object({ uid: z.string(), realm: z.string(), kind: z.string() }),
    repository: textOrNull,
    tag: textOrNull,
    digest: textOrNull,
    reason: z.string(),
    detail: z.record(z.string(), z.unknown()),
  })
  .meta({ id: "Happened" });

const isInstant = (text: string): boolean => !Number.isNaN(Date.parse(text));
const entryPosition = z.object({
  at: z
    .string()
    .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
    .refine(isInstant),
  chain: z.number().int().min(0).max(15),
  position: z.number().int().min(0),
});

export const listTags = operation({
  ...common,
  id: "tags.list",
  path: "/repositories/{repository}/tags",
  summary: "Tags of a repository",
  description:
    "The newest push first, or the highest version (`1.10.0` before `1.9.0`, and both before `1.9.0-rc.1`; what is no version " +
    "is last), what was pulled last, or by name. Virtual `latest` is none of them.",
  parameters: z.object({ repository }),
  query: paged({ sort: z.enum(["pushed", "version", "pulled", "name"]).default("pushed") }),
  position: z.object({ key: z.string().nullable(), name: z.string() }),
  answers: { 200: { description: "A page of them.", schema: pageOf(listedTag) } },
});

export const tagHistory = operation({
  ...common,
  id: "tags.history",
  path: "/repositories/{repository}/tags/{tag}/history",
  summary: "What happened to a tag",
  description:
    "The newest first, as the audit log has it: pushes, refusals, locks, deletions, repairs.",
  parameters: z.object({ repository, tag }),
  query: paged({}),
  position: entryPosition,
  answers: { 200: { description: "A page of it.", schema: pageOf(happened) } },
});

export const listRefusals = operation({
  ...common,
  id: "refusals.list",
  path: "/refusals",
  summary: "Pushes that were refused",
  description:
    "The newest first, in repositories that one may pull. A page may be short and yet say `next`, where one may know of few.",
  parameters: NO_PARAMETERS,
  query: paged({
    repository: repository.optional(),
    tag: tag.optional(),
    by: z.string().max(255).optional().meta({ description: "To whom, by user name." }),
  }),
  position: entryPosition,
  answers: { 200: { description: "A page of them.", schema: pageOf(happened) } },
});

export const tagsOfDigest = operation({
  ...common,
  id: "digests.tags",
  path: "/digests/{digest}/tags",
  summary: "All tags that mean a digest",
  description: "In all repositories that one may pull, by repository and name.",
  parameters: z.object({ digest }),
  query: paged({}),
  position: z.object({ repository, name: z.string().max(128) }),
  answers: {
    200: {
      description: "A page of them.",
      schema: pageOf(
        z.object({ repository: z.string(), name: z.string(), pushedBy: z.string(), pushedAt: at }),
      ),
    },
  },
});

const MOST_FOUND = 100;
/** As in `alpha/app:1.`: what stands before the colon is a part of the repository's name. */
const SOUGHT = /^(?:([^:]{0,255}):)?([\w.-]{0,128})$/;

export const searchTags = operation({
  ...common,
  id: "tags.search",
  path: "/tags",
  summary: "Finds tags by the beginning of their names",
  description:
    "In all repositories that one may pull, by name and then by repository. A page may be short and yet say `next`, where one may know of few.",
  parameters: NO_PARAMETERS,
  query: paged(
    {
      q: z
        .string()
        .regex(SOUGHT, "wanted the beginning of a tag, as in 1.10, or app:1.10")
        .transform((text) => {
          const [, repositoryPart = "", beginning = ""] = SOUGHT.exec(text) ?? [];
          return { repository: repositoryPart, tag: beginning };
        })
        .meta({
          description:
            "What their names begin with; behind a part of the repository's name and a colon where it is to have that.",
          example: "app:1.",
        }),
      team: team.optional(),
    },
    MOST_FOUND,
  ),
  position: z.object({ repository, name: z.string().max(128) }),
  answers: {
    200: {
      description: "A page of what was found.",
      schema: pageOf(
        z
          .object({
            ...{ repository: z.string(), name: z.string(), digest: z.string() },
            ...{ pushedBy: z.string(), pushedAt: at },
          })
          .meta({ id: "FoundTag" }),
      ),
    },
  },
});
