import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { runProgram } from "#local/processes/run-program.js";
import type { Day } from "./day.js";
import type { DayKind } from "./kind.js";
import type { Traffic } from "./traffic.js";

/** Disks of their own: the registry's, the database's, and the one of everything else (keys, logs, secrets). */
const SIDES = ["registry", "postgres", "everything else"] as const;
type Side = (typeof SIDES)[number];
const MEBIBYTES: Readonly<Record<Side, number>> = {
  "everything else": 64,
  registry: 64,
  postgres: 400,
};
const FILLER = "filler";
const CHUNK = Buffer.alloc(1 << 20, 1);

/** Each disk is full for a while, under pushes. */
export const DISKS: DayKind = {
  name: "full disks",
  mounts: true,
  prepare: async (folder) => {
    for (const side of ["everything else", "registry", "postgres"] as const) {
      const at = diskOf(folder, side);
      await mkdir(at, { recursive: true });
      const args = ["-t", "tmpfs", "-o", `size=${MEBIBYTES[side]}m`, "tmpfs", at];
      const { ok, output } = await runProgram({ file: "mount", args, env: process.env });
      if (!ok) throw new Error(`a disk of its own cannot be made here: ${output}`);
    }
    return { end: () => unmount(folder) };
  },
  run: async (day, traffic) => {
    const { isShort, random } = day.options;
    const rounds = isShort ? 1 : 4;
    await traffic.during(3_000);
    for (let round = 0; round < rounds; round += 1)
      for (const side of SIDES)
        await fullFor(day, traffic, side, isShort ? 8_000 : 2_000 + random.below(60_000));
  },
};

async function fullFor(day: Day, traffic: Traffic, side: Side, milliseconds: number) {
  const disk = diskOf(day.options.folder, side);
  const { counts } = day.books;
  const before = { ...counts };
  await traffic.during(1_000, async () => {
    await fill(disk);
    await pause(milliseconds);
    await rm(join(disk, FILLER));
  });
  const refused = counts.unavailable + counts.unanswered - before.unavailable - before.unanswered;
  day.options.say(
    `  the disk of ${side} full: ${counts.acknowledged - before.acknowledged} acknowledged, ` +
      `${refused} not answered or told to try again`,
  );
  if (side === "everything else" && counts.acknowledged === before.acknowledged)
    day.wrong.push("nothing was acknowledged while logs could not be written");
  await day.untilReady();
  const after = counts.acknowledged;
  await traffic.during(3_000);
  if (counts.acknowledged === after)
    day.wrong.push(`nothing was acknowledged after there was room for ${side} again`);
}

function diskOf(folder: string, side: Side): string {
  const data = join(folder, "data");
  return side === "everything else" ? data : join(data, side);
}

/** To the last byte. */
async function fill(disk: string): Promise<void> {
  const file = await open(join(disk, FILLER), "w");
  try {
    for (let size = CHUNK.length; size > 0; size = size === 1 ? 0 : size >> 1)
      for (;;) {
        const { bytesWritten } = await file
          .write(CHUNK, 0, size)
          .catch(() => ({ bytesWritten: 0 }));
        if (bytesWritten === 0) break;
      }
  } finally {
    await file.close();
  }
}

/** Innermost first. */
async function unmount(folder: string): Promise<void> {
  for (const side of ["registry", "postgres", "everything else"] as const)
    await runProgram({
      file: "umount",
      args: ["--lazy", diskOf(folder, side)],
      env: process.env,
    });
}
