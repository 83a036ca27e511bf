import pg from "pg";

/** Password of each role of `roles.sql`. */
export type RolePasswords = Readonly<Record<string, string>>;

/** Role that owns the schemas, and migrates. */
export const OWNER_ROLE = "wharfinger_owner";

/**
 * Makes the database roles, as an operator does with psql.
 *
 * @param client - connection of a superuser, or of whoever owns the database and may create roles
 * @param script - text of `deploy/sql/roles.sql`
 * @param passwords - password of each role
 */
export async function makeRoles(
  client: Pick<pg.ClientBase, "query">,
  script: string,
  passwords: RolePasswords,
): Promise<void> {
  await client.query(script);
  for (const [role, password] of Object.entries(passwords)) {
    const literal = pg.escapeLiteral(password);
    await client.query(`alter role ${pg.escapeIdentifier(role)} password ${literal}`);
  }
}
