import { setTimeout as pause } from "node:timers/promises";
import type { Queryable } from "#service-kit/db/pool.js";
import type { Mode } from "./mode.js";
import { countOpenWork, listGateways, readMode, type HeardGateway } from "./sql.js";

/** What keeps the registry from being at rest. */
export interface DrainState {
  readonly mode: Mode;
  readonly gateways: readonly HeardGateway[];
  /** Tags reserved for a push, a deletion or a repair. */
  readonly reservations: number;
  /** Uploads that have begun and not ended. */
  readonly uploads: number;
}

/** A gateway tells of itself at least every two seconds. */
const SILENT_SECONDS = 10;
const LOOK_MILLISECONDS = 250;

/** @returns how far the gateways are */
export async function readDrainState(db: Queryable): Promise<DrainState> {
  const [mode, gateways, work] = await Promise.all([
    readMode(db),
    listGateways(db),
    countOpenWork(db),
  ]);
  return { mode, gateways, ...work };
}

/**
 * @param state - how far the gateways are
 * @returns what still has to come to an end, in words; nothing when nobody writes at the registry any more
 */
export function whatIsOpen({ mode, gateways, reservations, uploads }: DrainState): string[] {
  if (mode.name === "normal") return ["the mode is normal: anybody may write"];
  const open = gateways.flatMap(({ name, follows, writes, silentSeconds }) => {
    if (silentSeconds > SILENT_SECONDS)
      return [
        `${name} has said nothing for ${Math.round(silentSeconds)} s; if it has ended: mode forget ${name}`,
      ];
    if (follows !== mode.changedAt) return [`${name} does not know of the change yet`];
    return writes > 0 ? [`${name} has ${writes} under way`] : [];
  });
  if (reservations > 0) open.push(`${reservations} tags are being written`);
  if (uploads > 0 && mode.drainSeconds > 0)
    open.push(`${uploads} uploads may go on for ${Math.ceil(mode.drainSeconds)} s`);
  return open;
}

/**
 * Waits until nobody writes at the registry any more.
 *
 * @param db - ledger
 * @param options - how long to wait, who ends the waiting, and who is told what is still open
 * @returns what is still open; nothing when it came to rest in time
 */
export async function untilDrained(
  db: Queryable,
  options: {
    readonly seconds: number;
    readonly signal: AbortSignal;
    readonly progress: (open: readonly string[]) => void;
  },
): Promise<string[]> {
  const deadline = performance.now() + options.seconds * 1_000;
  for (;;) {
    const open = whatIsOpen(await readDrainState(db));
    if (open.length === 0 || performance.now() > deadline || options.signal.aborted) return open;
    options.progress(open);
    await pause(LOOK_MILLISECONDS, undefined, { signal: options.signal }).catch(() => undefined);
  }
}
