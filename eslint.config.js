import { posix } from "node:path";
import js from "@eslint/js";
import tseslint from "typescript-eslint";
import { FOLDERS, homeOf, PACKAGES } from "./import-table.js";

const NAMES = [...Object.keys(PACKAGES), "local", "tests"];

/** The rules for files `from` somewhere that belongs to a folder: that folder itself, or its `sql`. */
function rulesFor(name, folder, from) {
  const allowed = [folder, ...FOLDERS[name][folder]];
  const refused = Object.keys(FOLDERS[name]).filter((other) => !allowed.includes(other));
  return [
    ...NAMES.filter((other) => other !== name && !PACKAGES[name].includes(other)).map((other) => ({
      regex: `^#${other}/`,
      message: `${name} may import only: ${PACKAGES[name].join(", ") || "nothing"}`,
    })),
    { regex: `^#${name}/`, message: "inside a package imports are relative" },
    ...refused.map((other) => ({
      regex: `^${wayTo(other, from)}/(?:sql/)?[^/]+$`,
      message: `${homeOf(name)}/${folder} may import only: ${FOLDERS[name][folder].join(", ") || "nothing"}`,
    })),
  ];
}

function wayTo(folder, from) {
  const way = posix.relative(from, folder);
  return (way.startsWith(".") ? way : `./${way}`).replaceAll(".", "\\.");
}

const importRules = Object.keys(FOLDERS).flatMap((name) =>
  Object.keys(FOLDERS[name]).flatMap((folder) =>
    [folder, posix.join(folder, "sql")].map((from) => ({
      files: [posix.join(homeOf(name), from, "*.{ts,mjs}")],
      rules: { "no-restricted-imports": ["error", { patterns: rulesFor(name, folder, from) }] },
    })),
  ),
);

export default tseslint.config(
  { ignores: ["**/dist/", "**/node_modules/", "**/cdk.out/", ".data/", "coverage/"] },
  js.configs.recommended,
  {
    files: ["**/*.{ts,tsx}"],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      // A row type given by the caller of a query is the contract with the SQL beside it.
      "@typescript-eslint/no-unnecessary-type-parameters": "off",
    },
  },
  {
    // Node's runner awaits its tests itself.
    files: ["deploy/{ecs,kubernetes}/test/*.ts"],
    rules: {
      "@typescript-eslint/no-floating-promises": [
        "error",
        {
          allowForKnownSafeCalls: [
            { from: "package", package: "node:test", name: ["describe", "test"] },
          ],
        },
      ],
    },
  },
  {
    files: ["**/*.mjs", "**/*.js"],
    languageOptions: { globals: { process: "readonly", console: "readonly", URL: "readonly" } },
  },
  {
    // It runs on the Node that began an npm script, from 18 on.
    files: ["deploy/local/set-up/node24.mjs"],
    languageOptions: { ecmaVersion: 2022 },
  },
  {
    // A test waits for what it needs to be so, not for a time in which it mostly is.
    files: ["tests/{unit,integration,in-time,conformance,attacks,e2e,slow,support}/**/*.ts"],
    ignores: ["tests/support/race.ts"],
    rules: {
      "no-restricted-syntax": [
        "error",
        {
          selector:
            "ImportDeclaration[source.value='node:timers/promises'] ImportSpecifier[imported.name='setTimeout']",
          message: "wait for a condition (tests/support/eventually.ts)",
        },
        {
          selector:
            "NewExpression[callee.name='Promise'] > ArrowFunctionExpression > CallExpression[callee.name='setTimeout']",
          message: "wait for a condition (tests/support/eventually.ts)",
        },
      ],
    },
  },
  ...importRules,
);
