import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";

/** A source file of the product, parsed. */
export interface Source {
  /** Path from the root of the tree. */
  readonly path: string;
  readonly parsed: ts.SourceFile;
  /** Paths of the files of the product that it imports, types included. */
  readonly imports: readonly string[];
}

/**
 * @param root - a tree of the repository, as it is or was
 * @returns every source file of the product in it: `<package>/src/`
 */
export function readSources(root: string): Source[] {
  const packages = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(root, entry.name, "src")))
    .map(({ name }) => join(name, "src"));
  const paths = packages.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".ts"))
      .map((path) => join(folder, path)),
  );
  return paths.sort().map((path) => {
    const text = readFileSync(join(root, path), "utf8");
    const parsed = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
    const { importedFiles } = ts.preProcessFile(text, true, true);
    const imports = importedFiles.flatMap(({ fileName }) => targetOf(path, fileName) ?? []);
    return { path, parsed, imports };
  });
}

function targetOf(from: string, specifier: string): string | null {
  const file = specifier.replace(/\.js$/, ".ts");
  if (file.startsWith(".")) return join(dirname(from), file);
  const own = /^#([a-z-]+)\/(.+)$/.exec(file);
  return own === null ? null : `${own[1] ?? ""}/src/${own[2] ?? ""}`;
}
