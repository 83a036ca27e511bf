import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";
import { REPOSITORY_ROOT } from "#local/repository-root.js";
import { instrument, type NumberedGuard } from "./instrument.js";

/** A copy of the repository in which guards can be taken out, one at a time. */
export interface Scratch {
  readonly root: string;
  /** Says which guard is out, or where to note which are reached: see {@link switchModule}. */
  readonly orders: string;
}

const SWITCH = "service-kit/src/one-guard-out.ts";
const COMPILED = /(?<!\.d)\.ts$/;

/**
 * The work tree itself is never touched.
 *
 * @param folder - where the copy is made anew
 * @param guards - all guards
 * @returns the copy, compiled as the programs are that its tests start
 */
export function makeScratch(folder: string, guards: readonly NumberedGuard[]): Scratch {
  const root = join(folder, "repository");
  const orders = join(folder, "orders");
  rmSync(root, { recursive: true, force: true });
  const listed = execFileSync("git", ["ls-files", "-co", "--exclude-standard"], {
    cwd: REPOSITORY_ROOT,
    encoding: "utf8",
  });
  const put = (path: string, text: string) => {
    write(join(root, path), text);
    const compiled = ts.transpileModule(text, { compilerOptions: options, fileName: path });
    write(join(root, "dist", path.replace(COMPILED, ".js")), compiled.outputText);
  };
  for (const path of listed.split("\n").filter((line) => line !== "")) {
    const from = join(REPOSITORY_ROOT, path);
    if (!COMPILED.test(path)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      copyFileSync(from, join(root, path));
      continue;
    }
    const text = readFileSync(from, "utf8");
    const own = guards.filter(({ file }) => file === path);
    put(path, own.length === 0 ? text : instrument(text, own, "#service-kit/one-guard-out.js"));
  }
  put(SWITCH, switchModule(orders));
  symlinkSync(join(REPOSITORY_ROOT, "node_modules"), join(root, "node_modules"));
  return { root, orders };
}

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.ESNext,
  verbatimModuleSyntax: true,
};

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/**
 * Every process and every test file reads anew what is ordered: `out <numbers>`, or `note <file>`, which notes guards
 * with the test that comes by them; `""`: none, but what goes before them all.
 */
function switchModule(orders: string): string {
  return `import { appendFileSync, readFileSync } from "node:fs";
const [what, which] = readFileSync(${JSON.stringify(orders)}, "utf8").trim().split(" ");
const out = new Set(what === "out" ? which?.split(",").map(Number) : []);
const noted = new Map<string, Set<number>>();
const told = (globalThis as { told?: { runningTest: string } }).told ?? { runningTest: "" };
export function isTakenOut(number: number): boolean {
  if (what === "note") {
    const test = told.runningTest;
    let numbers = noted.get(test);
    if (numbers === undefined) noted.set(test, (numbers = new Set()));
    if (!numbers.has(number)) {
      numbers.add(number);
      appendFileSync(which ?? "", JSON.stringify([number, test]) + "\\n");
    }
  }
  return out.has(number);
}
`;
}
