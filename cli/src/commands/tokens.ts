import type { Client } from "../api/client.js";
import { callAs, withQuery, type AnswerOf } from "../api/described-answers.js";
import { UsageFault } from "../exit/faults.js";
import { lines, type Shown } from "../output/shown.js";
import { examples } from "./examples.js";
import type { AddCommands } from "./shell.js";
import { plainWord } from "./words.js";

type Page = AnswerOf<"refresh-tokens.list">;
type ListedToken = Page["refreshTokens"][number];

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
async function listTokens(client: Client): Promise<Shown> {
  const tokens: ListedToken[] = [];
  let after: string | undefined;
  do {
    const path = withQuery("/refresh-tokens", { after });
    const page: Page = await callAs(client, { id: "refresh-tokens.list", path });
    tokens.push(...page.refreshTokens);
    after = page.next ?? undefined;
  } while (after !== undefined);
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
async function revokeToken(client: Client, id: string): Promise<Shown> {
  await client.call("DELETE", `/refresh-tokens/${encodeURIComponent(id)}`);
  return lines(`${id} is revoked`, { revoked: id });
}

/** @returns how many of the caller's tokens are revoked */
async function revokeAllTokens(client: Client): Promise<Shown> {
  const asked = { method: "DELETE", path: "/refresh-tokens" } as const;
  const { ended } = await callAs(client, { id: "refresh-tokens.end-all", ...asked });
  return lines(ended === 1 ? "1 token is revoked" : `${ended} tokens are revoked`, { ended });
}
