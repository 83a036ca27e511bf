import { z } from "zod";
import { operation } from "../operation.js";
import { digest, NO_PARAMETERS, paged, pageOf, repository, tag, time } from "../parameters.js";

const MOST_ENTRIES = 500;
const name = z.string().min(1).max(255);
const filters = {
  since: time.optional().meta({ description: "Entries of then or later." }),
  until: time.optional().meta({ description: "Entries of before then." }),
  repository: repository.optional(),
  action: z
    .string()
    .regex(/^[a-z]+\.[a-z-]+$/, "wanted an action as in tag.pushed")
    .optional()
    .meta({ description: "What was done.", example: "tag.pushed" }),
  actor: name.optional().meta({ description: "Name of who did it.", example: "alice" }),
  tag: tag.optional(),
  digest: digest.optional(),
};

const entry = z
  .object({
    chain: z.number(),
    position: z.number(),
    hash: z.string(),
    entry: z.record(z.string(), z.unknown()).meta({ description: "What the chain's hash is of." }),
  })
  .meta({ id: "AuditEntry" });

const common = {
  ...({ by: "gateway", method: "GET", who: "administrator", group: "Operations" } as const),
  parameters: NO_PARAMETERS,
};

export const listAudit = operation({
  ...common,
  id: "audit.list",
  path: "/audit",
  summary: "What was done, and by whom: the newest first",
  description:
    "What is in `entry` is what `npm run verify` recomputes. Names of tags and digests, which stand in it alone, are looked for in all entries of the time, repository and actor that are asked for.",
  query: paged(filters, MOST_ENTRIES),
  position: z.object({
    at: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
    chain: z.number().int(),
    position: z.number().int(),
  }),
  answers: { 200: { description: "A page of entries.", schema: pageOf(entry) } },
});

export const exportAudit = operation({
  ...common,
  id: "audit.export",
  path: "/audit/export",
  summary: "All of that in one file, the oldest first",
  description:
    "With `format=csv` for a spreadsheet: what one would take for a formula begins with an apostrophe. An export that fails on its way is cut off, and has no end.",
  query: z.strictObject({
    ...filters,
    format: z
      .enum(["ndjson", "csv"])
      .default("ndjson")
      .meta({ description: "A JSON object in each line, or a table." }),
  }),
  answers: {
    200: {
      description: "The entries.",
      schema: null,
      streams: ["application/x-ndjson", "text/csv"],
    },
  },
});
