import js from "@eslint/js";
import tseslint from "typescript-eslint";

/** Which folders a folder may import; everything else is refused. */
const layers = {
  "registry-protocol": [],
  "access-policy": ["registry-protocol"],
  "tag-policy": ["registry-protocol", "access-policy"],
  "service-kit": ["registry-protocol"],
  "audit-log": ["registry-protocol", "service-kit"],
  "registry-config": ["service-kit"],
  "token-server": ["registry-protocol", "access-policy", "service-kit", "audit-log"],
  gateway: ["registry-protocol", "access-policy", "tag-policy", "service-kit", "audit-log"],
  cli: [],
};
const packages = [...Object.keys(layers), "local", "tests"];

const layerRules = Object.entries(layers).map(([folder, allowed]) => ({
  files: [`${folder}/src/**/*.ts`],
  rules: {
    "no-restricted-imports": [
      "error",
      {
        patterns: packages
          .filter((name) => !allowed.includes(name))
          .map((name) => ({
            regex: `^#${name}/`,
            message: `${folder} may import only: ${allowed.join(", ") || "nothing"}`,
          })),
      },
    ],
  },
}));

export default tseslint.config(
  { ignores: ["dist/", "node_modules/", ".data/", "coverage/"] },
  js.configs.recommended,
  {
    files: ["**/*.ts"],
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
    files: ["**/*.mjs", "**/*.js"],
    languageOptions: { globals: { process: "readonly", console: "readonly", URL: "readonly" } },
  },
  ...layerRules,
);
