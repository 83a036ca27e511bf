import { rename } from "node:fs/promises";
import { eventually } from "#tests/support/eventually.js";
import { answersOk } from "#local/processes/wait.js";
import { contest } from "./after.js";
import type { Day } from "./day.js";
import { copyFolder } from "./folders.js";
import type { DayKind } from "./kind.js";

const BACK_WITHIN_MILLISECONDS = 90_000;

/** The database goes back: under the running gateways, as when a standby that was behind leads, and by the recipe. */
export const OLD_DATABASE: DayKind = {
  name: "an old copy of the database",
  run: async (day, traffic) => {
    const { isShort } = day.options;
    await traffic.during(isShort ? 3_000 : 20_000);
    await day.restart(() => copyFolder(day.path("postgres"), day.path("postgres", "old")));
    await copyFolder(day.path("postgres", "old"), day.path("postgres", "older"));
    await traffic.during(isShort ? 4_000 : 60_000);

    const since = new Date();
    await traffic.during(isShort ? 4_000 : 60_000, async () => {
      await day.kill("postgres");
      await rename(day.path("postgres"), day.path("postgres", "newer"));
      await rename(day.path("postgres", "old"), day.path("postgres"));
      for (const url of day.fleet.gateways)
        await eventually(
          `${url} is ready`,
          () => answersOk(`${url}/ready`),
          BACK_WITHIN_MILLISECONDS,
        );
      await contest(day);
    });
    await acceptRegistry(day, since);

    await traffic.during(isShort ? 3_000 : 20_000);
    const restored = new Date();
    await day.restart(async () => {
      await rename(day.path("postgres"), day.path("postgres", "newest"));
      await rename(day.path("postgres", "older"), day.path("postgres"));
    });
    await acceptRegistry(day, restored);
    await traffic.during(isShort ? 3_000 : 20_000);
  },
};

/** docs/backup.md: the database alone, the storage kept. */
async function acceptRegistry(day: Day, since: Date): Promise<void> {
  const { ok, output } = await day.discover("--accept-registry", "--since", since.toISOString());
  if (!ok) day.wrong.push(`the registry could not be accepted: ${output}`);
}
