import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type pg from "pg";
import { SERVICE_ROLES, type Privilege, type ServiceRole } from "#service-kit/db/rights.js";
import type { DatabaseConfig } from "#service-kit/db/config.js";
import { Secret } from "#service-kit/secret.js";
import {
  connected,
  loginOf,
  migrateSchemas,
  runRolesScript,
  SCHEMAS,
  SECOND_ROLES,
} from "#tests/support/database-roles.js";
import { emptyDatabase } from "#tests/support/ledger.js";
import { startOwnPostgres, type TestPostgres } from "#tests/support/postgres.js";

const INSUFFICIENT_PRIVILEGE = "42501";
const SERVICES = Object.values(SERVICE_ROLES);

let postgres: TestPostgres;
let superuser: DatabaseConfig;

beforeAll(async () => {
  postgres = await startOwnPostgres();
  superuser = await emptyDatabase(postgres);
  await runRolesScript(superuser);
  await migrateSchemas(loginOf(superuser, "wharfinger_owner"));
});
afterAll(() => postgres.stop());

/** A table as it is in the database, with one of its columns. */
interface Table {
  readonly schema: string;
  readonly name: string;
  readonly column: string;
}

describe("what each role can do with each table", () => {
  test("is what is declared beside the migrations, and every table is declared", async () => {
    const tables = await allTables();
    const declared = SCHEMAS.flatMap(({ schema, rights }) =>
      ["migration", ...Object.keys(rights?.tables ?? {})].map((name) => `${schema}.${name}`),
    );
    const names = tables.map(({ schema, name }) => `${schema}.${name}`);
    // A table that is missing here has to get a line in the rights beside its migrations.
    expect(names.filter((name) => !declared.includes(name))).toEqual([]);
  });

  test.each([
    ...(Object.keys(SERVICE_ROLES) as ServiceRole[]).map(
      (role) => [SERVICE_ROLES[role], role] as const,
    ),
    ["wharfinger_gateway_2", "gateway"] as const,
    ["wharfinger_token_server_2", "tokenServer"] as const,
  ])("is refused to %s in every other case, by Postgres itself", async (name, role) => {
    const tables = await allTables();
    const done = await connected(loginOf(superuser, name), async (client) => {
      const results: string[] = [];
      for (const table of tables)
        for (const [action, sql] of Object.entries(statementsOn(table)))
          if (!(await isRefused(client, sql)))
            results.push(`${table.schema}.${table.name} ${action}`);
      return results;
    });
    expect(done.sort()).toEqual(allowedTo(role, tables).sort());
    expect(done.length).toBeLessThan(tables.length * 4);
  });
});

describe.each([...SERVICES, ...SECOND_ROLES])("whoever has taken over %s", (role) => {
  test.each([
    ["runs a command on the database's machine", "copy (select 'x') to program 'id'"],
    ["reads a file there", "copy ledger.dead_notification (reason) from '/etc/passwd'"],
    ["reads a file by a function", "select pg_read_file('/etc/passwd')"],
    ["writes a file", "copy (select 'x') to '/tmp/wharfinger-attack'"],
    ["imports a file", "select lo_import('/etc/passwd')"],
    ["switches triggers off", "set session_replication_role = replica"],
    ["switches the triggers of the audit log off", "alter table audit.entry disable trigger all"],
    ["becomes the owner", "set role wharfinger_owner"],
    ["becomes the owner for the session", "set session authorization wharfinger_owner"],
    ["becomes a superuser", `alter role ${role} superuser`],
    ["makes a role", "create role mallory login superuser"],
    ["gives itself the owner's rights", `grant wharfinger_owner to ${role}`],
    [
      "gives itself rights on the audit log",
      `grant update on audit.entry to ${role}; update audit.entry set content = '' where false`,
    ],
    [
      "puts in another function",
      "create or replace function audit.append(integer, text, text, text) returns void language sql as ''",
    ],
    ["makes a function", "create function public.f() returns int language sql as 'select 1'"],
    ["makes a table", "create table public.t (x int)"],
    ["makes a schema", "create schema mallory"],
    ["loads an extension", "create extension dblink"],
    ["changes a setting for everybody", "alter system set log_statement = 'all'"],
    ["reads passwords", "select rolpassword from pg_authid"],
    [
      "ends a neighbour's connection",
      "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'wharfinger'",
    ],
  ])("cannot do more: %s", async (_what, sql) => {
    await connected(loginOf(superuser, role), async (client) => {
      const failure: unknown = await client.query(sql).then(() => null, Object);
      // What is not to be seen is not to be found either.
      expect((failure as pg.DatabaseError | null)?.code).toMatch(/^(?:42501|3F000|42P01)$/);
    });
  });

  test("is not let in to another database of the cluster that has roles of its own", async () => {
    const other = await emptyDatabase(postgres);
    await connected(other, (client) => client.query(`revoke connect on database ${other.database} from public`)); // prettier-ignore
    await expect(connected(loginOf(other, role), () => Promise.resolve())).rejects.toMatchObject({
      code: INSUFFICIENT_PRIVILEGE,
    });
  });
});

