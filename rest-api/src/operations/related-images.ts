import { z } from "zod";
import { operation } from "../operation.js";
import { paged, pageOf, platform, repository, tagOrDigest } from "../parameters.js";

/** Each has its tags looked up. */
const MOST_IMAGES = 200;

const related = z
  .object({
    ...{ repository: z.string(), digest: z.string() },
    layers: z.number().meta({ description: "How many it has." }),
    tags: z
      .array(z.string())
      .meta({ description: "That mean it, or an index that it is in; ten at most." }),
  })
  .meta({ id: "RelatedImage" });

const common = {
  ...({ by: "gateway", group: "Images", method: "GET", who: "view" } as const),
  parameters: z.object({ repository }),
  query: paged({ of: tagOrDigest, platform }, MOST_IMAGES),
  position: z.object({ layers: z.number().int(), id: z.number().int() }),
  answers: { 200: { description: "A page of them.", schema: pageOf(related) } },
};
const SHORT =
  "In all repositories that one may pull. A page may be short and yet say `next`, where one may know of few. Images of more than 128 layers are not known by them.";

export const listBases = operation({
  ...common,
  id: "images.bases",
  path: "/repositories/{repository}/bases",
  summary: "Images on which one is built",
  description: `Whose layers are its lowest ones, those with the most layers first, the newest of them first. ${SHORT}`,
});

export const listBuiltOn = operation({
  ...common,
  id: "images.built-on",
  path: "/repositories/{repository}/built-on",
  summary: "Images that are built on one",
  description: `Whose lowest layers are its layers, and that have more; the newest first. ${SHORT}`,
});
