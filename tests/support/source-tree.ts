import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

/** Folder of the repository, from wherever in it a test runs. */
export const REPOSITORY_ROOT = rootAbove(process.cwd());

/** A file of the product, in TypeScript or (what runs before anything is compiled) in JavaScript. */
export interface SourceFile {
  /** Path from the repository's root. */
  readonly path: string;
  readonly text: string;
  /** What it imports, as written. */
  readonly imports: readonly string[];
}

/** Folders that hold the product's own code. */
export const SOURCE_FOLDERS = [
  "registry-protocol/src",
  "access-policy/src",
  "tag-policy/src",
  "rest-api/src",
  "service-kit/src",
  "audit-log/src",
  "registry-config/src",
  "token-server/src",
  "gateway/src",
  "cli/src",
] as const;

/**
 * @param folders - folders from the repository's root
 * @returns every source file below them
 */
export function sourceFiles(folders: readonly string[] = SOURCE_FOLDERS): SourceFile[] {
  return folders.flatMap((folder) => sourcesBelow(join(REPOSITORY_ROOT, folder)));
}

function sourcesBelow(folder: string): SourceFile[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    // A package beside the product, as deploy/ecs and deploy/kubernetes, has what it depends on within itself.
    if (entry.isDirectory()) return entry.name === "node_modules" ? [] : sourcesBelow(path);
    if (!entry.isFile() || !/\.(?:ts|mjs)$/.test(entry.name)) return [];
    return [readSource(relative(REPOSITORY_ROOT, path))];
  });
}

/**
 * @param file - who imports
 * @param specifier - what, as written
 * @returns path of the imported file from the repository's root, or `null` for a package or a part of Node
 */
export function resolveImport(file: SourceFile, specifier: string): string | null {
  if (specifier.startsWith(".")) {
    const path = join(dirname(file.path), specifier);
    const types = path.replace(/\.js$/, ".d.ts");
    // Generated types have no code beside them.
    return existsSync(join(REPOSITORY_ROOT, types)) ? types : path.replace(/\.js$/, ".ts");
  }
  const own = /^#([a-z-]+)\/(.+)\.js$/.exec(specifier);
  if (own === null) return null;
  const [, folder = "", path = ""] = own;
  return `${FOLDER_OF[folder] ?? `${folder}/src`}/${path}.ts`;
}

/** Import names that stand for another folder than `<name>/src`: the `imports` of package.json. */
const FOLDER_OF: Readonly<Record<string, string>> = { local: "deploy/local", tests: "tests" };

function readSource(path: string): SourceFile {
  const text = readFileSync(join(REPOSITORY_ROOT, path), "utf8");
  const statements = text.matchAll(/^(?:import|export)\s(?:[^;"']*?\sfrom\s)?["']([^"']+)["']/gm);
  const calls = text.matchAll(/\bimport\(\s*["']([^"']+)["']\s*\)/g);
  return { path, text, imports: [...statements, ...calls].map((match) => match[1] ?? "") };
}

function rootAbove(folder: string): string {
  if (existsSync(join(folder, "jest.config.js"))) return folder;
  const above = resolve(folder, "..");
  if (above === folder) throw new Error("no repository around the working directory");
  return rootAbove(above);
}