test("nobody else of the cluster is let in, and temporary tables are the gateway's and the auditor's alone", async () => {
  await connected(superuser, (client) =>
    client.query("create role stranger login password 'stranger'"),
  );
  const stranger = { ...superuser, user: "stranger", password: new Secret("stranger") };
  await expect(connected(stranger, () => Promise.resolve())).rejects.toMatchObject({
    code: INSUFFICIENT_PRIVILEGE,
  });
  const makesTables = await Promise.all(
    SERVICES.map(async (role) =>
      connected(loginOf(superuser, role), (client) => failureOf(client, "create temp table t ()")),
    ),
  );
  expect(makesTables).toEqual(["none", INSUFFICIENT_PRIVILEGE, "none"]);
});

describe("the audit log", () => {
  test("takes entries of both services by its function, each in its place in the chain", async () => {
    const before = await entries();
    for (const role of ["wharfinger_gateway", "wharfinger_token_server"] as const)
      await connected(loginOf(superuser, role), (client) =>
        client.query(`select audit.append(1, '{"action":"x"}', 'x', null)`),
      );
    expect((await entries()) - before).toBe(2);
  });

  test("is not fooled by tables that stand before its own", async () => {
    const before = await entries();
    await connected(loginOf(superuser, "wharfinger_gateway"), async (client) => {
      await client.query(
        "create temp table chain_head (chain int); create temp table entry (x int)",
      );
      await client.query("set search_path = pg_temp, public");
      await client.query(`select audit.append(1, '{"action":"x"}', 'x', null)`);
    });
    expect((await entries()) - before).toBe(1);
  });

  test("is not fooled by functions that stand before Postgres' own", async () => {
    await connected(superuser, async (client) => {
      await client.query("create schema evil; grant usage on schema evil to public");
      await client.query(
        `create function evil.substr(text, integer) returns text language sql as $$ select '"forged":1}' $$`,
      );
    });
    await connected(loginOf(superuser, "wharfinger_gateway"), async (client) => {
      await client.query("set search_path = evil, pg_catalog");
      await client.query(`select audit.append(1, '{"action":"genuine"}', 'x', null)`);
    });
    const { rows } = await connected(superuser, (client) =>
      client.query<{ content: string }>("select content from audit.entry order by at desc limit 1"),
    );
    expect(rows[0]?.content).toContain("genuine");
  });

  test("takes nothing from an auditor, who only reads", async () => {
    await connected(loginOf(superuser, "wharfinger_auditor"), async (client) => {
      await client.query("select count(*) from audit.entry");
      const sql = `select audit.append(1, '{"action":"x"}', 'x', null)`;
      expect(await failureOf(client, sql)).toBe(INSUFFICIENT_PRIVILEGE);
    });
  });

  test("has no function with its owner's rights that everybody may call", async () => {
    const open = await connected(superuser, (client) =>
      client.query<{ name: string }>(
        `select p.oid::regprocedure::text as name from pg_proc p
         where prosecdef and pronamespace::regnamespace::text = any ($1)
           and exists (select from aclexplode(coalesce(proacl, acldefault('f', proowner))) a where a.grantee = 0)`,
        [SCHEMAS.map(({ schema }) => schema)],
      ),
    );
    expect(open.rows).toEqual([]);
  });
});

