import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { eventually } from "#tests/support/eventually.js";
import { startLateRelay, type Lateness, type LateRelay } from "#tests/support/late-relay.js";
import { settle } from "./after.js";
import type { DayKind } from "./kind.js";

const MANIFESTS = /^PUT \/v2\/\S+\/manifests\//;
const UPLOADS = /^P\w+ \/v2\/\S+\/blobs\/uploads\//;
/** What came late is looked for every five seconds, and put right. */
const LOOKED_FOR_MILLISECONDS = 12_000;
const SHORT: readonly Lateness[] = [
  // Past the gateway's patience, which is half a minute.
  { what: "requests", of: MANIFESTS, milliseconds: 35_000 },
  { what: "answers", of: MANIFESTS, milliseconds: 6_000 },
];
const FULL: readonly Lateness[] = [20_000, 90_000, 180_000].flatMap((milliseconds) =>
  (["requests", "answers"] as const).flatMap((what) => [
    { what, of: MANIFESTS, milliseconds },
    { what, of: UPLOADS, milliseconds },
  ]),
);

/**
 * What the second gateway asks of the registry is carried out late, or answered late; the first one goes there at once, and so is
 * acknowledged what is older at the registry's door.
 *
 * @returns the kind, with a relay of its own
 */
export function lateRegistry(): DayKind {
  let relay: LateRelay;
  return {
    name: "a registry that is late",
    prepare: async (folder, isShort) => {
      relay = await startLateRelay(() => registryPort(folder));
      return {
        env: isShort ? { REGISTRY_LATE_SECONDS: "90" } : {},
        othersEnv: { REGISTRY_URL: `http://127.0.0.1:${relay.port}` },
        end: () => relay.stop(),
      };
    },
    run: async (day, traffic) => {
      const { isShort, say } = day.options;
      await traffic.during(2_000);
      for (const lateness of isShort ? SHORT : FULL) {
        relay.late(lateness);
        await traffic.during(5_000);
        relay.late(null);
        const [late, open] = [relay.pending(), day.books.open()];
        say(
          `  ${lateness.what} ${lateness.milliseconds / 1_000} s late: ` +
            `${open.length} pushes are made again while ${late} are still to come`,
        );
        day.wrong.push(...(await settle(day, open)));
        await traffic.during(2_000);
        await eventually(
          "everything has come",
          () => relay.pending() === 0,
          lateness.milliseconds + 60_000,
        );
        await pause(LOOKED_FOR_MILLISECONDS);
      }
    },
  };
}

async function registryPort(folder: string): Promise<number> {
  const text = await readFile(join(folder, "data", "run", "stack.json"), "utf8");
  return Number(new URL((JSON.parse(text) as { registry: string }).registry).port);
}
