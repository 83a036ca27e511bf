import { existsSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { FOLDERS, homeOf, PACKAGES } from "../../import-table.js";
import {
  REPOSITORY_ROOT,
  resolveImport,
  sourceFiles,
  type SourceFile,
} from "#tests/support/source-tree.js";

const FILES = sourceFiles();

const WITH_DEPLOY = [
  ...FILES,
  ...sourceFiles(["deploy/compose", "deploy/database", "deploy/local", "deploy/monitoring"]),
];

/** Packages that decide and parse, and what of Node they may use: functions that do no I/O. */
const PURE: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  "registry-protocol/src/": { "node:crypto": ["createHash"] },
  "tag-policy/src/": {},
  "access-policy/src/": {
    "node:crypto": ["createHash"],
    "node:net": ["isIP", "isIPv4", "isIPv6", "BlockList", "SocketAddress"],
  },
};

/** Who may use which library: the places that style.md's import table names. */
const CONFINED: Readonly<Record<string, RegExp>> = {
  pg: /^service-kit\/src\/db\//,
  "node-pg-migrate": /^service-kit\/src\/db\//,
  jsonwebtoken: /^service-kit\/src\/signing\/|^token-server\/src\//,
  jose: /^service-kit\/src\/signing\/|^gateway\/src\/proxy\/(?:caller|known-keys)\.ts$|^token-server\/src\//,
  "@peculiar/x509": /^service-kit\/src\/signing\/|^token-server\/src\/identity\//,
  express: /^(?:gateway|token-server)\/src\/|^service-kit\/src\/http\/entry\.ts$/,
  "@aws-sdk/client-sns": /^gateway\/src\/sinks\//,
  pino: /^service-kit\/src\/log\.ts$/,
};

/** Longest file, in lines; generated files and SQL do not count. */
const MOST_LINES = 300;

