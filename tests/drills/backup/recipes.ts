import { strict as assert } from "node:assert";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { eventually } from "#tests/support/eventually.js";
import type { Drilled } from "./drilled.js";

/** Copies and removes folders. */
export interface Folders {
  readonly copy: (from: string, to: string) => Promise<void>;
  readonly move: (from: string, to: string) => Promise<void>;
  readonly remove: (path: string) => Promise<void>;
}

/** Runs a recipe of docs/backup.md. @returns seconds that it took. @throws AssertionError when something is not whole then */
export type Recipe = (drilled: Drilled, folders: Folders) => Promise<number>;

const DISCOVER = "gateway/src/commands/discover/main.js";
const STORAGE = "gateway/src/commands/storage/main.js";
const VERIFY = "verify";
/** Nobody else asks the registry then. */
const IDLE = ["--rate", "2000"];
const PARTS = ["postgres", "registry"] as const;

/** Tags by name, with their digests. */
type Tags = Readonly<Record<string, string>>;

async function push(drilled: Drilled, tags: readonly string[], content: string): Promise<Tags> {
  const pushed: Record<string, string> = {};
  for (const tag of tags)
    pushed[tag] = await drilled.client.push(drilled.repository, tag, `${content} ${tag}`);
  return pushed;
}

type Part = (typeof PARTS)[number];

/** A copy of what stands still: what is read from a running database is another matter, and Postgres' own. */
async function save(drilled: Drilled, { copy }: Folders, parts: readonly Part[]): Promise<void> {
  await drilled.stop();
  for (const part of parts) await copy(drilled.paths(part).live, drilled.paths(part).saved);
  await drilled.start();
}

/** How long a backup's bytes take to come back is its own affair: here they are only put into their place. */
async function restore(
  drilled: Drilled,
  { move, remove }: Folders,
  parts: readonly Part[],
): Promise<void> {
  // A stack is only up when its gateway is ready: a storage is put under a registry that runs.
  const isStorageAlone = !parts.includes("postgres");
  if (!isStorageAlone) await drilled.stop();
  for (const part of parts) {
    const { live, saved } = drilled.paths(part);
    await move(live, `${live}-lost`);
    await move(saved, live);
  }
  if (!isStorageAlone) await drilled.step("start", drilled.start());
  for (const part of parts) await remove(`${drilled.paths(part).live}-lost`);
}

/** @returns what was pushed before the backup, and what was pushed after it */
async function lifeBefore(
  drilled: Drilled,
  folders: Folders,
  parts: readonly Part[],
): Promise<[Tags, Tags]> {
  const before = await push(drilled, ["1.0", "1.1", "1-SNAPSHOT"], "before");
  // So that there is a checkpoint of it.
  await pause(2_500);
  await save(drilled, folders, parts);
  const after = await push(drilled, ["2.0", "1-SNAPSHOT"], "after");
  await pause(3_500);
  return [before, after];
}

async function verify(drilled: Drilled): Promise<void> {
  const output = await drilled.must(VERIFY, "--registry", "--blobs");
  assert.match(output, /whole|in order|ok/i, output);
}

function secondsSince(began: number): number {
  return (performance.now() - began) / 1_000;
}

