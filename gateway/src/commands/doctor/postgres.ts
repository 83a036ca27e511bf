import type { DatabaseConfig } from "#service-kit/db/config.js";
import { endClient } from "#service-kit/db/end-client.js";
import type { MigrationSet } from "#service-kit/db/migrate.js";
import { examineRole, pendingMigrations } from "#service-kit/db/own-role.js";
import { connectWritable } from "#service-kit/db/servers.js";
import { bad, good, look, reasonOf, type Finding } from "./finding.js";
import { hasSchema, missingRights, serverFacts, type Connection, type ServerFacts } from "./sql.js";

const OLDEST_MAJOR = 14;
const MOST_SECONDS_APART = 30;
/** What listens and holds locks, beside the pool. */
const BESIDE_POOL = 6;
const MOST_NAMED = 5;
const LOOPBACK = /^(?:localhost|127\.|::1$|\/)/;

/**
 * @param config - where the database is, and how many connections a gateway takes there
 * @returns whether a gateway can work with it: server, TLS, clock, schemas, and what its role may do
 */
export async function checkPostgres(config: {
  readonly database: DatabaseConfig;
  readonly databaseConnections: number;
  readonly processes: number;
  /** What the gateway needs there. */
  readonly schemas: readonly MigrationSet[];
}): Promise<readonly Finding[]> {
  const { database } = config;
  let client: Connection;
  try {
    client = await connectWritable(database, { application_name: "doctor" }, (made) => {
      made.on("error", () => undefined);
    });
  } catch (error) {
    return [bad("Postgres", reasonOf(error), todoOf(error))];
  }
  try {
    const facts = await serverFacts(client);
    const needed = config.processes * (config.databaseConnections + BESIDE_POOL);
    return [
      ofServer(facts),
      ofTls(database, facts),
      ofConnections(facts, needed),
      ofClock(facts),
      ...(await ofSchemas(client, config.schemas)),
    ];
  } catch (error) {
    return [bad("Postgres", reasonOf(error), "look into the server's log")];
  } finally {
    await endClient(client);
  }
}

const TODOS: Readonly<Record<string, string>> = {
  "28P01": "DB_USER and DB_PASSWORD (DB_PASSWORD_FILE) are not those of a role (docs/database.md)",
  "28000":
    "pg_hba.conf lets this role or address not in; or it wants TLS: sslmode=verify-full in DB_SUBNAME",
  "3D000": "make the database that DB_SUBNAME names, then npm run migrate",
  "53300": "raise max_connections, or lower DB_CONNECTIONS (docs/scaling.md)",
  ECONNREFUSED: "nothing listens there: is it the right host and port in DB_SUBNAME, does it run?",
  ENOTFOUND: "mend DNS, or the host in DB_SUBNAME",
  EAI_AGAIN: "mend DNS: no server of it answers",
};

function todoOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  if (/certificate|self.signed|altnames/i.test(`${code} ${reasonOf(error)}`))
    return "name its authority by sslrootcert or PGSSLROOTCERT, and the host as in its certificate (docs/closed-by-default.md)";
  return TODOS[code] ?? "look at DB_SUBNAME, firewalls, and the server's log";
}

function ofServer({ version, isReadOnly }: ServerFacts): Finding {
  if (isReadOnly)
    return bad("Postgres", "it is read-only", "name the primary, or all servers, in DB_SUBNAME");
  if (Number.parseInt(version, 10) < OLDEST_MAJOR)
    return look("Postgres", version, `take ${OLDEST_MAJOR} or later: older ones are not tried`);
  return good("Postgres", version);
}

function ofTls({ host, tls: { mode } }: DatabaseConfig, { tls }: ServerFacts): Finding {
  const check = "Postgres TLS";
  if (tls === null)
    return LOOPBACK.test(host)
      ? good(check, "none, on this machine")
      : bad(
          check,
          `none to ${host}: passwords and records go over the network for all to read`,
          "sslmode=verify-full in DB_SUBNAME, or PGSSLMODE (docs/closed-by-default.md)",
        );
  if (mode === "verify-full") return good(check, `${tls}, and the server is who it says`);
  return look(
    check,
    `${tls}, by sslmode=${mode}: whoever stands between can be the server`,
    "sslmode=verify-full, with the authority in sslrootcert",
  );
}

function ofConnections({ mostConnections, connections }: ServerFacts, needed: number): Finding {
  const found = `${connections} of ${mostConnections}; this gateway takes up to ${needed}`;
  if (needed < mostConnections) return good("Postgres connections", found);
  return bad(
    "Postgres connections",
    found,
    "raise max_connections, or lower DB_CONNECTIONS and GATEWAY_PROCESSES (docs/scaling.md)",
  );
}

function ofClock({ at }: ServerFacts): Finding {
  const seconds = Math.round((at - Date.now()) / 1000);
  const found = `${Math.abs(seconds)} s ${seconds < 0 ? "behind" : "ahead of"} this machine's`;
  return Math.abs(seconds) <= MOST_SECONDS_APART
    ? good("Postgres clock", found)
    : bad("Postgres clock", found, "let both follow NTP");
}

async function ofSchemas(
  client: Connection,
  schemas: readonly MigrationSet[],
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const set of schemas) {
    const { schema } = set;
    if (!(await hasSchema(client, schema))) {
      findings.push(bad(`schema ${schema}`, "there is none", "npm run migrate, as the owner"));
      continue;
    }
    const lacking = await missingRights(client, set);
    const pending = lacking.length > 0 ? [] : await pendingMigrations(client, set);
    const todo =
      "npm run migrate, as the owner: it grants what the role needs, too (docs/database.md)";
    findings.push(
      lacking.length > 0
        ? bad(`schema ${schema}`, `the role lacks ${some(lacking)}`, todo)
        : pending.length > 0
          ? bad(`schema ${schema}`, `not migrated: ${some(pending)}`, todo)
          : good(`schema ${schema}`, "migrated, and the role has its rights"),
    );
  }
  findings.push(await ofRole(client, schemas));
  return findings;
}

async function ofRole(client: Connection, schemas: readonly MigrationSet[]): Promise<Finding> {
  const roles = [];
  for (const { schema } of schemas) roles.push(await examineRole(client, schema));
  const { name = "" } = roles[0] ?? {};
  const strong = roles.find(({ isSuperuser, isOwner }) => isSuperuser || isOwner);
  if (strong === undefined) return good("Postgres role", `${name} is neither owner nor superuser`);
  return look(
    "Postgres role",
    `${name} is ${strong.isSuperuser ? "a superuser" : "the owner of the tables"}: whoever takes over the gateway can rewrite the record`,
    "give it a role of its own: deploy/sql/roles.sql (docs/database.md)",
  );
}

function some(names: readonly string[]): string {
  const more = names.length - MOST_NAMED;
  const named = names.slice(0, MOST_NAMED).join(", ");
  return more > 0 ? `${named} and ${more} more` : named;
}
