import { z } from "zod";
import { operation } from "../operation.js";
import { platform, repository, tagOrDigest } from "../parameters.js";

const textOrNull = z.string().nullable();
const side = z.object({
  ...{ repository: z.string(), digest: z.string() },
  image: z.string().meta({ description: "Of an index the image that is compared; else itself." }),
});

export const diffImages = operation({
  ...({ by: "gateway", group: "Images", method: "GET", who: "view" } as const),
  id: "images.diff",
  path: "/repositories/{repository}/diff",
  summary: "What differs between two images",
  description:
    "Children of indexes by their platforms, configuration, environment, labels, annotations, and layers from the first that is another. Of configurations that are larger than 1 MiB, or that the registry lacks, nothing is said. It counts as no pull.",
  parameters: z.object({ repository }),
  query: z.strictObject({
    before: tagOrDigest,
    after: tagOrDigest,
    other: repository.optional().meta({ description: "Where the second one is, if elsewhere." }),
    platform,
  }),
  answers: {
    200: {
      description: "The differences; none where both are the same.",
      schema: z
        .object({
          ...{ before: side, after: side },
          differences: z.array(
            z.object({
              what: z.enum(["platform", "config", "env", "label", "annotation", "layer"]),
              name: z.string(),
              before: textOrNull.meta({ description: "`null`: it has none." }),
              after: textOrNull.meta({ description: "`null`: it has none." }),
            }),
          ),
        })
        .meta({ id: "ImageDiff" }),
    },
  },
});
