import { chmodSync } from "node:fs";
import { build } from "esbuild";

// dist/wharf.mjs: all of wharf in one file, which runs with Node alone.
const outfile = new URL("dist/wharf.mjs", import.meta.url).pathname;
await build({
  entryPoints: [new URL("dist/main.js", import.meta.url).pathname],
  ...{
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node22",
    logLevel: "warning",
  },
  banner: { js: "#!/usr/bin/env node" },
  legalComments: "inline",
});
chmodSync(outfile, 0o755);
