/** @returns {import("jest").Config} one jest project of this repository */
const project = (displayName, extra = {}) => ({
  displayName,
  rootDir: ".",
  testEnvironment: "node",
  testMatch: [`<rootDir>/tests/${displayName}/**/*.test.ts`],
  extensionsToTreatAsEsm: [".ts"],
  modulePathIgnorePatterns: ["<rootDir>/dist/", "<rootDir>/.data/"],
  moduleNameMapper: {
    "^(\\.{1,2}/.*)\\.js$": "$1",
    "^#local/(.*)\\.js$": "<rootDir>/deploy/local/$1",
    "^#tests/(.*)\\.js$": "<rootDir>/tests/$1",
    "^#([a-z-]+)/(.*)\\.js$": "<rootDir>/$1/src/$2",
  },
  transform: {
    "^.+\\.ts$": [
      "@swc/jest",
      {
        jsc: { target: "es2023", parser: { syntax: "typescript" } },
        module: { type: "es6" },
        sourceMaps: "inline",
      },
    ],
  },
  ...extra,
});

const SHARED_POSTGRES = {
  globalSetup: "<rootDir>/tests/support/start-shared-postgres.mjs",
  globalTeardown: "<rootDir>/tests/support/stop-shared-postgres.mjs",
};

/** What they ask is answered in time or not at all: beside others a busy machine would answer for the code. */
const IN_TIME = [
  "ledger/waiting",
  "outbox/large-backlog",
  "gateway/pushes-at-once",
  "gateway/refused-bodies",
].map((name) => `<rootDir>/tests/integration/${name}.test.ts`);

// Commands that change something want to know who runs them, and tests run as root in containers.
process.env.SUDO_USER ??= "tester";

export default {
  projects: [
    project("unit"),
    project("integration", { ...SHARED_POSTGRES, testPathIgnorePatterns: IN_TIME }),
    project("in-time", { ...SHARED_POSTGRES, testMatch: IN_TIME }),
    project("attacks", SHARED_POSTGRES),
    project("conformance", SHARED_POSTGRES),
    project("e2e"),
    project("slow"),
  ],
  testTimeout: 240_000,
  // Modules that a worker has run stay in its memory: after some hundred files it would collect garbage all the time.
  workerIdleMemoryLimit: "1GB",
};
