import { z } from "zod";
import { operation } from "../operation.js";
import { digest, NO_PARAMETERS, paged, pageOf, repository, tagOrDigest } from "../parameters.js";
import { at, atOrNull } from "./schemas.js";

const MOST_IMAGES = 10_000;
const MOST_BYTES = 4 * 1024 ** 2;
const SECONDS_OF_A_DAY = 86_400;
const MOST_LIFE_SECONDS = 30 * SECONDS_OF_A_DAY;
const textOrNull = z.string().nullable();

const common = { by: "gateway", group: "Pulls" } as const;

/** Of nodes and services: as whoever reports them calls them. */
const place = z.string().max(255).default("");

const report = z
  .strictObject({
    name: z.string().min(1).max(100).meta({
      description:
        "What it is about: a cluster, a job. The report takes the place of the one before of that name.",
      example: "production",
    }),
    lifeSeconds: z.number().int().min(60).max(MOST_LIFE_SECONDS).default(SECONDS_OF_A_DAY).meta({
      description: "How long it counts, unless another one comes.",
    }),
    images: z
      .array(
        z.strictObject({
          reference: z.string().min(1).max(600).meta({
            description:
              "`repository:tag`, `repository@digest` or both, this registry's host in front or not; the digest of a manifest, or the image's id, which is that of its configuration.",
            example: "alpha/app:1.0",
          }),
          node: place.meta({ description: "Where it runs.", example: "node-1" }),
          service: place.meta({ description: "What it runs for.", example: "shop" }),
        }),
      )
      .max(MOST_IMAGES)
      .meta({ description: "All that runs there." }),
  })
  .meta({ id: "InUseReport" });

export const reportInUse = operation({
  ...common,
  id: "in-use.report",
  method: "PUT",
  who: "view",
  path: "/in-use",
  summary: "Says what runs somewhere",
  description:
    "For the logins of `IN_USE_REPORTERS`, of what they may pull. The list takes the place of the one before; what names nothing that the reporter may pull is told back.",
  parameters: NO_PARAMETERS,
  query: NO_PARAMETERS,
  body: report,
  bodyBytes: MOST_BYTES,
  answers: {
    200: {
      description: "What was taken of it.",
      schema: z
        .object({
          name: z.string(),
          ...{ reportedAt: at, endsAt: at },
          taken: z.number().meta({ description: "Manifests that run, each with its place." }),
          unknown: z.array(z.string()).meta({ description: "References of no image." }),
        })
        .meta({ id: "InUseTaken" }),
    },
  },
});

const usage = z
  .object({
    how: z.enum(["pulled", "reported"]),
    ...{ repository: z.string(), digest: z.string(), tag: textOrNull },
    uid: z.string().meta({ description: "Who pulled, or reports." }),
    realm: z.string(),
    report: textOrNull.meta({ description: "Of what it is reported." }),
    ...{ node: textOrNull, service: textOrNull, address: textOrNull, userAgent: textOrNull },
    lastAt: at,
    endsAt: atOrNull.meta({ description: "Until when it counts as running; of pulls none." }),
  })
  .meta({ id: "Usage" });

const listed = {
  ...common,
  method: "GET",
  position: z.object({ at: z.iso.datetime(), key: z.string().max(32) }),
  answers: {
    200: { description: "A page of those who use it, the latest first.", schema: pageOf(usage) },
  },
} as const;
const OF_IMAGES =
  "By what was pulled as long as it is on record (`PULL_RECORD_DAYS`), and by what is reported; the users of an index count as those of each image in it. The digest may be that of a configuration, which programs know as the id of an image.";

export const listInUse = operation({
  ...listed,
  id: "in-use.list",
  who: "push",
  path: "/repositories/{repository}/in-use",
  summary: "Which nodes and services use images of a repository",
  description: OF_IMAGES,
  parameters: z.object({ repository }),
  query: paged({ of: tagOrDigest.optional() }),
});

export const findInUse = operation({
  ...listed,
  id: "in-use.find",
  who: "administrator",
  path: "/in-use",
  summary: "Which nodes and services use an image, in all repositories",
  description: OF_IMAGES,
  parameters: NO_PARAMETERS,
  query: paged({ digest }),
});

export const waiveInUse = operation({
  ...common,
  id: "in-use.waive",
  method: "POST",
  who: "administrator",
  path: "/in-use/waivers",
  summary: "Lets an image be deleted although it is in use",
  description:
    "For a quarter of an hour, on record; whoever deletes it needs the right to, all the same.",
  parameters: NO_PARAMETERS,
  query: NO_PARAMETERS,
  body: z
    .strictObject({
      repository,
      digest,
      reason: z.string().trim().min(1).max(500).meta({ example: "pulled by a scanner alone" }),
    })
    .meta({ id: "InUseWaiver" }),
  answers: {
    200: {
      description: "Until when.",
      schema: z.object({ repository: z.string(), digest: z.string(), endsAt: at }),
    },
  },
});
