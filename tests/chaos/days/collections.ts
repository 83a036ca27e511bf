import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { testTools } from "#tests/support/tools.js";
import { tokenFor } from "../client.js";
import { COMMANDS, type Day } from "./day.js";
import { digestOf, nameOf, type KnownImage } from "./images.js";
import type { DayKind } from "./kind.js";
import { REPOSITORIES, type Traffic } from "./traffic.js";
import { pushManifestAlone, uploadAlone } from "./transfer.js";

/** The registry remembers which blobs there are, as with S3; it is restarted only once that is asked for. */
export const COLLECTION: DayKind = {
  name: "a collection whose registry remembers",
  prepare: async (folder) => {
    const { registry } = testTools();
    const file = process.env["REGISTRY_BIN"] ?? (registry.kind === "binary" ? registry.file : "");
    const script = join(folder, "remembering-registry");
    const setting = "REGISTRY_STORAGE_CACHE_BLOBDESCRIPTOR=inmemory";
    await writeFile(script, `#!/bin/sh\nexec env ${setting} '${file}' "$@"\n`);
    await chmod(script, 0o755);
    return { env: { REGISTRY_BIN: script }, remembers: true };
  },
  run: async (day, traffic) => {
    const rounds = day.options.isShort ? 1 : 5;
    for (let round = 0; round < rounds; round += 1) {
      const halves = await halfPushes(day, traffic);
      await traffic.during(1_000, async () => {
        const collected = await day.run(COMMANDS.collect, "--drain", "2", "--wait", "120");
        if (collected.ok) day.wrong.push("a registry that remembers was not found out");
        const normal = await day.run(COMMANDS.mode, "normal");
        if (normal.ok) day.wrong.push("pushes were welcome while the registry remembered");
        await day.fleet.killAndAwait("registry", 0);
        await day.must(COMMANDS.mode, "normal");
      });
      await endHalves(day, traffic, halves);
    }
  },
};

/** The registry remembers nothing: nothing has to be restarted. */
export const PLAIN_COLLECTION: DayKind = {
  name: "a collection whose registry remembers nothing",
  run: async (day, traffic) => {
    const rounds = day.options.isShort ? 1 : 5;
    for (let round = 0; round < rounds; round += 1) {
      const halves = await halfPushes(day, traffic);
      await traffic.during(1_000, async () => {
        await day.must(COMMANDS.collect, "--drain", "2", "--wait", "120");
      });
      await endHalves(day, traffic, halves);
    }
  },
};

/** Images whose layers came before the collection, and whose manifests come after it. */
async function halfPushes(day: Day, traffic: Traffic): Promise<KnownImage[]> {
  await traffic.during(day.options.isShort ? 3_000 : 15_000);
  const halves = REPOSITORIES.flatMap((repository, i) => [
    traffic.next(`own-${i}`, repository),
    traffic.next(`own-${i}`, repository),
  ]);
  const [url = ""] = day.fleet.gateways;
  for (const image of halves) {
    day.books.begin(image);
    const token = await tokenFor(url, image.repository);
    const { end, told } = await uploadAlone({ url, token }, image);
    if (end !== "acknowledged") day.wrong.push(`layers of ${nameOf(image)}: ${told}`);
  }
  return halves;
}

/** A client that has uploaded its layers sends the manifest: it is told that they are gone, and pushes again. */
async function endHalves(day: Day, traffic: Traffic, halves: readonly KnownImage[]): Promise<void> {
  const [url = ""] = day.fleet.gateways;
  for (const image of halves) {
    const token = await tokenFor(url, image.repository);
    const pushed = await pushManifestAlone({ url, token }, image);
    day.books.end(image, pushed);
    if (pushed.end === "acknowledged")
      day.wrong.push(
        `${nameOf(image)} was acknowledged without ${digestOf(image.blobs[0] ?? "")}, which was collected`,
      );
  }
  await traffic.during(1_000);
}