/** The recipes, by name. */
export const RECIPES: Readonly<Record<string, Recipe>> = {
  "the database alone": async (drilled, folders) => {
    const [before, after] = await lifeBefore(drilled, folders, ["postgres"]);
    const began = performance.now();
    const since = new Date().toISOString();
    await restore(drilled, folders, ["postgres"]);
    await eventually("the gateway has said what is gone", async () =>
      (await drilled.log("gateway")).includes("audit.behind"),
    );
    await drilled.must(DISCOVER, "--accept-registry", ...IDLE, "--since", since);
    await verify(drilled);
    const seconds = secondsSince(began);
    await drilled.pulls({ ...before, ...after, latest: after["2.0"] ?? "" });
    // What never changes does not, also of the lost time.
    await assert.rejects(drilled.client.push(drilled.repository, "2.0", "other"));
    return seconds;
  },
  "the storage alone": async (drilled, folders) => {
    const [before, after] = await lifeBefore(drilled, folders, ["registry"]);
    const began = performance.now();
    await restore(drilled, folders, ["registry"]);
    await drilled.untilReady(false);
    await drilled.run(STORAGE, "show");
    await drilled.must(STORAGE, "accept", "--reason", "it is restored");
    await drilled.untilReady();
    for (let i = 0; i < 3; i += 1) await drilled.run(DISCOVER, "--repair", ...IDLE);
    const { ok, output } = await drilled.run(VERIFY, "--registry", "--blobs");
    assert(!ok && output.includes("2.0"), output);
    const seconds = secondsSince(began);
    await drilled.pulls({ "1.0": before["1.0"] ?? "", "1.1": before["1.1"] ?? "" });
    // Whoever has the image makes it whole again.
    await push(drilled, ["2.0", "1-SNAPSHOT"], "after");
    await drilled.must(DISCOVER, ...IDLE);
    await verify(drilled);
    await drilled.pulls({ ...before, ...after });
    return seconds;
  },
  both: async (drilled, folders) => {
    const [before] = await lifeBefore(drilled, folders, PARTS);
    const began = performance.now();
    const since = new Date().toISOString();
    await restore(drilled, folders, PARTS);
    await drilled.must(DISCOVER, "--accept-registry", ...IDLE, "--since", since);
    await verify(drilled);
    const seconds = secondsSince(began);
    await drilled.pulls(before);
    return seconds;
  },
  keys: async (drilled, { remove }) => {
    const before = await push(drilled, ["1.0"], "before");
    await pause(2_500);
    await drilled.stop();
    const began = performance.now();
    // The operator's authority, too; what everybody may read is kept.
    for (const folder of ["authority", "gateway", "token-server"])
      await remove(join(drilled.paths("keys").live, folder));
    await drilled.step("start, with new keys", drilled.start());
    await verify(drilled);
    const seconds = secondsSince(began);
    await push(drilled, ["2.0"], "after");
    await drilled.pulls(before);
    return seconds;
  },
  "an empty storage, begun anew": async (drilled, { move, remove }) => {
    const before = await push(drilled, ["1.0"], "before");
    const began = performance.now();
    const { live, saved } = drilled.paths("registry");
    await move(live, saved);
    await drilled.untilReady(false);
    await assert.rejects(drilled.client.push(drilled.repository, "3.0", "lost"));
    await drilled.must(STORAGE, "accept", "--reason", "the old one is lost");
    await drilled.untilReady();
    const seconds = secondsSince(began);
    await push(drilled, ["3.0"], "anew");
    // The old one is not taken for it any more.
    await remove(live);
    await move(saved, live);
    await drilled.untilReady(false);
    await assert.rejects(drilled.client.push(drilled.repository, "4.0", "lost"));
    await drilled.must(STORAGE, "accept", "--reason", "the old one was found");
    await drilled.untilReady();
    await drilled.pulls(before);
    return seconds;
  },
  "a ledger begun anew": async (drilled, { move }) => {
    const before = await push(drilled, ["1.0", "1.1"], "before");
    await drilled.stop();
    const { live, saved } = drilled.paths("registry");
    await move(live, saved);
    await move(drilled.paths("postgres").live, drilled.paths("postgres").saved);
    // As a new installation, which is then started on the storage of the old one.
    await drilled.start();
    await move(live, `${live}-of-nobody`);
    const began = performance.now();
    await move(saved, live);
    await drilled.untilReady(false);
    await drilled.must(STORAGE, "accept", "--reason", "the ledger is lost");
    await drilled.untilReady();
    await drilled.must(DISCOVER, ...IDLE);
    await verify(drilled);
    const seconds = secondsSince(began);
    await drilled.pulls({ ...before, latest: before["1.1"] ?? "" });
    await assert.rejects(drilled.client.push(drilled.repository, "1.0", "other"));
    return seconds;
  },
};
