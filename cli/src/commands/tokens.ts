import { z } from "zod";
import type { Client } from "../client.js";
import { table } from "../print.js";

const listSchema = z.object({
  refreshTokens: z.array(
    z.object({
      id: z.string(),
      clientId: z.string(),
      createdAt: z.string(),
      expiresAt: z.string(),
      lastUsedAt: z.string().nullable(),
    }),
  ),
});

/** @returns the caller's refresh tokens as a table */
export async function listTokens(client: Client): Promise<string> {
  const { refreshTokens } = listSchema.parse(await client.call("GET", "/refresh-tokens"));
  const rows = refreshTokens.map((token) => ({
    ...token,
    client: token.clientId,
    created: token.createdAt,
    expires: token.expiresAt,
    "last used": token.lastUsedAt,
  }));
  return table(rows, ["id", "client", "created", "expires", "last used"]);
}

/** @returns that the token is revoked */
export async function revokeToken(client: Client, id: string): Promise<string> {
  await client.call("DELETE", `/refresh-tokens/${encodeURIComponent(id)}`);
  return `${id} is revoked`;
}
