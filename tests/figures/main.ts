import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY_ROOT } from "#tests/support/source-tree.js";
import { figuresOf, type Figures, type Spread } from "./figures.js";

const USAGE = `Prints what the product's sources look like, side by side

  [revision or folder]…
      of each: a revision of this repository, or a folder that holds a tree of it; none: the tree as it is`;

/** Below the repository, so that its libraries are found. */
const SCRATCH = join(REPOSITORY_ROOT, ".data");

function main(wanted: readonly string[]): void {
  if (wanted.some((one) => one.startsWith("-"))) {
    console.error(USAGE);
    process.exitCode = 2;
    return;
  }
  const trees = wanted.length === 0 ? [REPOSITORY_ROOT] : wanted;
  const columns = trees.map((tree) => rowsOf(figuresAt(tree)));
  const names = columns[0]?.map(([name]) => name) ?? [];
  print(["", ...(wanted.length === 0 ? ["now"] : wanted)]);
  print(["---", ...trees.map(() => "---")]);
  names.forEach((name, row) => {
    print([name, ...columns.map((column) => column[row]?.[1] ?? "")]);
  });
}

function print(cells: readonly string[]): void {
  console.log(`| ${cells.join(" | ")} |`);
}

function figuresAt(tree: string): Figures {
  if (existsSync(tree)) return figuresOf(tree);
  mkdirSync(SCRATCH, { recursive: true });
  const folder = mkdtempSync(join(SCRATCH, "figures-"));
  try {
    const archive = execFileSync("git", ["archive", "--format=tar", tree], {
      cwd: REPOSITORY_ROOT,
      maxBuffer: 1024 * 1024 * 1024,
    });
    execFileSync("tar", ["-x", "-C", folder], { input: archive });
    return figuresOf(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function rowsOf(figures: Figures): [string, string][] {
  const { files, lines, functions, circles, widest, longestChain } = figures;
  return [
    ["source files", String(files.count)],
    ["lines", String(lines)],
    ["lines of a file: median, p90, most", shown(files)],
    ["functions", String(functions.count)],
    ["lines of a function: median, p90, most", shown(functions)],
    ["circles between folders", `${circles.length}${circles.length > 0 ? sizes(circles) : ""}`],
    ["widest dependency object below the wiring", widest],
    ["longest chain of imports, in files", String(longestChain)],
  ];
}

function shown({ median, p90, most }: Spread): string {
  return [median, p90, most].join(", ");
}

function sizes(circles: Figures["circles"]): string {
  return ` (of ${circles.map(({ length }) => length).join(", ")} folders)`;
}

main(process.argv.slice(2));
