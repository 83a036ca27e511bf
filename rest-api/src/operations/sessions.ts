import { z } from "zod";
import { operation } from "../operation.js";
import { NO_PARAMETERS } from "../parameters.js";
import { at } from "./schemas.js";

const pageSession = z
  .object({
    id: z.uuid(),
    uid: z.string(),
    realm: z.string(),
    kind: z.string(),
    issuer: z
      .string()
      .nullable()
      .meta({ description: "By whose page; `null`: by a password or a token." }),
    address: z.string().meta({ description: "From where it was begun; empty: not on record." }),
    userAgent: z.string(),
    begunAt: at,
    usedAt: at.meta({ description: "When somebody was last there, to half a minute." }),
    endsAt: at.meta({ description: "When it ends in any case." }),
    idleEndsAt: at.meta({ description: "When it ends if nobody is there." }),
    isThisOne: z.boolean(),
  })
  .meta({ id: "PageSession" });

const line = z.string().min(1).max(255);

/** Whose they are. */
const person = z
  .strictObject({
    realm: line.optional().meta({
      description: "With `uid`, for administrators (`ADMIN_TEAMS`): somebody else's.",
      example: "/employees",
    }),
    uid: line.optional().meta({ description: "Absent: one's own.", example: "bob" }),
  })
  .refine(({ realm, uid }) => (realm === undefined) === (uid === undefined), {
    error: "wanted both realm and uid, or neither",
  });

const all = {
  ...({ by: "gateway", group: "Sessions", who: "login" } as const),
  ...{ path: "/sessions", parameters: NO_PARAMETERS },
};

export const listSessions = operation({
  ...all,
  id: "sessions.list",
  method: "GET",
  summary: "Logins on the web page that have not ended, the last used first",
  description: "One's own; administrators see others', on record.",
  query: person,
  answers: {
    200: {
      description: "All of them; there are fifty of a login at most.",
      schema: z.object({ sessions: z.array(pageSession) }),
    },
  },
});

export const endSessions = operation({
  ...all,
  id: "sessions.end-all",
  method: "DELETE",
  summary: "Ends all logins on the web page but the one that asks",
  query: person,
  answers: { 200: { description: "How many.", schema: z.object({ ended: z.number() }) } },
});

export const endSessionById = operation({
  ...all,
  id: "sessions.end",
  method: "DELETE",
  path: "/sessions/{id}",
  parameters: z.object({ id: z.uuid().meta({ description: "The session's id." }) }),
  summary: "Ends a login on the web page",
  description: "One's own; administrators end others', too.",
  query: NO_PARAMETERS,
  answers: { 204: { description: "It has ended.", schema: null } },
});
