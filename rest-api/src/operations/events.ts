import { z } from "zod";
import { operation } from "../operation.js";
import { NO_PARAMETERS, repository, team } from "../parameters.js";

const happened = z
  .strictObject({
    id: z.string().meta({ description: "The same as sinks get." }),
    action: z.enum(["push", "delete", "lock"]),
    recordedAs: z.string().meta({ description: "As the audit log calls it." }),
    at: z.string(),
    by: z.object({ uid: z.string(), realm: z.string(), kind: z.string() }),
    repository: z.string(),
    tag: z.string().nullable(),
    digest: z.string().nullable(),
    previousDigest: z.string().nullable(),
    reason: z.string(),
  })
  .meta({ description: "`data` of the events `push`, `delete` and `lock`." });

const missed = z
  .strictObject({ reason: z.enum(["forgotten", "restored"]) })
  .meta({ description: "`data` of the event `missed`." });

export const followEvents = operation({
  id: "events.follow",
  method: "GET",
  path: "/events",
  by: "gateway",
  who: "view",
  group: "Tags",
  summary: "Pushes, deletions and locks as they are committed",
  description:
    "Server-sent events (`text/event-stream`), whichever gateway took the push: `push`, `delete` and `lock`, each with `data` in JSON: " +
    "`id` (the same as sinks get), `action`, `recordedAs` (as the audit log calls it), `at`, `by` (`uid`, `realm`, `kind`), `repository`, `tag`, `digest`, " +
    "`previousDigest`, `reason`. Those of a tag come in their order. Nothing is told before it is committed. " +
    "Every stream begins with an `id`, and says it again where nothing happens: whoever shows the last one as `Last-Event-ID` is told " +
    "all that was committed since, as long as it is kept (`EVENT_KEEP_DAYS`). An event `missed` says that something may be missing: " +
    "`forgotten` where it was not kept, `restored` where the database was given an older state back. The stream ends with the login's token, " +
    "when the gateway is about to end, and when nothing of it is taken for half a minute; then ask again. " +
    "So many at once for one caller (429), and in all (503).",
  parameters: NO_PARAMETERS,
  query: z.strictObject({
    repository: repository.optional(),
    team: team.optional(),
    action: z.enum(["push", "delete", "lock"]).optional().meta({ description: "These alone." }),
  }),
  headers: z.object({
    "Last-Event-ID": z.string().optional().meta({
      description: "The last `id` that was heard; without it one is told what happens from now on.",
    }),
  }),
  answers: {
    200: {
      ...{ description: "The stream; `data` of its events is JSON.", schema: null },
      ...{ streams: ["text/event-stream"], items: { Event: happened, Missed: missed } },
    },
  },
});
