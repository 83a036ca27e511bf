import {
  SOURCE_FOLDERS,
  sourceFiles,
  resolveImport,
  type SourceFile,
} from "#tests/support/source-tree.js";

/** Who may do what is decided in these, and what is on record of it. */
const MODULES: readonly RegExp[] = [
  /^token-server\/src\//,
  /^access-policy\/src\//,
  /^tag-policy\/src\//,
  /^registry-protocol\/src\//,
  /^audit-log\/src\//,
  /^gateway\/src\/api\//,
  /^gateway\/src\/deletion\//,
  /^gateway\/src\/pulls\//,
  /^gateway\/src\/ledger\//,
  /^gateway\/src\/outbox\//,
  /^gateway\/src\/proxy\//,
  /^gateway\/src\/upstream\/client-framing\.ts$/,
  /^service-kit\/src\/http\/(?:cross-site|client-facts)\.ts$/,
  /^service-kit\/src\/signing\/(?:(?:caller-)?statement|certificate-chain)\.ts$/,
];

/** Words for people: they say what was decided, and decide nothing. */
const WORDS = /^access-policy\/src\/(?:reason|nearest|shadow)\.ts$/;

/**
 * @returns the modules whose guards have to be noticed: those that decide who may do what
 * @throws Error when some of them are no longer where they were
 */
export function guardedModules(): SourceFile[] {
  const files = sourceFiles();
  const gone = MODULES.filter((module) => !files.some(({ path }) => module.test(path)));
  if (gone.length > 0) throw new Error(`no module is at ${gone.join(", ")}`);
  return files.filter(
    ({ path }) => MODULES.some((module) => module.test(path)) && !WORDS.test(path),
  );
}

/** Test files, those that are cheap to run apart from those that start databases, registries and programs. */
export interface Tests {
  readonly unit: readonly string[];
  readonly whole: readonly string[];
}

/** Looks at the sources as text, so that the copy is not what it asks for. */
const NOT_HERE = /^tests\/unit\/(?:architecture|service-kit\/files-read-once)\.test\.ts$/;
/** Those that ask for the programs as a whole; of the others only those that import a guarded module. */
const PROGRAMS =
  /#local\/(?:launch|stack|repository-root)|support\/(?:token-server-process|stack)\.js/;
const WHOLE = /^tests\/(?:attacks|integration)\//;
/** Load, and what guards have no part in. */
const NEITHER =
  /^tests\/(?:attacks\/(?:under-attack|registry-log|upstream|raw|smuggling|hidden|listeners|database-tls)|integration\/(?:local|chaos|keys|mode))/;

/**
 * @param modules - the guarded modules
 * @returns the test files that may notice when a guard is gone
 */
export function nearTests(modules: readonly SourceFile[]): Tests {
  const files = new Map(
    sourceFiles([...SOURCE_FOLDERS, "tests", "deploy/local"]).map((file) => [file.path, file]),
  );
  const guarded = new Set(modules.map(({ path }) => path));
  const tests = [...files.values()].filter(({ path }) => path.endsWith(".test.ts"));
  const reaching = tests.filter(
    (test) =>
      !NOT_HERE.test(test.path) &&
      (reached(test, files).some((path) => guarded.has(path)) || PROGRAMS.test(test.text)),
  );
  const paths = reaching.map(({ path }) => path);
  return {
    unit: paths.filter((path) => path.startsWith("tests/unit/")),
    whole: paths.filter((path) => WHOLE.test(path) && !NEITHER.test(path)),
  };
}

/** How many of those that start databases and programs are near enough to be asked about a change. */
const MOST_WHOLE = 12;

/**
 * @param modules - what was changed
 * @param tests - test files that reach it
 * @returns of those that are not cheap to run the few that are named most alike
 */
export function nearestTests(modules: readonly SourceFile[], tests: Tests): Tests {
  const words = new Set(modules.flatMap(({ path }) => wordsOf(path)));
  const alike = (test: string) => wordsOf(test).filter((word) => words.has(word)).length;
  const whole = [...tests.whole].sort((a, b) => alike(b) - alike(a)).slice(0, MOST_WHOLE);
  return { unit: tests.unit, whole };
}

const IN_ALL_PATHS = ["src", "ts", "test", "sql", "server", "token", "service", "kit", "gateway"];

/** @returns the words of a path, each once and without the `s` of a plural */
export function wordsOf(path: string): string[] {
  const words = path.split(/[^a-z]+/).map((word) => word.replace(/s$/, ""));
  return [...new Set(words)].filter((word) => !IN_ALL_PATHS.includes(word));
}

function reached(from: SourceFile, files: ReadonlyMap<string, SourceFile>): string[] {
  const seen = new Set<string>([from.path]);
  for (const path of seen) {
    const file = files.get(path);
    for (const specifier of file?.imports ?? []) {
      const target = file === undefined ? null : resolveImport(file, specifier);
      if (target !== null) seen.add(target);
    }
  }
  return [...seen];
}
