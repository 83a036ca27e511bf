import { z } from "zod";
import { operation } from "../operation.js";
import { digest, platform, repository, tag } from "../parameters.js";

const MOST_LAYERS = 1_000;

const query = z.strictObject({
  platform,
  view: z.enum(["layers", "merged"]).default("layers").meta({
    description:
      "Each layer by itself, the lowest first, or what is seen of all, the topmost first: without what upper ones hide.",
  }),
  layer: z
    .string()
    .regex(/^\d{1,4}$/, `wanted a number from 1 to ${MOST_LAYERS}`)
    .transform(Number)
    .refine((number) => number >= 1 && number <= MOST_LAYERS, "wanted a number from 1")
    .optional()
    .meta({
      ...{ type: "integer", minimum: 1, maximum: MOST_LAYERS },
      description: "One layer alone; the lowest is 1.",
    }),
});

const common = {
  ...({ by: "gateway", group: "Images", method: "GET", who: "view", query } as const),
  description:
    'A line of JSON for each entry, while layers are unpacked (gzip, zstd, plain tar): `layer`, `path`, `kind` (`file`, `folder`, `link`, `symlink`, `device`; of layers also `removed` and `emptied`, what they hide of lower ones), `mode`, `size`, `modified`, `target`. A layer that cannot be read is a line of `kind` `unread` with a `reason`. The last line is `{"end": "complete"}`, or `{"end": "incomplete", "reason": …}` where a bound was met: an answer without one was cut off. The first line names the image. It counts as no pull.',
  answers: {
    200: { description: "The list.", schema: null, streams: ["application/x-ndjson"] },
  },
};

export const contentsOfTag = operation({
  ...common,
  id: "images.contents-of-tag",
  path: "/repositories/{repository}/tags/{tag}/contents",
  summary: "The files in the image that a tag means",
  parameters: z.object({ repository, tag }),
});

export const contentsOfDigest = operation({
  ...common,
  id: "images.contents",
  path: "/repositories/{repository}/digests/{digest}/contents",
  summary: "The files in an image",
  parameters: z.object({ repository, digest }),
});
