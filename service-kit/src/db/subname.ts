/** What `DB_SUBNAME` says. */
export interface Subname {
  readonly servers: readonly { readonly host: string; readonly port: number }[];
  readonly database: string;
  readonly query: URLSearchParams;
}

const POSTGRES_PORT = 5432;

/**
 * @param text - `//host:port,host:port/database?parameters`; ports may be left out
 * @returns its parts, or what is wrong with it
 */
export function parseSubname(text: string): Subname | string {
  const [, authority, path = "", search = "", hash] =
    /^\/\/([^/?#]*)\/([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(text) ?? [];
  const wanted = `given ${JSON.stringify(text)}, wanted //host:port/database`;
  if (authority === undefined) return wanted;
  if (authority.includes("@"))
    return "given with a user or password, wanted //host:port/database: those are DB_USER and DB_PASSWORD";
  const servers = authority.split(",").map(parseServer);
  const database = decoded(path);
  if (database === null || database === "" || path.includes("/")) return wanted;
  if (!servers.every((server) => server !== null)) return wanted;
  if (hash !== undefined)
    return "given with a #, which begins nothing here, wanted //host:port/database";
  return { servers, database, query: new URLSearchParams(search) };
}

function parseServer(text: string): Subname["servers"][number] | null {
  const url = URL.canParse(`postgres://${text}/`) ? new URL(`postgres://${text}/`) : null;
  if (url === null || url.hostname === "") return null;
  const host = url.hostname.replace(/^\[|\]$/g, "");
  return { host, port: url.port === "" ? POSTGRES_PORT : Number(url.port) };
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
