import { chmod, mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { REPOSITORY_ROOT } from "#local/repository-root.js";
import { findDebianPackage } from "#tests/support/debian-package.js";
import { startOwnPostgres } from "#tests/support/postgres.js";
import type { Day } from "./day.js";
import type { DayKind } from "./kind.js";
import type { Traffic } from "./traffic.js";

/** Whose clock can be wrong. That of one gateway is wrong while the other's is right. */
const PROCESSES = ["gateway", "token-server", "postgres", "registry"] as const;
type Process = (typeof PROCESSES)[number];

const HOURS = 10;
const SECONDS_PER_HOUR = 3_600;
/** What reads the time anew does so within a second. */
const READ_ANEW_MILLISECONDS = 1_500;

/** Where services read how wrong their clocks are: the first gateway's is beside the others'. */
const first = (folder: string) => join(folder, "clocks");
const second = (folder: string) => join(folder, "clocks-of-the-second-gateway");

/** Clocks jump by ten hours while everything runs, one at a time, each way; and back. */
export const CLOCKS: DayKind = {
  name: "clocks that are ten hours off",
  prepare: async (folder) => {
    for (const clocks of [first(folder), second(folder)]) {
      await mkdir(clocks, { recursive: true });
      for (const name of ["gateway", "token-server"]) await setClock(join(clocks, name), "0");
    }
    // The server's user has to get to it.
    await chmod(folder, 0o755);
    const file = join(first(folder), "postgres");
    await setClock(file, "+0");
    const database = await startOwnPostgres({}, await movableClock(file));
    const { login } = database;
    return {
      env: {
        ...nodeOptions(first(folder)),
        DB_SUBNAME: `//${login.host}:${login.port}/${login.database}`,
        DB_USER: login.user,
        DB_PASSWORD: login.password,
        PGSSLMODE: "disable",
      },
      othersEnv: nodeOptions(second(folder)),
      end: () => database.stop(),
    };
  },
  run: async (day, traffic) => {
    const { isShort, random } = day.options;
    const rounds = isShort ? 1 : 3;
    await traffic.during(2_000);
    for (let round = 0; round < rounds; round += 1)
      for (const whose of PROCESSES)
        for (const sign of [1, -1])
          await wrongFor(day, traffic, {
            ...{ whose, hours: sign * HOURS },
            milliseconds: isShort ? 4_000 : 2_000 + random.below(40_000),
          });
  },
};

async function wrongFor(
  day: Day,
  traffic: Traffic,
  fault: {
    readonly whose: Process;
    readonly hours: number;
    readonly milliseconds: number;
  },
): Promise<void> {
  const { whose, hours, milliseconds } = fault;
  const { counts } = day.books;
  const before = { ...counts };
  await traffic.during(milliseconds, async () => {
    await turn(day.options.folder, whose, hours);
    await pause(READ_ANEW_MILLISECONDS);
  });
  const [meanwhile, refused] = [
    counts.acknowledged - before.acknowledged,
    counts.unavailable + counts.unanswered - before.unavailable - before.unanswered,
  ];
  await turn(day.options.folder, whose, 0);
  await pause(READ_ANEW_MILLISECONDS);
  day.options.say(
    `  ${whose} ${hours} h: ${meanwhile} acknowledged, ${refused} not answered or told to try again`,
  );
  await day.untilReady();
  const after = counts.acknowledged;
  await traffic.during(2_000);
  if (counts.acknowledged === after)
    day.wrong.push(`nothing was acknowledged after the clock of ${whose} was right again`);
}

/** The registry reads the time without the C library, so everybody else's is turned the other way. */
async function turn(folder: string, whose: Process, hours: number): Promise<void> {
  const offsets: Readonly<Record<string, number>> =
    whose === "registry"
      ? { gateway: -hours, second: -hours, "token-server": -hours, postgres: -hours }
      : { [whose === "gateway" ? "second" : whose]: hours };
  for (const [name, offset] of Object.entries(offsets)) {
    const seconds = offset * SECONDS_PER_HOUR;
    if (name === "postgres")
      await setClock(join(first(folder), name), `${seconds < 0 ? "" : "+"}${seconds}`);
    else if (name === "second") await setClock(join(second(folder), "gateway"), String(seconds));
    else await setClock(join(first(folder), name), String(seconds));
  }
}

/** Nobody reads a part of it. */
async function setClock(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, `${text}\n`);
  await rename(`${file}.new`, file);
}

function nodeOptions(clocks: string): NodeJS.ProcessEnv {
  const module = pathToFileURL(join(REPOSITORY_ROOT, "tests", "support", "shifted-clock.mjs"));
  module.searchParams.set("folder", clocks);
  return { NODE_OPTIONS: `--import ${module.href}` };
}

/** Of a program that asks the C library for the time (libfaketime). */
async function movableClock(file: string): Promise<Record<string, string>> {
  const found = await findDebianPackage("libfaketime");
  if (typeof found === "string") throw new Error(found);
  return {
    LD_PRELOAD: join(found.root, "usr", "lib", "x86_64-linux-gnu", "faketime", "libfaketime.so.1"),
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_CACHE_DURATION: "1",
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
    FAKETIME_DISABLE_SHM: "1",
    NO_FAKE_STAT: "1",
  };
}
