import { z } from "zod";

/** A point in time, as answers have it. */
export const at = z.iso.datetime().meta({ example: "2026-11-20T12:00:00.000Z" });
/** The same, where there may be none. */
export const atOrNull = z.iso.datetime().nullable();
const textOrNull = z.string().nullable();

/** A tag, and what a push of it would meet. */
export const taggedImage = z
  .object({
    repository: z.string(),
    tag: z.string(),
    mutability: z.enum(["immutable", "mutable", "forbidden"]),
    rule: z.string().meta({ description: "The rule for tags that says so; `locked`: the lock." }),
    appendOnly: z.boolean().meta({ description: "Whether a push may add to it, and no more." }),
    deletable: z.boolean(),
    scmSourceRequired: z.boolean(),
    locked: z.boolean(),
    digest: textOrNull,
    pushedBy: textOrNull,
    pushedAt: atOrNull,
    origin: textOrNull.meta({ description: "How it came into the ledger." }),
    lockedBy: textOrNull,
    lockedAt: atOrNull,
    deletedBy: textOrNull,
    deletedAt: atOrNull,
    newest: z.string().optional().meta({ description: "What virtual `latest` means." }),
  })
  .meta({ id: "Tag" });

/** Where an image comes from. */
export const scmSource = z
  .object({
    url: z.string(),
    revision: z.string(),
    author: z.string(),
    status: z.string(),
    created: atOrNull,
    origin: z.string().meta({ description: "How that is known." }),
    digest: z.string(),
  })
  .meta({ id: "ScmSource" });

/** How often something was pulled. */
export const pullTotal = z
  .object({
    repository: z.string(),
    tag: z.string().optional(),
    digest: z.string().optional(),
    pulls: z.number(),
    lastPulledAt: atOrNull,
  })
  .meta({ id: "PullTotal" });

/** Who pulled, and how often. */
export const puller = z
  .object({
    tag: textOrNull,
    digest: z.string(),
    uid: z.string(),
    realm: z.string(),
    kind: z.string(),
    address: z.string(),
    userAgent: z.string(),
    userAgents: z.array(z.string()).meta({ description: "The last few, the latest first." }),
    count: z.number(),
    firstAt: at,
    lastAt: at,
  })
  .meta({ id: "Puller" });

const MOST_OVERLAP_HOURS = 168;

/** Of a rotation, of whatever has a secret. */
export const overlapHours = z
  .number()
  .int()
  .min(0)
  .max(MOST_OVERLAP_HOURS)
  .default(0)
  .meta({ description: "How long the secret of before is good, too." });
