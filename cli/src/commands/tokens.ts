import { z } from "zod";
import type { Client } from "../api/client.js";
import { UsageFault } from "../exit/faults.js";
import { lines, type Shown } from "../output/shown.js";
import { examples } from "./examples.js";
import type { AddCommands } from "./shell.js";
import { plainWord } from "./words.js";

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

/** `tokens`: where one is logged in. */
export const addTokens: AddCommands = (program, run) => {
  const tokens = program
    .command("tokens")
    .summary("where you are logged in: list, revoke")
    .description("Refresh tokens: what docker login and wharf login keep.")
    .addHelpText("after", examples("wharf tokens list", "wharf tokens revoke --all"));
  tokens
    .command("list")
    .alias("ls")
    .summary("all of yours")
    .action(run(async (shell) => listTokens(await shell.client())));
  tokens
    .command("revoke [id]")
    .summary("end one, or all")
    .option("--all", "all of yours")
    .action(
      run<{ all?: boolean }>(async (shell, [id], { all }) => {
        if (all === true) return revokeAllTokens(await shell.client());
        if (id === undefined) throw new UsageFault("ID is missing", "or say --all");
        return revokeToken(await shell.client(), plainWord(id, "ID"));
      }),
    );
};

/** @returns the caller's refresh tokens as a table, all pages of them */
export async function listTokens(client: Client): Promise<Shown> {
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
  return {
    kind: "list",
    columns: [
      { key: "id", kind: "name" },
      { key: "client" },
      { key: "created", kind: "time", drop: 3 },
      { key: "expires", kind: "time", drop: 2 },
      { key: "last used", kind: "time" },
      { key: "from" },
      { key: "by", drop: 1 },
    ],
    rows,
    value: tokens,
    empty: "no refresh tokens",
  };
}

/** @returns who logged in, and which others used that login; some programs do not say what they are */
function clientsOf({ clientId, usedBy }: ListedToken): string {
  const name = (id: string) => (id === "" ? "(no name)" : id);
  const others = usedBy.filter((id) => id !== clientId).map(name);
  return others.length === 0 ? name(clientId) : `${name(clientId)}; also ${others.join(", ")}`;
}

/** @returns that the token is revoked */
export async function revokeToken(client: Client, id: string): Promise<Shown> {
  await client.call("DELETE", `/refresh-tokens/${encodeURIComponent(id)}`);
  return lines(`${id} is revoked`, { revoked: id });
}

/** @returns how many of the caller's tokens are revoked */
export async function revokeAllTokens(client: Client): Promise<Shown> {
  const { ended } = endedSchema.parse(await client.call("DELETE", "/refresh-tokens"));
  return lines(ended === 1 ? "1 token is revoked" : `${ended} tokens are revoked`, { ended });
}
