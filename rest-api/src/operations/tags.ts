import { z } from "zod";
import { operation } from "../operation.js";
import { NO_PARAMETERS, repository, tag } from "../parameters.js";
import { scmSource, taggedImage } from "./schemas.js";

const parameters = z.object({ repository, tag });
const PATH = "/repositories/{repository}/tags/{tag}";
const common = { by: "gateway", group: "Tags", parameters, query: NO_PARAMETERS } as const;

export const describeTag = operation({
  ...common,
  id: "tags.describe",
  method: "GET",
  path: PATH,
  who: "pull",
  summary: "A tag, and what a push of it would meet",
  description:
    "So that a pipeline can ask before it builds. Of a tag that there is not, `errors[0].detail` of the 404 says all the same " +
    "what a push would meet, and of a deleted one who deleted what and when.",
  answers: { 200: { description: "The tag.", schema: taggedImage } },
});

export const lockTag = operation({
  ...common,
  id: "tags.lock",
  method: "PUT",
  path: `${PATH}/lock`,
  who: "push",
  summary: "Makes a tag immutable for good",
  description: "Whatever the rules for tags say later. To lock it again changes nothing.",
  answers: { 200: { description: "The tag, locked.", schema: taggedImage } },
  refuses: { DELETE: "a lock is for good: what was relied on stays what it was" },
});

export const sourceOfTag = operation({
  ...common,
  id: "tags.scm-source",
  method: "GET",
  path: `${PATH}/scm-source`,
  who: "pull",
  summary: "Where the image comes from that a tag means",
  answers: { 200: { description: "Its SCM source.", schema: scmSource } },
});
