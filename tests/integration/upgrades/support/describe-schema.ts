import type { DatabaseConfig } from "#service-kit/db/config.js";
import { connected } from "#tests/support/database-roles.js";

const OURS = "n.nspname in ('ledger', 'audit', 'token_server')";

/** Each a list of what there is, as one line of text for each thing; the order of columns means nothing to anybody. */
const QUESTIONS = [
  `select format('column %s.%s %s%s default %s: %s', c.oid::regclass, a.attname, format_type(a.atttypid, a.atttypmod),
                 case when a.attnotnull then ' not null' end, pg_get_expr(d.adbin, d.adrelid),
                 col_description(c.oid, a.attnum)) as line
   from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
     left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
   where ${OURS} and c.relkind in ('r', 'm') and a.attnum > 0 and not a.attisdropped`,
  `select format('%s %s options %s: %s', c.relkind, c.oid::regclass, c.reloptions, obj_description(c.oid, 'pg_class')) as line
   from pg_class c join pg_namespace n on n.oid = c.relnamespace where ${OURS}`,
  `select format('constraint %s on %s %s', t.conname, t.conrelid::regclass, pg_get_constraintdef(t.oid)) as line
   from pg_constraint t join pg_namespace n on n.oid = t.connamespace where ${OURS}`,
  `select indexdef as line from pg_indexes n where ${OURS.replace("n.nspname", "n.schemaname")}`,
  // A condition that was dumped and restored has other brackets.
  `select translate(pg_get_triggerdef(t.oid), '()', '') as line from pg_trigger t join pg_class c on c.oid = t.tgrelid
     join pg_namespace n on n.oid = c.relnamespace where ${OURS} and not t.tgisinternal`,
  `select pg_get_functiondef(p.oid) as line from pg_proc p join pg_namespace n on n.oid = p.pronamespace where ${OURS}`,
  `select format('%s may %s %s', r.rolname, x.privilege_type, c.oid::regclass) as line
   from pg_class c join pg_namespace n on n.oid = c.relnamespace
     cross join aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) x left join pg_roles r on r.oid = x.grantee
   where ${OURS} and c.relkind = 'r'
     -- Of Postgres 17, and older dumps have none of it.
     and x.privilege_type <> 'MAINTAIN'`,
  `select format('%s may %s %s', r.rolname, x.privilege_type, p.oid::regprocedure) as line
   from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     cross join aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x left join pg_roles r on r.oid = x.grantee
   where ${OURS}`,
];

/**
 * @param config - how to log in as the owner
 * @returns everything in our schemas that statements depend on, a line for each thing, in an order of its own
 */
export async function describeSchema(config: DatabaseConfig): Promise<string[]> {
  return connected(config, async (client) => {
    const lines: string[] = [];
    for (const question of QUESTIONS) {
      const { rows } = await client.query<{ line: string }>(question);
      lines.push(...rows.map(({ line }) => line));
    }
    return lines.sort();
  });
}
