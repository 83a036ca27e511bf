import { z } from "zod";
import { isDigest, type Digest } from "#registry-protocol/digest.js";
import { Fault } from "#registry-protocol/faults.js";
import { isTeamName, parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";

/** Most items of a page, unless a list says otherwise. */
const MOST_ON_PAGE = 1_000;
const USUAL_ON_PAGE = 100;
const MOST_CURSOR_CHARACTERS = 2_048;
/** RFC 3339, section 5.6. */
const TIMESTAMP = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/;

/** A repository, in a path or a query: `NAME_INVALID` where it is none. */
export const repository = z.string().transform(parseRepositoryName).meta({
  description: "The repository's full name, with or without its slashes written `%2F`.",
  example: "alpha/app",
});

/** A tag: `TAG_NAME_INVALID` where it is none. */
export const tag = z.string().transform(parseTag).meta({
  description: "The tag's name.",
  example: "1.0",
});

/** A digest: `DIGEST_INVALID` where it is none. */
export const digest = z
  .string()
  .transform((text): Digest => {
    if (isDigest(text)) return text;
    throw new Fault("DIGEST_INVALID");
  })
  .meta({
    description: "A digest, with its algorithm.",
    example: `sha256:${"4fd0417fc8679fb4".repeat(4)}`,
  });

/** An image: by what somebody says of it. */
export type ImageName =
  { readonly tag: z.output<typeof tag> } | { readonly digest: z.output<typeof digest> };

/** A tag or a digest, in a query: `TAG_NAME_INVALID` or `DIGEST_INVALID` where it is neither. */
export const tagOrDigest = z
  .string()
  .transform((text): ImageName =>
    text.includes(":") ? { digest: digest.parse(text) } : { tag: parseTag(text) },
  )
  .meta({ description: "A tag, or a digest.", example: "1.0" });

const PLATFORM = /^[a-z0-9]+\/[a-z0-9_]+$/;
/** Which image of an index is meant. */
export const platform = z
  .string()
  .regex(PLATFORM, "wanted a platform as in linux/arm64")
  .optional()
  .meta({
    description: "Which image of an index; else that for `linux/amd64`, or the only one.",
  });

/** A team, which is the first part of its repositories' names. */
export const team = z.string().max(100).refine(isTeamName, "not the name of a team").meta({
  description: "The team's name, with which those of its repositories begin.",
  example: "alpha",
});

const address = z.union([z.ipv4(), z.ipv6()]);

/** An IP address, of either kind. */
export const ipAddress = z
  .string()
  .refine((text) => address.safeParse(text).success, "Invalid IP address");

/** A point in time. */
export const time = z
  .string()
  .refine(
    (text) => TIMESTAMP.test(text) && !Number.isNaN(Date.parse(text)),
    "wanted a time as in 2026-11-20T12:00:00Z",
  )
  .transform((text) => new Date(text))
  .meta({ format: "date-time", example: "2026-11-20T12:00:00Z" });

/**
 * @param most - the largest page
 * @param usual - how large one is when nothing is said
 * @returns the parameter that says how many items are wanted
 */
export function limit(most = MOST_ON_PAGE, usual = Math.min(USUAL_ON_PAGE, most)) {
  return z
    .string()
    .regex(/^\d{1,4}$/, `wanted a number from 1 to ${most}`)
    .transform(Number)
    .refine((number) => number >= 1 && number <= most, `wanted a number from 1 to ${most}`)
    .default(usual)
    .meta({
      ...{ type: "integer", minimum: 1, maximum: most, default: usual },
      description: "How many items are wanted at most.",
    });
}

/** Where a page begins. */
export const cursor = z
  .string()
  .max(MOST_CURSOR_CHARACTERS)
  .optional()
  .meta({ description: "What an answer said under `next`: what follows it is answered." });

/** No parameters; those that come all the same are passed over. */
export const NO_PARAMETERS = z.object({});

/**
 * @param filters - parameters of a list
 * @param most - the largest page
 * @returns them, and those of its pages; others are refused, since a mistyped one would leave out what it was to narrow down
 */
export function paged<S extends z.core.$ZodLooseShape>(filters: S, most = MOST_ON_PAGE) {
  return z.strictObject({ ...filters, limit: limit(most), cursor });
}

/**
 * @param item - one of a list
 * @returns a page of it
 */
export function pageOf(item: z.ZodType) {
  return z.object({
    items: z.array(item),
    next: z
      .string()
      .nullable()
      .meta({ description: "To be asked for next, as `cursor`; `null`: these were the last." }),
  });
}
