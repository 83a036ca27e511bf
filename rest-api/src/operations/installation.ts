import { z } from "zod";
import { operation } from "../operation.js";
import { NO_PARAMETERS } from "../parameters.js";
import { at } from "./schemas.js";

const textOrNull = z.string().nullable();

const collection = z.object({
  at,
  step: z.enum(["begun", "ended"]),
  by: z.string(),
  of: z.string().meta({ description: "`blobs`, or `untagged manifests`." }),
  detail: z
    .record(z.string(), z.unknown())
    .meta({ description: "What was planned, or came of it." }),
});

const installation = z
  .object({
    gateway: z
      .object({ version: z.string(), node: z.string() })
      .meta({ description: "The one that answers." }),
    database: z.object({ version: z.string(), bytes: z.number() }),
    registry: z.object({
      line: textOrNull.meta({
        description: "`2.8`, `3.0` or `3.1`, which may be later; `null`: it does not answer.",
      }),
    }),
    ready: z.boolean(),
    checks: z.array(
      z.object({
        name: z.string(),
        works: z.boolean(),
        reason: textOrNull.meta({ description: "Why not." }),
      }),
    ),
    warnings: z
      .array(z.string())
      .meta({ description: "What somebody should look at although it works." }),
    garbage: z.object({
      unproven: z.boolean().meta({
        description: "Whether it is yet to be proven that the registry has forgotten what went.",
      }),
      deletedSince: z.number().meta({
        description:
          "Manifests deleted since a collection of blobs last ended, 1,000 at most: what is theirs alone goes with the next.",
      }),
      steps: z.array(collection).meta({ description: "Of collections, the latest first." }),
    }),
  })
  .meta({ id: "Installation" });

export const readInstallation = operation({
  ...({ by: "gateway", method: "GET", who: "administrator", group: "Operations" } as const),
  ...{ parameters: NO_PARAMETERS, query: NO_PARAMETERS },
  id: "installation.read",
  path: "/installation",
  summary: "Versions, what works, and how garbage was collected",
  description:
    "As the gateway that answers sees it; `GET /mode` says which others there are. What a collection would remove the registry alone can tell: `npm run collect-garbage -- --dry-run`.",
  answers: { 200: { description: "The installation.", schema: installation } },
});
