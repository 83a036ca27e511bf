import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { root } from "../set-up/run.mjs";

/** Folder of the local stack's data. */
export const data = resolve(root, process.env.DATA_DIR || ".data");

/** Database roles of commands: what the gateway's role may not do, no command needs. */
const ROLES = { gateway: "wharfinger_gateway", auditor: "wharfinger_auditor" };

/**
 * Lets a command that is run on this machine find the local stack: what is not set is set as the stack's own
 * gateway has it. Nothing is changed where a database is named.
 *
 * @param {keyof typeof ROLES} role whose rights in the database the command has
 * @returns {boolean} whether a stack was ever started on the data folder, or a database is named
 */
export function useStackEnvironment(role = "gateway") {
  if (process.env.DB_SUBNAME) return true;
  const file = join(data, "run", "stack.json");
  if (!existsSync(file)) return false;
  const settings = join(data, "run", "gateway-settings.json");
  const { postgres, registry, tokenServer, gateway } = JSON.parse(readFileSync(file, "utf8"));
  const local = {
    DB_SUBNAME: `//${new URL(postgres).host}/wharfinger`,
    DB_USER: ROLES[role],
    DB_PASSWORD_FILE: join(data, "secrets", `postgres-${role}`),
    PGSSLMODE: "disable",
    KEYS_DIR: join(data, "keys"),
    REGISTRY_URL: registry,
    TOKEN_SERVER_URL: tokenServer,
    NOTIFICATION_SECRET_FILE: join(data, "secrets", "notification"),
    PORT: new URL(gateway).port,
    // Commands go by the same rules as the gateway, and announce where it does.
    ...JSON.parse(existsSync(settings) ? readFileSync(settings, "utf8") : "{}"),
  };
  process.env = { ...local, ...process.env };
  return true;
}