test("rights that were given by hand are gone with the next migration", async () => {
  await connected(superuser, (client) =>
    client.query("grant update on audit.entry to wharfinger_token_server"),
  );
  await migrateSchemas(loginOf(superuser, "wharfinger_owner"));
  await connected(loginOf(superuser, "wharfinger_token_server"), async (client) => {
    const sql = "update audit.entry set content = '' where false";
    expect(await failureOf(client, sql)).toBe(INSUFFICIENT_PRIVILEGE);
  });
});

function statementsOn({ schema, name, column }: Table): Record<string, string> {
  const table = `${schema}.${name}`;
  return {
    select: `select "${column}" from ${table} limit 0`,
    insert: `insert into ${table} ("${column}") values (default)`,
    update: `update ${table} set "${column}" = default where false`,
    delete: `delete from ${table} where false`,
    truncate: `truncate ${table}`,
    lock: `lock table ${table} in access exclusive mode`,
    trigger: `alter table ${table} disable trigger all`,
    alter: `alter table ${table} add column mallory int`,
    drop: `drop table ${table}`,
    own: `alter table ${table} owner to current_user`,
  };
}

function allowedTo(role: ServiceRole, there: readonly Table[]): string[] {
  return SCHEMAS.flatMap(({ schema, rights }) => {
    const tables = Object.entries(rights?.tables ?? {}).filter(([table]) =>
      there.some((one) => one.schema === schema && one.name === table),
    );
    const own = tables.flatMap(([name, by]) => (by[role] ?? []).map((one) => [name, one] as const));
    const seen: readonly (readonly [string, Privilege])[] =
      own.length === 0 ? [] : [["migration", "select"]];
    return [...seen, ...own].flatMap(([name, privilege]) => [
      `${schema}.${name} ${privilege}`,
      // Postgres lets whoever may update or delete lock a table (LOCK, "Notes"): a service can stop itself.
      ...(privilege === "update" || (privilege === "delete" && !has(own, name, "update"))
        ? [`${schema}.${name} lock`]
        : []),
    ]);
  });
}

function has(own: readonly (readonly [string, Privilege])[], name: string, privilege: Privilege) {
  return own.some(([table, one]) => table === name && one === privilege);
}

/** Everything else that goes wrong comes after the question whether it is allowed. */
async function isRefused(client: pg.Client, sql: string): Promise<boolean> {
  return (await failureOf(client, sql)) === INSUFFICIENT_PRIVILEGE;
}

async function failureOf(client: pg.Client, sql: string): Promise<string> {
  await client.query("begin");
  try {
    await client.query(sql);
    return "none";
  } catch (error) {
    return (error as pg.DatabaseError).code ?? "unknown";
  } finally {
    await client.query("rollback");
  }
}

async function allTables(): Promise<Table[]> {
  const { rows } = await connected(superuser, (client) =>
    client.query<Table>(
      `select table_schema as schema, table_name as name, min(column_name::text) as "column"
       from information_schema.columns where table_schema = any ($1) and is_identity = 'NO'
       group by table_schema, table_name`,
      [SCHEMAS.map(({ schema }) => schema)],
    ),
  );
  return rows;
}

async function entries(): Promise<number> {
  const { rows } = await connected(superuser, (client) =>
    client.query<{ count: number }>("select count(*)::int as count from audit.entry"),
  );
  return rows[0]?.count ?? 0;
}
