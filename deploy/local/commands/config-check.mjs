import { existsSync } from "node:fs";
import { join } from "node:path";
import { checkNodeVersion } from "../set-up/node-version.mjs";
import { root, run } from "../set-up/run.mjs";

checkNodeVersion();

// npm run config-check -- [gateway] [token-server]: whether a service would start with the variables that are set; both where
// none is named. Neither database nor registry is asked.
const SERVICES = ["gateway", "token-server"];
const named = process.argv.slice(2);
const unknown = named.find((name) => !SERVICES.includes(name));

if (unknown !== undefined) {
  console.error(
    `given ${JSON.stringify(unknown)}, wanted ${SERVICES.join(" or ")}, or nothing for both`,
  );
  process.exitCode = 2;
} else if (!existsSync(join(root, "dist"))) {
  console.error("not compiled yet: npm run build");
  process.exitCode = 2;
} else {
  for (const name of named.length === 0 ? SERVICES : named) {
    console.log(`${name}:`);
    const code = await run(process.execPath, [join(root, "dist", name, "src/main.js"), "--check"]);
    process.exitCode ||= code;
  }
}
