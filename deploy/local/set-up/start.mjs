import { checkNodeVersion } from "./node-version.mjs";

checkNodeVersion();
const { prepare } = await import("./prepare.mjs");
const { endOnSignal } = await import("./run.mjs");

const letGo = endOnSignal();
try {
  const compiles = await prepare(console.log);
  if (!compiles) throw new Error("the sources do not compile, see the messages above");
} catch (error) {
  console.error(`wharfinger: ${error.message}`);
  process.exit(1);
}
letGo();
const stack = process.argv[2] === "two" ? "two" : "stack";
await import(new URL(`../../../dist/deploy/local/${stack}/main.js`, import.meta.url).href);
