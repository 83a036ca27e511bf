import { z } from "zod";
import { operation } from "../operation.js";
import { limit, NO_PARAMETERS, repository, time } from "../parameters.js";
import { at } from "./schemas.js";

const sink = z.string().min(1).max(255).meta({ description: "Name of a sink." });
const textOrNull = z.string().nullable();
const ours = {
  ...({ by: "gateway", who: "administrator", group: "Operations" } as const),
  parameters: NO_PARAMETERS,
};
const narrowed = { sink: sink.optional(), repository: repository.optional() };
const common = {
  ...({ ...ours, method: "GET" } as const),
  query: z.strictObject({ ...narrowed, limit: limit() }),
};

export const readOutbox = operation({
  ...common,
  id: "outbox.read",
  path: "/outbox",
  summary: "What waits to be announced",
  answers: {
    200: {
      description:
        "Sinks that are stopped, how much waits for each, the queues that have waited longest, and events that stepped out of their queue's way.",
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
          aside: z.array(
            z.object({
              ...{ event: z.string(), sink: z.string(), repository: z.string() },
              ...{ tag: textOrNull, digest: textOrNull, attempts: z.number(), dueAt: at },
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
      description: "So many at most; `POST /outbox` delivers them again, or discards them.",
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

const event = z.uuid().meta({ description: "Id of one event." });
const since = time.meta({ description: "Events that happened then or later." });
const change = z
  .discriminatedUnion("change", [
    z.strictObject({ change: z.literal("retry"), ...narrowed }),
    z.strictObject({ change: z.literal("start"), sink }),
    z.strictObject({ change: z.literal("give-up"), event, ...narrowed }),
    z.strictObject({ change: z.literal("skip"), sink, repository }),
    z
      .strictObject({
        ...{ change: z.literal("replay"), event: event.optional(), since: since.optional() },
        ...narrowed,
      })
      .refine((said) => (said.event === undefined) !== (said.since === undefined), {
        error: "wanted one of event and since",
      }),
    z.strictObject({ change: z.literal("replay-dead"), ...narrowed }),
    z.strictObject({
      ...{ change: z.literal("discard-dead"), event: event.optional(), since: since.optional() },
      ...narrowed,
    }),
    z.strictObject({ change: z.literal("discard-waiting"), ...narrowed, sink }),
  ])
  .meta({ id: "OutboxChange" });

export const changeOutbox = operation({
  ...ours,
  id: "outbox.change",
  method: "POST",
  path: "/outbox",
  summary: "Changes what waits to be announced, or was given up",
  description:
    "`retry` tries now what waits for its next attempt; `start` delivers again to a sink that was stopped; `give-up` takes an event that is the first of its queue, or beside it, out of the way, " +
    "`skip` whatever is the first of a queue; `replay` delivers again one event, or all since then, `replay-dead` what was given up; `discard-dead` and `discard-waiting` give up for good. " +
    "On record. Of very many events it takes minutes, and what was done stays where it breaks off.",
  query: NO_PARAMETERS,
  body: change,
  answers: {
    200: {
      description: "How much was changed.",
      schema: z
        .object({
          events: z.number(),
          queues: z.number().meta({ description: "Of `retry`; of `start` whether it was." }),
        })
        .meta({ id: "OutboxChanged" }),
    },
  },
});
