import { z } from "zod";
import type { Client } from "../api/client.js";
import { table } from "../output/print.js";

const pageSchema = z.object({
  refreshTokens: z.array(
    z.object({
      id: z.string(),
      clientId: z.string(),
      usedBy: z.array(z.string()).default([]),
      createdAt: z.string(),
      expiresAt: z.string(),
      lastUsedAt: z.string().nullable(),
      lastUsedAddress: z.string().nullable().default(null),
      lastUsedProgram: z.string().nullable().default(null),
    }),
  ),
  next: z.string().nullable().default(null),
});
const endedSchema = z.object({ ended: z.number() });

type ListedToken = z.output<typeof pageSchema>["refreshTokens"][number];

/** @returns the caller's refresh tokens as a table, all pages of them */
export async function listTokens(client: Client): Promise<string> {
  const tokens: ListedToken[] = [];
  let path: string | null = "/refresh-tokens";
  while (path !== null) {
    const page: z.output<typeof pageSchema> = pageSchema.parse(await client.call("GET", path));
    tokens.push(...page.refreshTokens);
    path = page.next === null ? null : `/refresh-tokens?after=${encodeURIComponent(page.next)}`;
  }
  const rows = tokens.map((token) => ({
    ...token,
    client: clientsOf(token),
    created: token.createdAt,
    expires: token.expiresAt,
    "last used": token.lastUsedAt,
    from: token.lastUsedAddress,
    by: token.lastUsedProgram,
  }));
  return table(rows, ["id", "client", "created", "expires", "last used", "from", "by"]);
}

/** @returns who logged in, and which others used that login; some programs do not say what they are */
function clientsOf({ clientId, usedBy }: ListedToken): string {
  const name = (id: string) => (id === "" ? "(no name)" : id);
  const others = usedBy.filter((id) => id !== clientId).map(name);
  return others.length === 0 ? name(clientId) : `${name(clientId)}; also ${others.join(", ")}`;
}

/** @returns that the token is revoked */
export async function revokeToken(client: Client, id: string): Promise<string> {
  await client.call("DELETE", `/refresh-tokens/${encodeURIComponent(id)}`);
  return `${id} is revoked`;
}

/** @returns how many of the caller's tokens are revoked */
export async function revokeAllTokens(client: Client): Promise<string> {
  const { ended } = endedSchema.parse(await client.call("DELETE", "/refresh-tokens"));
  return ended === 1 ? "1 token is revoked" : `${ended} tokens are revoked`;
}
