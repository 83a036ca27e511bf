import { existsSync, readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { entityTagOf, type SentFile } from "#service-kit/http/send-file.js";

/** A file of the web page by content coding (RFC 9110 section 8.4.1); `identity` is always there. */
export type PageFile = Readonly<Partial<Record<Coding, SentFile>>> & {
  readonly identity: SentFile;
};

/** Codings that files are compressed with beforehand, and none. */
export type Coding = "br" | "gzip" | "identity";

/** What `npm run build` made of the page. */
export interface PageFiles {
  readonly index: PageFile;
  /** It with the first view in it, in each language that the page speaks. */
  readonly home: Readonly<Record<Language, PageFile>>;
  /** By their names, which say their content. */
  readonly assets: ReadonlyMap<string, PageFile>;
}

/** What the page speaks; where nothing else is wanted, the first of them. */
export const LANGUAGES = ["en", "de"] as const;
export type Language = (typeof LANGUAGES)[number];

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
    home: Object.fromEntries(
      LANGUAGES.map((one) => [one, readPageFile(join(folder, `home.${one}.html`))]),
    ) as Record<Language, PageFile>,
    assets: new Map(names.map((name) => [name, readPageFile(join(assets, name))])),
  };
}

function readPageFile(path: string): PageFile {
  const type = TYPES[extname(path)] ?? "application/octet-stream";
  const read = (ending: string, coding?: string): SentFile => {
    const content = readFileSync(path + ending);
    return { type, content, entityTag: entityTagOf(content), coding };
  };
  const compressed = Object.entries(COMPRESSED)
    .filter(([, ending]) => existsSync(path + ending))
    .map(([coding, ending]) => [coding, read(ending, coding)] as const);
  return { identity: read(""), ...Object.fromEntries(compressed) };
}
