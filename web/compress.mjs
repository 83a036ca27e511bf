import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

// Beforehand and as well as it can be done: the gateway sends what is there.
const dist = fileURLToPath(new URL("dist/", import.meta.url));
const assets = readdirSync(join(dist, "assets")).map((name) => join("assets", name));
const pages = readdirSync(dist).filter((name) => name.endsWith(".html"));
for (const name of [...pages, ...assets]) {
  const path = join(dist, name);
  const bytes = readFileSync(path);
  const params = { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params }));
  writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
}
