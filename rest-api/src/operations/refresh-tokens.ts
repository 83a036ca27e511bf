import { z } from "zod";
import { operation } from "../operation.js";
import { NO_PARAMETERS } from "../parameters.js";
import { at, atOrNull } from "./schemas.js";

const MOST_AT_ONCE = 200;
const ONE = "/refresh-tokens/{id}";
const all = {
  ...({ by: "token-server", group: "Refresh tokens", who: "login" } as const),
  parameters: NO_PARAMETERS,
  path: "/refresh-tokens",
};

const refreshToken = z
  .object({
    id: z.uuid(),
    clientId: z.string().meta({ description: "The client that logged in, as it calls itself." }),
    usedBy: z.array(z.string()).meta({ description: "Clients that used it, the last one first." }),
    service: z.string(),
    createdAt: at,
    expiresAt: at,
    lastUsedAt: atOrNull,
    lastUsedAddress: z.string().nullable(),
    lastUsedProgram: z.string().nullable(),
  })
  .meta({ id: "RefreshToken" });

export const listRefreshTokens = operation({
  ...all,
  id: "refresh-tokens.list",
  method: "GET",
  summary: "One's own refresh tokens, the youngest first",
  query: z.object({
    limit: z.coerce.number().int().min(1).max(MOST_AT_ONCE).default(MOST_AT_ONCE),
    after: z.string().optional().meta({ description: "What an answer said under `next`." }),
  }),
  answers: {
    200: {
      description: "A page of them.",
      schema: z.object({ refreshTokens: z.array(refreshToken), next: z.string().nullable() }),
    },
  },
});

export const endRefreshTokens = operation({
  ...all,
  id: "refresh-tokens.end-all",
  method: "DELETE",
  summary: "Ends all of one's refresh tokens",
  query: NO_PARAMETERS,
  answers: { 200: { description: "How many.", schema: z.object({ ended: z.number() }) } },
});

export const endRefreshToken = operation({
  ...all,
  id: "refresh-tokens.end",
  method: "DELETE",
  path: ONE,
  parameters: z.object({ id: z.uuid().meta({ description: "The token's id." }) }),
  summary: "Ends one of one's refresh tokens",
  query: NO_PARAMETERS,
  answers: { 204: { description: "It has ended.", schema: null } },
});
