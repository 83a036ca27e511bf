import { existsSync } from "node:fs";
import { join } from "node:path";
import { checkNodeVersion } from "../set-up/node-version.mjs";
import { root } from "../set-up/run.mjs";
import { useStackEnvironment } from "./stack-environment.mjs";

// `npm run verify` and `npm run audit`: without a database named, the local stack's is meant.
const program = join(root, "dist", "audit-log", "src", "commands", "main.js");

checkNodeVersion();
// Whoever asks how it is used needs no stack.
if (!process.argv.includes("--help") && !process.argv.includes("-h"))
  useStackEnvironment("auditor");
if (existsSync(program)) await import(program);
else {
  console.error("not compiled yet: npm run build");
  process.exitCode = 2;
}
