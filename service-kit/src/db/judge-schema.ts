import type { MigrationFile } from "./migration-files.js";
import type { RecordedMigration } from "./recorded-migrations.js";

/** What this version makes of a schema. */
export interface SchemaVerdict {
  /** Why it can never work on it as it is; `null`: it can, once it has been migrated. */
  readonly refusal: string | null;
  /** Migrations that the schema lacks. */
  readonly pending: readonly string[];
  /** Whether the schema has migrations of a later version. */
  readonly isNewer: boolean;
}

/**
 * @param schema - name of a schema
 * @param files - migrations of this version
 * @param recorded - those that the schema has
 * @returns whether this version may work on it
 */
export function judgeSchema(
  schema: string,
  files: readonly MigrationFile[],
  recorded: readonly RecordedMigration[],
): SchemaVerdict {
  const applied = new Map(recorded.map((one) => [one.name, one]));
  const known = new Set(files.map(({ name }) => name));
  const edited = files.find(({ name, sha256 }) => {
    const { sha256: was = null } = applied.get(name) ?? {};
    return was !== null && was !== sha256;
  });
  const beyond = recorded.find(({ needs }) => needs !== null && !known.has(needs));
  return {
    refusal: refusalOf(schema, edited, beyond),
    pending: files.map(({ name }) => name).filter((name) => !applied.has(name)),
    isNewer: recorded.some(({ name }) => !known.has(name)),
  };
}

/**
 * @param schema - name of a schema whose mark is empty
 * @returns what is said of it
 */
export function notWhole(schema: string): string {
  return `schema ${schema} is not whole: is it being restored? (docs/database.md)`;
}

function refusalOf(
  schema: string,
  edited: { readonly name: string } | undefined,
  beyond: { readonly name: string } | undefined,
): string | null {
  if (edited !== undefined)
    return (
      `migration ${edited.name} of schema ${schema} was applied in another form than this version has it: ` +
      "it was edited, or the database is another product's version (docs/database.md)"
    );
  if (beyond !== undefined)
    return (
      `schema ${schema} has been migrated to a version (${beyond.name}) that this one cannot work with: ` +
      "update this service (docs/database.md)"
    );
  return null;
}
