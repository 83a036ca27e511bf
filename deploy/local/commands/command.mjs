import { existsSync } from "node:fs";
import { join } from "node:path";
import { checkNodeVersion } from "../set-up/node-version.mjs";
import { root } from "../set-up/run.mjs";
import { data, useStackEnvironment } from "./stack-environment.mjs";

checkNodeVersion();

// node deploy/local/commands/command.mjs <program below dist> <arguments>: without a database named, for the local stack.
const [program = "", ...args] = process.argv.slice(2);
const file = join(root, "dist", program);

if (!existsSync(file)) {
  console.error("not compiled yet: npm run build");
  process.exitCode = 2;
} else if (!args.includes("--help") && !args.includes("-h") && !useStackEnvironment()) {
  console.error(`no stack was started on ${data}: npm start, or name a database in DB_SUBNAME`);
  process.exitCode = 2;
} else {
  process.argv = [process.argv[0], file, ...args];
  await import(new URL(`file://${file}`).href);
}
