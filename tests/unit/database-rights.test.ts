import { describe, expect, test } from "@jest/globals";
import { AUDIT_MIGRATIONS } from "#audit-log/migrations.js";
import { LEDGER_MIGRATIONS } from "#gateway/wiring/migrations.js";
import type { MigrationSet } from "#service-kit/db/migrate.js";
import type { Privilege, ServiceRole } from "#service-kit/db/rights.js";
import { TOKEN_SERVER_MIGRATIONS } from "#token-server/wiring/migrations.js";
import { sourceFiles } from "#tests/support/source-tree.js";

const GATEWAY = ["gateway/src", "audit-log/src"];
const TOKEN_SERVER = ["token-server/src", "audit-log/src"];

/** What statements need that are not in the sources, by why. */
const BESIDES: Readonly<Record<string, readonly Privilege[]>> = {
  // The limiter library's.
  "token_server.failed_login": ["select", "insert", "update", "delete"],
  // What lies in the future is dated anew (gateway/src/wiring/written-times.ts), by a statement for every table.
  "ledger.upload_session": ["update"],
  // Gateways from before manifest_link, which go on while they are replaced.
  "ledger.manifest_reference": ["insert"],
};

/** Tables whose statements come with another change. */
const AWAITED = ["ledger.manifest_push"];

describe.each<[ServiceRole, readonly string[], readonly MigrationSet[]]>([
  ["gateway", GATEWAY, [LEDGER_MIGRATIONS]],
  ["tokenServer", TOKEN_SERVER, [TOKEN_SERVER_MIGRATIONS]],
])("the database role of %s", (role, folders, sets) => {
  const used = privilegesUsedIn(folders);

  test.each(sets)("may do in $schema what its statements do, and nothing else", (set) => {
    const tables = Object.entries(set.rights?.tables ?? {}).filter(([table]) => {
      const name = `${set.schema}.${table}`;
      return used.has(name) || !AWAITED.includes(name);
    });
    const declared = tables.map(([table, by]) => [table, [...(by[role] ?? [])].sort()]);
    const wanted = tables.map(([table]) => {
      const name = `${set.schema}.${table}`;
      return [table, [...new Set([...(used.get(name) ?? []), ...(BESIDES[name] ?? [])])].sort()];
    });
    expect(declared).toEqual(wanted);
  });

  test("has rights on every table of its schemas that its statements name", () => {
    const declared = sets.flatMap(({ schema, rights }) =>
      Object.keys(rights?.tables ?? {}).map((table) => `${schema}.${table}`),
    );
    const schemas = sets.map(({ schema }) => `${schema}.`);
    const named = [...used.keys()].filter((name) => schemas.some((one) => name.startsWith(one)));
    expect(named.filter((name) => !declared.includes(name))).toEqual([]);
  });
});

test("no service may change or remove what is in the audit log", () => {
  const privileges = Object.values(AUDIT_MIGRATIONS.rights?.tables ?? {}).flatMap((by) =>
    Object.values(by).flat(),
  );
  expect([...new Set(privileges)].sort()).toEqual(["insert", "select"]);
});

/** Found by the words of the statements, which stand in the sources as they are. */
function privilegesUsedIn(folders: readonly string[]): ReadonlyMap<string, ReadonlySet<Privilege>> {
  const found = new Map<string, Set<Privilege>>();
  const add = (table: string, privilege: Privilege) =>
    found.set(table, (found.get(table) ?? new Set<Privilege>()).add(privilege));
  for (const { text } of sourceFiles(folders))
    for (const match of text.matchAll(
      // What has its arguments right behind it is a function.
      /\b(insert\s+into|update|delete\s+from|from|join|using)\s+((?:ledger|token_server|audit)\.[a-z_]+)(?![a-z_(])/g,
    )) {
      const [whole, verb = "", table = ""] = match;
      const privilege = privilegeOf(verb);
      add(table, privilege);
      // What is changed by a condition, or told by "returning", is read as well.
      add(table, "select");
      if (privilege !== "insert") continue;
      const rest = text.slice(match.index + whole.length).split(/`|\binsert\s+into\b/)[0] ?? "";
      if (/\bon\s+conflict\b[\s\S]*\bdo\s+update\b/.test(rest)) add(table, "update");
    }
  return found;
}

function privilegeOf(verb: string): Privilege {
  if (verb.startsWith("insert")) return "insert";
  if (verb.startsWith("delete")) return "delete";
  return verb === "update" ? "update" : "select";
}
