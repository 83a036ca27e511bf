import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import ts from "typescript";
import { REPOSITORY_ROOT } from "#tests/support/source-tree.js";

const { imports } = JSON.parse(readFileSync(join(REPOSITORY_ROOT, "package.json"), "utf8")) as {
  readonly imports: Readonly<Record<string, string>>;
};

const JEST_CONFIG = "../../jest.config.js";
const { default: jestConfig } = (await import(JEST_CONFIG)) as { default: JestConfig };

/** What is in a clone that nobody has built. */
const NEVER_BUILT: ts.ParseConfigHost & ts.ModuleResolutionHost = {
  ...ts.sys,
  fileExists: (path) => !isBuilt(path) && ts.sys.fileExists(path),
  directoryExists: (path) => !isBuilt(path) && ts.sys.directoryExists(path),
};

/** A file of each folder that has a name. */
const SAMPLES = [
  ["#registry-protocol/faults.js", "registry-protocol/src/faults.ts"],
  ["#audit-log/entry.js", "audit-log/src/entry.ts"],
  ["#access-policy/decide.js", "access-policy/src/decide.ts"],
  ["#tag-policy/tag-policy.js", "tag-policy/src/tag-policy.ts"],
  ["#rest-api/operation.js", "rest-api/src/operation.ts"],
  ["#service-kit/http/server.js", "service-kit/src/http/server.ts"],
  ["#registry-config/main.js", "registry-config/src/main.ts"],
  ["#local/processes/ports.js", "deploy/local/processes/ports.ts"],
  ["#gateway/proxy/plan.js", "gateway/src/proxy/plan.ts"],
  ["#token-server/token/issue.js", "token-server/src/token/issue.ts"],
  ["#tests/support/stack.js", "tests/support/stack.ts"],
] as const;

describe("names that begin with #", () => {
  test("are each tried below", () => {
    const tried = SAMPLES.map(([specifier]) => specifier.replace(/\/.*/, "/*"));
    expect(tried.sort()).toEqual(Object.keys(imports).sort());
  });

  test.each(SAMPLES)(
    "lead editors to the source: %s, also where nothing was built",
    (name, path) => {
      const file = join(REPOSITORY_ROOT, "tests/unit/import-names.test.ts");
      const { resolvedModule } = ts.resolveModuleName(name, file, compilerOptions(), NEVER_BUILT);
      expect(resolvedModule?.resolvedFileName).toBe(join(REPOSITORY_ROOT, path));
    },
  );

  test.each(SAMPLES)(
    "stand in tsconfig.json, for tools that do not look where it builds to: %s",
    (name, path) => {
      const [folder = "", rest = ""] = name.split(/\/(.*)/);
      const [target = ""] = compilerOptions().paths?.[`${folder}/*`] ?? [];
      expect(target.replace("*", rest)).toBe(`./${path.replace(/\.ts$/, ".js")}`);
    },
  );

  test.each(SAMPLES)("lead tests to the source: %s", (name, path) => {
    const [{ moduleNameMapper = {} } = {}] = jestConfig.projects;
    const found = Object.entries(moduleNameMapper).find(([one]) => new RegExp(one).test(name));
    const [pattern = "", target = ""] = found ?? [];
    const mapped = name.replace(new RegExp(pattern), target.replace("<rootDir>/", ""));
    expect(`${mapped}.ts`).toBe(path);
  });

  test.each(SAMPLES)("lead programs to what was built of the source: %s", (name, path) => {
    const [folder = "", rest = ""] = name.split(/\/(.*)/);
    const target = imports[`${folder}/*`]?.replace("*", rest);
    expect(target).toBe(`./dist/${path.replace(/\.ts$/, ".js")}`);
  });
});

interface JestConfig {
  readonly projects: readonly { readonly moduleNameMapper?: Readonly<Record<string, string>> }[];
}

function compilerOptions(): ts.CompilerOptions {
  const file = join(REPOSITORY_ROOT, "tsconfig.json");
  const { config } = ts.readConfigFile(file, (path) => ts.sys.readFile(path)) as {
    config: unknown;
  };
  const { options, errors } = ts.parseJsonConfigFileContent(config, ts.sys, REPOSITORY_ROOT);
  expect(errors).toEqual([]);
  return options;
}

function isBuilt(path: string): boolean {
  return path.startsWith(join(REPOSITORY_ROOT, "dist"));
}
