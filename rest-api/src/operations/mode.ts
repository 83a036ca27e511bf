import { z } from "zod";
import { isLine } from "#registry-protocol/text.js";
import { operation } from "../operation.js";
import { NO_PARAMETERS } from "../parameters.js";

const MOST_DRAIN_SECONDS = 86_400;
const mode = z.enum(["normal", "read-only"]);

const state = z
  .object({
    mode,
    reason: z.string(),
    changedBy: z.string(),
    changedAt: z.string().nullable().meta({ description: "`null`: it never was." }),
    atRest: z.boolean().meta({ description: "Whether nobody writes at the registry any more." }),
    open: z.array(z.string()).meta({ description: "What keeps it from being at rest, in words." }),
    gateways: z.array(
      z.object({
        name: z.string(),
        writes: z.number().meta({ description: "What it has under way." }),
        follows: z.boolean().meta({ description: "Whether it knows of the last change." }),
        silentSeconds: z.number(),
      }),
    ),
  })
  .meta({ id: "Mode" });

const change = z
  .strictObject({
    mode,
    reason: z
      .string()
      .trim()
      .min(1)
      .max(200)
      .refine(isLine, "wanted one line")
      .meta({ description: "What those are told who push.", example: "the storage is moved" }),
    drainSeconds: z
      .number()
      .int()
      .min(0)
      .max(MOST_DRAIN_SECONDS)
      .default(60)
      .meta({ description: "How long uploads that have begun may go on." }),
  })
  .meta({ id: "ModeChange" });

const common = {
  ...({ by: "gateway", path: "/mode", who: "administrator", group: "Operations" } as const),
  ...{ parameters: NO_PARAMETERS, query: NO_PARAMETERS },
};

export const readMode = operation({
  ...common,
  id: "mode.read",
  method: "GET",
  summary: "Whether anything may be pushed, and what is under way",
  answers: { 200: { description: "The mode of all gateways.", schema: state } },
});

export const changeMode = operation({
  ...common,
  id: "mode.change",
  method: "PUT",
  summary: "Changes the mode of all gateways",
  description:
    "They follow within seconds; `GET` says how far they are. While garbage is being collected, or what a collection has to prove is not proven, pushes do not become welcome again: that is 409, and for `npm run mode -- normal`, which asks the registry.",
  body: change,
  answers: { 200: { description: "The mode, changed.", schema: state } },
});
