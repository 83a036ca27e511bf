import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { root } from "./run.mjs";

// `npm run verify` and `npm run audit`: without a database named, the local stack's is meant.
const program = join(root, "dist", "audit-log", "src", "main.js");
const data = resolve(root, process.env.DATA_DIR || ".data");
const addresses = join(data, "run", "stack.json");

if (!process.env.DB_SUBNAME && existsSync(addresses)) {
  const { postgres, registry } = JSON.parse(readFileSync(addresses, "utf8"));
  const local = {
    DB_SUBNAME: `//${new URL(postgres).host}/wharfinger`,
    DB_USER: "wharfinger",
    DB_PASSWORD_FILE: join(data, "secrets", "postgres"),
    PGSSLMODE: "disable",
    KEYS_DIR: join(data, "keys"),
    REGISTRY_URL: registry,
  };
  process.env = { ...local, ...process.env };
}
if (existsSync(program)) await import(new URL("../../dist/audit-log/src/main.js", import.meta.url));
else {
  console.error("not compiled yet: npm run build");
  process.exitCode = 2;
}
