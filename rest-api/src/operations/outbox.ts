import { z } from "zod";
import { operation } from "../operation.js";
import { limit, NO_PARAMETERS, repository } from "../parameters.js";
import { at } from "./schemas.js";

const sink = z.string().min(1).max(255).optional().meta({ description: "Name of a sink." });
const textOrNull = z.string().nullable();
const common = {
  ...({ by: "gateway", method: "GET", who: "administrator", group: "Operations" } as const),
  parameters: NO_PARAMETERS,
  query: z.strictObject({ sink, repository: repository.optional(), limit: limit() }),
};

export const readOutbox = operation({
  ...common,
  id: "outbox.read",
  path: "/outbox",
  summary: "What waits to be announced",
  answers: {
    200: {
      description:
        "Sinks that are stopped, how much waits for each, and the queues that have waited longest.",
      schema: z
        .object({
          stops: z.array(z.object({ sink: z.string(), reason: z.string(), stoppedAt: at })),
          backlogs: z.array(
            z.object({
              sink: z.string(),
              waiting: z.number(),
              oldestSeconds: z.number().nullable(),
              dead: z.number(),
            }),
          ),
          queues: z.array(
            z.object({
              ...{ sink: z.string(), repository: z.string(), waiting: z.number() },
              ...{ oldest: at, attempts: z.number(), dueAt: at },
              ...{ claimed: z.boolean(), lastError: textOrNull },
            }),
          ),
        })
        .meta({ id: "Outbox" }),
    },
  },
});

export const listDeadEvents = operation({
  ...common,
  id: "outbox.dead",
  path: "/outbox/dead",
  summary: "Events that were given up, the oldest first",
  answers: {
    200: {
      description: "So many at most; `npm run outbox` delivers them again, or discards them.",
      schema: z.object({
        items: z.array(
          z
            .object({
              ...{ sink: z.string(), event: z.string(), action: z.string() },
              ...{ repository: z.string(), tag: textOrNull, digest: textOrNull },
              ...{ occurredAt: at, givenUpAt: at, attempts: z.number(), lastError: z.string() },
            })
            .meta({ id: "DeadEvent" }),
        ),
      }),
    },
  },
});
