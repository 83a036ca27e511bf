import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { openTagRules } from "#gateway/wiring/tag-rules.js";
import { createMetrics } from "#service-kit/metrics.js";
import { refusedFiles, type RefusedFiles } from "#service-kit/refused-files.js";
import type { Opened } from "#service-kit/run-until-signal.js";
import { readConfig } from "#token-server/config/config.js";
import { openLogins } from "#token-server/wiring/logins.js";
import { openPolicy } from "#token-server/wiring/policy.js";
import { openRequestOrigin } from "#token-server/wiring/request-origin.js";
import { makeAuthority } from "#tests/support/certificates.js";
import { eventually } from "#tests/support/eventually.js";
import type { StartedLedger } from "#tests/support/ledger.js";
import { SILENT } from "#tests/support/silent.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { useLedger } from "#tests/support/use-ledger.js";

const RULES = `rules:
  - {id: all, effect: allow, actions: [pull], repositories: ["**"], who: anyone}
`;

let ledger: StartedLedger;
let folder: TemporaryFolder;

useLedger((started) => {
  ledger = started;
});
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

const NOTHING_LISTED = {
  directory: { current: () => null },
  registries: { find: () => undefined },
};

interface Following {
  readonly files: RefusedFiles;
  readonly metrics: ReturnType<typeof createMetrics>;
}

/** What following a file needs besides. */
function followed({ files, metrics }: Following) {
  const tally = { note: () => undefined };
  const records = { note: () => undefined, record: () => Promise.resolve(), tally };
  return { records, log: SILENT, metrics, files };
}

const certificates = async () => (await makeAuthority()).certificatePem;

type Open = (path: string, following: Following) => Promise<Opened>;

const FOLLOWED: readonly (readonly [what: string, text: () => Promise<string>, open: Open])[] = [
  [
    "the policy",
    () => Promise.resolve(RULES),
    async (path, following) =>
      openPolicy(path, { ...followed(following), facts: NOTHING_LISTED, service: "wharfinger" }),
  ],
  [
    "the logins",
    () => Promise.resolve("teams: {alpha: [/employees/alice]}\n"),
    async (path, following) => {
      const config = readConfig({
        LOGINS_FILE: path,
        HTTP_TOKENINFO_URL: "http://127.0.0.1:9/tokeninfo",
      });
      const clocks = { doubt: () => null };
      return openLogins(config, { ...followed(following), db: ledger.db, clocks });
    },
  ],
  [
    "the trust in gateways",
    certificates,
    async (gatewayTrustFile, following) =>
      openRequestOrigin(
        { gatewayTrustFile, trustedProxies: [] },
        { ...followed(following), clocks: { note: () => undefined } },
      ),
  ],
  [
    "the rules for tags",
    () => Promise.resolve("rules: []\n"),
    async (path, following) => openTagRules(path, followed(following)),
  ],
];

/** Of what files loads are counted. */
const COUNTED: Readonly<Record<string, readonly string[]>> = {
  "the policy": loadsOf("policy_loads_total"),
  "the logins": loadsOf("logins_loads_total"),
};

test("a change that is refused, so that what was removed still counts, is noticed in every file that is followed", async () => {
  // Each is looked at every other second, so all at once.
  await Promise.all(FOLLOWED.map(isNoticed));
});

test("what gateways say of their callers is counted from nought", async () => {
  const metrics = createMetrics();
  const files = refusedFiles(metrics.registry);
  const { parts } = await openRequestOrigin(
    { gatewayTrustFile: null, trustedProxies: [] },
    { ...followed({ files, metrics }), clocks: { note: () => undefined } },
  );
  const text = await metrics.registry.metrics();
  const counts = text.split("\n").filter((line) => line.startsWith("caller_statements_total{"));
  expect(counts.length).toBeGreaterThan(1);
  expect(counts.filter((line) => !line.endsWith(" 0"))).toEqual([]);
  for (const part of parts) await part.stop();
});

async function isNoticed([what, textOf, open]: (typeof FOLLOWED)[number]): Promise<void> {
  const path = join(folder.path, what);
  const text = await textOf();
  await writeFile(path, text);
  const metrics = createMetrics();
  const files = refusedFiles(metrics.registry);
  const { parts } = await open(path, { files, metrics });
  expect(files.warnings()).toEqual([]);
  await writeFile(path, "{broken");
  await eventually(`${what}: it is noticed`, () => files.warnings().length === 1);
  await writeFile(path, text);
  await eventually(`${what}: it is mended`, () => files.warnings().length === 0);
  expect(loadsIn(await metrics.registry.metrics())).toEqual(COUNTED[what] ?? []);
  for (const part of parts) await part.stop();
}

/** @returns counts of what came of new contents: each was refused once and taken once */
function loadsIn(text: string): string[] {
  return text.split("\n").filter((line) => /^\w+_loads_total\{/.test(line));
}

function loadsOf(metric: string): readonly string[] {
  return [`${metric}{outcome="refused"} 1`, `${metric}{outcome="loaded"} 1`];
}
