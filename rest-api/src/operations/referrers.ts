import { z } from "zod";
import { REFERRER_KINDS } from "#registry-protocol/manifest/referrer-kind.js";
import { operation } from "../operation.js";
import { paged, pageOf, repository, tagOrDigest } from "../parameters.js";

const textOrNull = z.string().nullable();

const referrer = {
  digest: z.string(),
  kind: z.enum(REFERRER_KINDS).meta({ description: "As far as its type says." }),
  ...{ mediaType: textOrNull, artifactType: textOrNull, size: z.number().nullable() },
  annotations: z.record(z.string(), z.string()),
  tag: textOrNull.meta({
    description: "Under which cosign 2 keeps it; `null`: it names its subject itself.",
  }),
};

interface Node {
  readonly digest: string;
  readonly referrers: readonly Node[];
}

const node: z.ZodType<Node> = z
  .object({
    ...referrer,
    get referrers() {
      return z.array(node);
    },
  })
  .meta({ id: "Referrer" });

const common = {
  ...({ by: "gateway", group: "Images", method: "GET", who: "view" } as const),
  parameters: z.object({ repository }),
};

export const treeOfReferrers = operation({
  ...common,
  id: "referrers.tree",
  path: "/repositories/{repository}/referrer-tree",
  summary: "What refers to an image: signatures, SBOMs, attestations",
  description:
    "As a tree: what refers to the image, what refers to that, and so on; also what cosign 2 keeps under tags. Of 500 at most, eight deep.",
  query: z.strictObject({ of: tagOrDigest }),
  answers: {
    200: {
      description: "The tree.",
      schema: z
        .object({
          ...{ repository: z.string(), digest: z.string() },
          referrers: z.array(node),
          isWhole: z.boolean().meta({ description: "Whether that is all." }),
        })
        .meta({ id: "ReferrerTree" }),
    },
  },
});

export const listReferring = operation({
  ...common,
  id: "referrers.list",
  path: "/repositories/{repository}/referrers",
  summary: "What refers to what in a repository",
  description:
    "By the digest of the subject. What older clients list under a fallback tag is in it once somebody has asked for the referrers of that subject.",
  query: paged({}, 200),
  position: z.object({
    ...{ subject: z.string().max(200), tag: z.string().max(128), digest: z.string().max(200) },
  }),
  answers: {
    200: {
      description: "A page of it.",
      schema: pageOf(
        z
          .object({
            subject: z.string(),
            subjectTags: z.array(z.string()).meta({ description: "That mean it; ten at most." }),
            ...referrer,
          })
          .meta({ id: "Referring" }),
      ),
    },
  },
});
