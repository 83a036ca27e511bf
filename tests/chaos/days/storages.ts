import { mkdir, rename } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { startStock } from "#tests/support/registry.js";
import { testTools } from "#tests/support/tools.js";
import { writeMarker } from "#gateway/storage/first-marker.js";
import { registryUpstream } from "#gateway/upstream/upstream.js";
import { contest } from "./after.js";
import type { Day } from "./day.js";
import { copyFolder } from "./folders.js";
import { knownImage } from "./images.js";
import type { DayKind } from "./kind.js";
import { mendStorage } from "./lost.js";
import { storedTags } from "./stored.js";
import { REPOSITORIES } from "./traffic.js";
import { pushTo } from "./transfer.js";

const FOREIGN_TAGS = 60;
const FOREIGN_ID = "00000000-0000-4000-8000-000000000000";

/**
 * Has the registry on another folder than before, started anew there. A copy by the name of the one before is left.
 *
 * @param day - the stack, up
 * @param from - name under which its folder is put aside
 * @param to - name of the folder that takes its place
 */
async function exchangeStorage(day: Day, from: string, to: string): Promise<void> {
  await day.kill("registry");
  await rename(day.path("registry"), day.path("registry", from));
  await rename(day.path("registry", to), day.path("registry"));
}

/** The registry is started on another installation's storage, and on none, again and again, and comes back each time. */
export const WRONG_STORAGE: DayKind = {
  name: "wrong and empty storage",
  run: async (day, traffic) => {
    const { isShort, random } = day.options;
    await foreignStorage(day);
    const foreign = await tagsOf(day, "foreign");
    await mkdir(day.path("registry", "empty"));
    await traffic.during(3_000);
    const rounds = isShort ? 1 : 6;
    const seconds = () => (isShort ? 5 : 2 + random.below(30));
    for (let round = 0; round < rounds; round += 1)
      for (const wrong of ["foreign", "empty"])
        await traffic.during(2_000, async () => {
          await exchangeStorage(day, "right", wrong);
          // Somebody starts a gateway anew, as people do when things go wrong.
          await day.kill("gateway", random.below(2));
          await pause(seconds() * 1_000);
          await exchangeStorage(day, wrong, "right");
          await day.untilReady();
        });
    if (JSON.stringify(await tagsOf(day, "foreign")) !== JSON.stringify(foreign))
      day.wrong.push("another installation's storage was written to");
    if ((await tagsOf(day, "empty")).length > 0)
      day.wrong.push("tags were written to an empty storage");
  },
};

/** Under the running gateways the registry gets an older copy of its storage, and nobody says so. */
export const OLD_STORAGE: DayKind = {
  name: "an old copy of the storage",
  run: async (day, traffic) => {
    const { isShort } = day.options;
    await traffic.during(isShort ? 3_000 : 20_000);
    await copyFolder(day.path("registry"), day.path("registry", "old"));
    await traffic.during(isShort ? 4_000 : 60_000);
    await traffic.during(isShort ? 4_000 : 60_000, () => exchangeStorage(day, "newer", "old"));
    await day.untilReady();
    await contest(day);
    const lost = await mendStorage(day);
    day.options.say(
      `the older storage lacked parts of ${lost} tags, all of them named and pushed again`,
    );
  },
};

async function tagsOf(day: Day, name: string) {
  const tags = await storedTags(day.path("registry", name));
  return tags.toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

/** Another installation's, with a marker of its own: names that are pushed here have other bytes there. */
async function foreignStorage(day: Day): Promise<void> {
  const { registry } = testTools();
  const file = process.env["REGISTRY_BIN"] ?? (registry.kind === "binary" ? registry.file : null);
  if (file === null) throw new Error("there is no program of a registry here");
  const staging = await startStock(
    file,
    { http: { relativeurls: true } },
    { storage: day.path("registry", "foreign") },
  );
  try {
    await writeMarker(
      registryUpstream(staging.url, () => "Bearer of staging"),
      FOREIGN_ID,
    );
    const at = { url: staging.url, token: "" };
    for (const repository of [...REPOSITORIES, "staging/app"])
      for (let i = 0; i < FOREIGN_TAGS; i += 1) {
        const { end, told } = await pushTo(at, knownImage(repository, `n${i}`, `of staging ${i}`));
        if (end !== "acknowledged") throw new Error(told);
      }
  } finally {
    await staging.stop();
  }
}
