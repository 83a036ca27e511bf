import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

// dist/wharf.mjs: all of wharf in one file, which runs with Node alone.
const outfile = fileURLToPath(new URL("dist/wharf.mjs", import.meta.url));
const { metafile } = await build({
  entryPoints: [fileURLToPath(new URL("dist/main.js", import.meta.url))],
  ...{
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node22",
    logLevel: "warning",
    metafile: true,
  },
  banner: { js: "#!/usr/bin/env node" },
  legalComments: "inline",
});
writeFileSync(
  outfile,
  `${readFileSync(outfile, "utf8")}\n${licences(Object.keys(metafile.inputs))}`,
);
chmodSync(outfile, 0o755);

/** Licences want to be where the code is, and this file goes around alone. */
function licences(inputs) {
  const folders = new Set(inputs.filter((file) => file.includes("node_modules/")).map(packageOf));
  return [...folders].sort().map(licenceOf).join("\n");
}

function packageOf(file) {
  const [, above, name] = /^(.*node_modules\/)((?:@[^/]+\/)?[^/]+)\//.exec(file);
  return join(above, name);
}

function licenceOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = ["LICENSE", "LICENSE.md", "LICENSE.txt", "LICENCE"]
    .map((candidate) => join(folder, candidate))
    .find(existsSync);
  if (file === undefined) throw new Error(`${name} has no text of its licence, ${license}`);
  const text = readFileSync(file, "utf8").trim().replaceAll("*/", "* /");
  return `/*!\n${name} ${version}, ${license}\n\n${text}\n*/`;
}
