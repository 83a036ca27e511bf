import { strict as assert } from "node:assert";
import { setTimeout as pause } from "node:timers/promises";
import { eventually } from "#tests/support/eventually.js";
import type { Drilled } from "./drilled.js";

/** Copies and removes folders. */
export interface Folders {
  readonly copy: (from: string, to: string) => Promise<void>;
  readonly remove: (path: string) => Promise<void>;
}

/** Runs a recipe of docs/backup.md. @returns seconds that it took. @throws AssertionError when something is not whole then */
export type Recipe = (drilled: Drilled, folders: Folders) => Promise<number>;

const DISCOVER = "gateway/src/commands/discover/main.js";
const STORAGE = "gateway/src/commands/storage/main.js";
const VERIFY = "verify";
const PARTS = ["postgres", "registry"] as const;

/** Tags by name, with their digests. */
type Tags = Readonly<Record<string, string>>;

async function push(drilled: Drilled, tags: readonly string[], content: string): Promise<Tags> {
  const pushed: Record<string, string> = {};
  for (const tag of tags)
    pushed[tag] = await drilled.client.push("alpha/app", tag, `${content} ${tag}`);
  return pushed;
}

/** A copy of what stands still: what is read from a running database is another matter, and Postgres' own. */
async function save(drilled: Drilled, { copy }: Folders): Promise<void> {
  await drilled.stop();
  for (const part of PARTS) await copy(drilled.paths(part).live, drilled.paths(part).saved);
  await drilled.start();
}

async function restore(
  drilled: Drilled,
  { copy, remove }: Folders,
  parts: readonly (typeof PARTS)[number][],
): Promise<void> {
  await drilled.stop();
  for (const part of parts) {
    const { live, saved } = drilled.paths(part);
    await remove(live);
    await copy(saved, live);
  }
  await drilled.start();
}

/** @returns what was pushed before the backup, and what was pushed after it */
async function lifeBefore(drilled: Drilled, folders: Folders): Promise<[Tags, Tags]> {
  const before = await push(drilled, ["1.0", "1.1", "1-SNAPSHOT"], "before");
  // So that there is a checkpoint of it.
  await pause(2_500);
  await save(drilled, folders);
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
    const [before, after] = await lifeBefore(drilled, folders);
    const began = performance.now();
    const since = new Date().toISOString();
    await restore(drilled, folders, ["postgres"]);
    await eventually("the gateway has said what is gone", async () =>
      (await drilled.log("gateway")).includes("audit.behind"),
    );
    await drilled.must(DISCOVER, "--accept-registry", "--since", since);
    await verify(drilled);
    const seconds = secondsSince(began);
    await drilled.pulls({ ...before, ...after, latest: after["2.0"] ?? "" });
    // What never changes does not, also of the lost time.
    await assert.rejects(drilled.client.push("alpha/app", "2.0", "other"));
    return seconds;
  },
  "the storage alone": async (drilled, folders) => {
    const [before, after] = await lifeBefore(drilled, folders);
    const began = performance.now();
    await restore(drilled, folders, ["registry"]);
    await drilled.must(STORAGE, "show");
    for (let i = 0; i < 3; i += 1) await drilled.run(DISCOVER, "--repair");
    const { ok, output } = await drilled.run(VERIFY, "--registry", "--blobs");
    assert(!ok && output.includes("2.0"), output);
    const seconds = secondsSince(began);
    await drilled.pulls({ "1.0": before["1.0"] ?? "", "1.1": before["1.1"] ?? "" });
    // Whoever has the image makes it whole again.
    await push(drilled, ["2.0", "1-SNAPSHOT"], "after");
    await drilled.must(DISCOVER);
    await verify(drilled);
    await drilled.pulls({ ...before, ...after });
    return seconds;
  },
  both: async (drilled, folders) => {
    const [before] = await lifeBefore(drilled, folders);
    const began = performance.now();
    const since = new Date().toISOString();
    await restore(drilled, folders, PARTS);
    await drilled.must(DISCOVER, "--accept-registry", "--since", since);
    await verify(drilled);
    const seconds = secondsSince(began);
    await drilled.pulls(before);
    return seconds;
  },
  "an empty storage, begun anew": async (drilled, { copy, remove }) => {
    const before = await push(drilled, ["1.0"], "before");
    const began = performance.now();
    const { live, saved } = drilled.paths("registry");
    await copy(live, saved);
    await remove(live);
    assert.equal(await drilled.isReady(), false);
    await assert.rejects(drilled.client.push("alpha/app", "3.0", "lost"));
    await drilled.must(STORAGE, "accept", "--reason", "the old one is lost");
    await drilled.untilReady();
    const seconds = secondsSince(began);
    await push(drilled, ["3.0"], "anew");
    // The old one is not taken for it any more.
    await remove(live);
    await copy(saved, live);
    assert.equal(await drilled.isReady(), false);
    await assert.rejects(drilled.client.push("alpha/app", "4.0", "lost"));
    await drilled.must(STORAGE, "accept", "--reason", "the old one was found");
    await drilled.untilReady();
    await drilled.pulls(before);
    return seconds;
  },
};
