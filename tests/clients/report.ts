import { JOBS, JOB_IDS, type JobId } from "./job.js";
import type { Entry } from "./matrix.js";

/** What came of all clients before one registry line. */
export interface Measured {
  /** Version of the stock registry, as `2.8.2`. */
  readonly registry: string;
  readonly gateway: readonly Entry[];
  readonly bare: readonly Entry[];
}

const INTRODUCTION = `# Clients

What clients do here and what their users read, next to the stock registry alone. Written by \`npm run clients\`; do not edit.

Each client logs in with \`docker login\`'s store or its own, and goes through the same jobs, in this order, as a member of
team alpha. Deletion is on, for the team and for tags \`tmp-*\`; others are immutable. The registry alone knows nobody and refuses
nothing. Clients marked **re-enacted** are not run: their requests for tokens, and the order of the others, are made from their
public source; what they would print is not known, so the registry's own words stand there.

- **done**: it went well. **refused**: it was to be refused, and was. **failed**: it was not to.
- Behind the colon stands what the client printed last, in one line: \`registry\` is the registry's host.

To measure: \`npm run clients\`, with \`REGISTRY_BIN\` once more for another registry. \`CLIENT_CRANE\`, \`CLIENT_ORAS\`, \`CLIENT_REGCTL\`,
\`CLIENT_COSIGN\`, \`CLIENT_NOTATION\` point at programs that the machine does not have by itself, \`CLIENT_SIGSTORE_OCI\` at the folder of
the package from npm.
`;

/**
 * @param measured - what was measured, one per registry
 * @returns the document, in Markdown
 */
export function clientsDocument(measured: readonly Measured[]): string {
  const names = [
    ...new Set(measured.flatMap(({ gateway }) => gateway.map(({ client }) => client))),
  ];
  return [INTRODUCTION, ...names.map((name) => section(name, measured))].join("\n");
}

function section(client: string, measured: readonly Measured[]): string {
  const versions = new Set<string>();
  const rows = JOB_IDS.flatMap((job) => {
    const cells = measured.map(({ registry, gateway, bare }) => {
      const here = gateway.find((entry) => entry.client === client && entry.job === job);
      const there = bare.find((entry) => entry.client === client && entry.job === job);
      if (here !== undefined) versions.add(describe(here));
      return { registry, here: here && told(here, true), there: there && told(there, false) };
    });
    return rowsOf(job, cells);
  });
  const head = ["| job | registry | gateway | the registry alone |", "| --- | --- | --- | --- |"];
  return [`## ${client}`, "", `${[...versions].join("; ")}.`, "", ...head, ...rows, ""].join("\n");
}

interface Cell {
  readonly registry: string;
  readonly here: string | undefined;
  readonly there: string | undefined;
}

/** One row, where all registries are alike. */
function rowsOf(job: JobId, cells: readonly Cell[]): string[] {
  const known = cells.filter(({ here }) => here !== undefined);
  const rows = new Map<string, string[]>();
  for (const { registry, here = "", there = "" } of known) {
    const key = `${here} | ${there || "–"}`;
    rows.set(key, [...(rows.get(key) ?? []), registry]);
  }
  return [...rows].map(
    ([key, registries]) => `| ${JOBS[job].title} | ${registries.join(", ")} | ${key} |`,
  );
}

function describe({ version, reenacted }: Entry): string {
  return reenacted === undefined
    ? `Version ${version}`
    : `Version ${version}, **re-enacted** from ${reenacted}`;
}

/** @returns whether a job went as it has to */
export function isAsWanted({ job, ok }: Entry, isGateway: boolean): boolean {
  return ok !== (isGateway && JOBS[job].refused);
}

function told(entry: Entry, isGateway: boolean): string {
  const words = entry.words.replaceAll("|", "\\|").replaceAll("`", "'");
  if (entry.ok) return isAsWanted(entry, isGateway) ? "done" : "**not refused**";
  const verdict = isGateway && JOBS[entry.job].refused ? "refused" : "**failed**";
  return `${verdict}: \`${words}\``;
}