describe("the table of imports", () => {
  test("has a line for every folder, and none for what is gone", () => {
    const folders = new Set(WITH_DEPLOY.map(({ path }) => dirname(path).replace(/\/sql$/, "")));
    const lines = Object.entries(FOLDERS).flatMap(([name, rows]) =>
      Object.keys(rows).map((folder) => join(homeOf(name), folder)),
    );
    expect(lines.sort()).toEqual([...folders].sort());
  });

  test.each(Object.entries({ ...FOLDERS, packages: PACKAGES }))("has no circle: %s", (_, rows) => {
    const low = new Set<string>();
    const isLow = ([name, imports]: [string, readonly string[]]) =>
      !low.has(name) && imports.every((one) => low.has(one));
    for (let next; (next = Object.entries(rows).find(isLow)) !== undefined;) low.add(next[0]);
    expect(Object.keys(rows).filter((name) => !low.has(name))).toEqual([]);
  });

  test("stands in docs/architecture.md as it is", () => {
    const text = readFileSync(join(REPOSITORY_ROOT, "docs/architecture.md"), "utf8");
    const told = [...text.matchAll(/^\| `([^`]+)` +\| [^|]+ +\| ([^|]*) \|$/gm)].map(
      ([, folder = "", imports = ""]) => [folder, imports.trim()],
    );
    const wanted = Object.entries(FOLDERS).flatMap(([name, rows]) =>
      Object.entries("." in rows ? rows : { ...rows, ".": [] }).map(([folder, imports]) => [
        join(homeOf(name), folder),
        [...(folder === "." ? (PACKAGES[name] ?? []) : []), ...imports].join(", "),
      ]),
    );
    expect(told).toEqual(wanted);
  });
});

describe("the architecture", () => {
  test.each(Object.entries(PURE))("%s touches no I/O", (folder, allowed) => {
    const strays = FILES.filter(({ path }) => path.startsWith(folder)).flatMap((file) =>
      file.imports
        .filter((specifier) => isBuiltin(specifier))
        .flatMap((specifier) => namesImported(file, specifier).map((name) => [specifier, name]))
        .filter(([specifier = "", name = ""]) => allowed[specifier]?.includes(name) !== true)
        .map((stray) => [file.path, ...stray]),
    );
    expect(strays).toEqual([]);
  });

  test("pure packages import pure packages alone", () => {
    const strays = importsOf(FILES.filter(({ path }) => isPure(path))).filter(
      ({ target }) => target !== null && !isPure(target),
    );
    expect(strays).toEqual([]);
  });

  test("gateway and token server never import each other", () => {
    const crossings = importsOf(FILES).filter(
      ({ from, target }) =>
        (from.startsWith("gateway/") && target?.startsWith("token-server/")) ||
        (from.startsWith("token-server/") && target?.startsWith("gateway/")),
    );
    expect(crossings).toEqual([]);
  });

  test("statements know no use case", () => {
    const strays = importsOf(FILES).filter(
      ({ from, target }) =>
        from.includes("/sql/") && target?.startsWith("gateway/src/ledger/push-"),
    );
    expect(strays).toEqual([]);
  });

  test.each(Object.entries(CONFINED))("only the places agreed on import %s", (library, place) => {
    const strays = importsOf(FILES)
      .filter(({ specifier }) => specifier === library || specifier.startsWith(`${library}/`))
      .filter(({ from }) => !place.test(from));
    expect(strays).toEqual([]);
  });

  test("the environment is read by main files, config files and deploy scripts alone", () => {
    const readers = FILES.filter(({ text }) => /\bprocess\s*\.\s*env\b/.test(text))
      .map(({ path }) => path)
      .filter((path) => !/\/(?:main|config)\.ts$/.test(path));
    expect(readers).toEqual([]);
  });

  test("no file imports itself by way of others", () => {
    expect(findCycle(WITH_DEPLOY.filter(({ path }) => !path.endsWith(".d.ts")))).toEqual([]);
  });

  test("every import of our own files leads to a file", () => {
    const dangling = importsOf(WITH_DEPLOY).filter(
      ({ target }) => target !== null && !existsSync(join(REPOSITORY_ROOT, target)),
    );
    expect(dangling).toEqual([]);
  });

  test(`no source file has more than ${MOST_LINES} lines`, () => {
    const tooLong = WITH_DEPLOY.map(({ path, text }) => ({
      path,
      text,
      lines: text.split("\n").length,
    }))
      .filter(({ lines, text }) => lines > MOST_LINES && !text.startsWith("// Generated"))
      .map(({ path }) => path);
    expect(tooLong).toEqual([]);
  });

  test("no name says nothing: utils, helpers, common, shared, types, manager", () => {
    const vague = WITH_DEPLOY.map(({ path }) => path).filter((path) =>
      /(?:^|[/-])(?:utils?|helpers?|common|shared|types|lib|managers?)(?:\.ts$|\/)/.test(path),
    );
    expect(vague).toEqual([]);
  });

  test("every path that docs/architecture.md names exists", () => {
    const text = readFileSync(join(REPOSITORY_ROOT, "docs/architecture.md"), "utf8");
    const named = [...text.matchAll(/`([a-z][a-zA-Z0-9_.-]*\/[a-zA-Z0-9_./-]*)`/g)].map(
      (match) => match[1] ?? "",
    );
    const missing = named.filter((path) => !existsSync(join(REPOSITORY_ROOT, path)));
    expect(missing).toEqual([]);
    expect(named.length).toBeGreaterThan(0);
  });
});

interface Import {
  readonly from: string;
  readonly specifier: string;
  readonly target: string | null;
}

function importsOf(files: readonly SourceFile[]): Import[] {
  return files.flatMap((file) =>
    file.imports.map((specifier) => ({
      from: file.path,
      specifier,
      target: resolveImport(file, specifier),
    })),
  );
}

/** Names that a file takes from a module; `*` for all of it. */
function namesImported({ text }: SourceFile, specifier: string): string[] {
  const statement = new RegExp(`^import ([^;]*?) from "${specifier}"`, "m").exec(text)?.[1] ?? "*";
  const names = /\{([^}]*)\}/.exec(statement)?.[1];
  if (names === undefined) return ["*"];
  return names.split(",").flatMap((name) => name.replace(/^\s*type /, "").trim() || []);
}

function isPure(path: string): boolean {
  return Object.keys(PURE).some((folder) => path.startsWith(folder));
}

/** The files of the first import cycle found, or nothing. */
function findCycle(files: readonly SourceFile[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): string[] => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    const file = byPath.get(path);
    if (file === undefined || done.has(path)) return [];
    for (const specifier of file.imports) {
      const target = resolveImport(file, specifier);
      const cycle = target === null ? [] : visit(target, [...trail, path]);
      if (cycle.length > 0) return cycle;
    }
    done.add(path);
    return [];
  };
  for (const { path } of files) {
    const cycle = visit(path, []);
    if (cycle.length > 0) return cycle;
  }
  return [];
}
