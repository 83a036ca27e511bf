import { hash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";

/** A file of the web page, ready to be sent. */
export interface PageFile {
  readonly type: string;
  readonly entityTag: string;
  /** By content coding (RFC 9110 section 8.4.1); `identity` is always there. */
  readonly bytes: Readonly<Partial<Record<Coding, Buffer>>> & { readonly identity: Buffer };
}

/** Codings that files are compressed with beforehand, and none. */
export type Coding = "br" | "gzip" | "identity";

/** What `npm run build` made of the page. */
export interface PageFiles {
  readonly index: PageFile;
  /** By their names, which say their content. */
  readonly assets: ReadonlyMap<string, PageFile>;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};
const COMPRESSED = { br: ".br", gzip: ".gz" } as const;

/**
 * All of it is some 100 KiB, and stays in memory.
 *
 * @param folder - what the page was built into
 * @returns its files; `null`: it was not built
 */
export function readPageFiles(folder: string): PageFiles | null {
  const index = join(folder, "index.html");
  if (!existsSync(index)) return null;
  const assets = join(folder, "assets");
  const names = readdirSync(assets).filter((name) => Object.hasOwn(TYPES, extname(name)));
  return {
    index: readPageFile(index),
    assets: new Map(names.map((name) => [name, readPageFile(join(assets, name))])),
  };
}

function readPageFile(path: string): PageFile {
  const identity = readFileSync(path);
  const compressed = Object.entries(COMPRESSED)
    .filter(([, ending]) => existsSync(path + ending))
    .map(([coding, ending]) => [coding, readFileSync(path + ending)] as const);
  return {
    type: TYPES[extname(path)] ?? "application/octet-stream",
    entityTag: hash("sha256", identity, "base64url").slice(0, 27),
    bytes: { identity, ...Object.fromEntries(compressed) },
  };
}
