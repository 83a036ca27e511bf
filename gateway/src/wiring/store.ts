import type { Registry } from "prom-client";
import { boundedDatabase } from "#service-kit/db/bounded.js";
import { migrator } from "#service-kit/db/migrate.js";
import { openDatabase, type Database } from "#service-kit/db/pool.js";
import { subscriber, type Subscriber } from "#service-kit/db/subscribe.js";
import { wholeDatabase } from "#service-kit/db/whole-database.js";
import type { Logger } from "#service-kit/log.js";
import type { Opened } from "#service-kit/run-until-signal.js";
import type { GatewayConfig } from "../config/config.js";
import { GATEWAY_SCHEMAS } from "./migrations.js";

/** Postgres, as a gateway uses it. */
export interface Store extends Opened {
  readonly db: Database;
  /** For heavy pushes, which leave half of the connections to readers. */
  readonly pushDb: Database;
  readonly heard: Subscriber;
  /** @returns what keeps the database from being used, such as a schema that is not up to date; `null`: nothing is known to */
  readonly hindrance: () => string | null;
}

/**
 * @param config - where the database is, and how many connections it may have
 * @param deps - where failures are told, and where it is shown whether the database counts as away
 * @returns the database
 */
export function openStore(
  config: Pick<GatewayConfig, "database" | "databaseConnections">,
  { log, registry }: { readonly log: Logger; readonly registry: Registry },
): Store {
  const { database, databaseConnections: connections } = config;
  const heard = subscriber(database, log);
  const options = { name: "gateway", connections, heard: heard.hear, registry };
  const schema = migrator(database, GATEWAY_SCHEMAS, log);
  const whole = wholeDatabase(openDatabase(database, options, log), GATEWAY_SCHEMAS, log);
  const { db } = whole;
  // Ends last, since everything else may still write.
  const pool = { name: "database", start: () => Promise.resolve(), stop: () => db.close() };
  return {
    db,
    pushDb: boundedDatabase(db, Math.floor(connections / 2)),
    heard,
    hindrance: () => schema.unmigrated() ?? whole.hindrance() ?? heard.hindrance(),
    parts: [pool, schema, whole.watch, heard],
  };
}
