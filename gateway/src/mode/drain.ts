import { setTimeout as pause } from "node:timers/promises";
import type { Queryable } from "#service-kit/db/pool.js";
import { forgetEndedGateways } from "./ended-gateways.js";
import type { Mode } from "./mode.js";
import { describeWrite, readOpenWrites, type OpenWrites } from "./open-writes.js";
import { endDrain, listGateways, readMode, type HeardGateway } from "./sql.js";

/** What keeps the registry from being at rest. */
export interface DrainState extends OpenWrites {
  readonly mode: Mode;
  readonly gateways: readonly HeardGateway[];
}

/** A gateway tells of itself at least every two seconds. */
const SILENT_SECONDS = 10;
const LOOK_MILLISECONDS = 250;

/** @returns how far the gateways are */
export async function readDrainState(db: Queryable): Promise<DrainState> {
  const [mode, gateways, work] = await Promise.all([
    readMode(db),
    listGateways(db),
    readOpenWrites(db),
  ]);
  return { mode, gateways, ...work };
}

/**
 * @param state - how far the gateways are
 * @returns what still has to come to an end, in words; nothing when nobody writes at the registry any more
 */
export function whatIsOpen(state: DrainState): string[] {
  const { mode, gateways, reservations, unanswered, uploads, named } = state;
  if (mode.name === "normal") return ["the mode is normal: anybody may write"];
  const open = gateways.flatMap(({ name, follows, writes, silentSeconds }) => {
    if (silentSeconds > SILENT_SECONDS)
      return [
        `${name} has said nothing for ${Math.round(silentSeconds)} s; if it has ended: mode forget ${name}`,
      ];
    if (follows !== mode.changedAt) return [`${name} does not know of the change yet`];
    return writes > 0 ? [`${name} has ${writes} under way`] : [];
  });
  if (reservations > 0) open.push(`tags being written: ${reservations}`);
  if (unanswered > 0) open.push(`requests that the registry may still carry out: ${unanswered}`);
  open.push(...named.map(describeWrite));
  if (!mode.drained) open.push(whatDrains(mode, uploads));
  return open;
}

function whatDrains({ drainSeconds }: Mode, uploads: number): string {
  if (drainSeconds <= 0) return "the time to drain ends just now";
  const which = uploads === 0 ? "uploads" : `uploads (${uploads} known)`;
  return `${which} may go on for ${Math.ceil(drainSeconds)} s`;
}

async function withoutEnded(db: Queryable, state: DrainState): Promise<DrainState> {
  const ended = await forgetEndedGateways(db, state.gateways);
  return { ...state, gateways: state.gateways.filter(({ name }) => !ended.includes(name)) };
}

/**
 * @param state - how far the gateways are
 * @returns the change whose drain can end now: its time is over, or nothing is left to drain; `null` for none
 */
export function drainToEnd({ mode, gateways, uploads }: DrainState): string | null {
  if (mode.name === "normal" || mode.drained) return null;
  const isIdle =
    uploads === 0 &&
    gateways.every(({ follows, writes }) => follows === mode.changedAt && writes === 0);
  return isIdle || mode.drainSeconds <= 0 ? mode.changedAt : null;
}

/**
 * @param tell - says what is still open
 * @returns the same, but quiet while nothing changes besides the seconds that are left
 */
export function onNews(tell: (open: readonly string[]) => void): (open: readonly string[]) => void {
  let told = "";
  return (open) => {
    const news = open.join().replaceAll(/\d+ s\b/g, "");
    if (news !== told) tell(open);
    told = news;
  };
}

/**
 * Waits until nobody writes at the registry any more. Uploads get no more time than they need; gateways that have
 * certainly ended are forgotten.
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
    const state = await withoutEnded(db, await readDrainState(db));
    const ending = drainToEnd(state);
    if (ending !== null) await endDrain(db, ending);
    const open = whatIsOpen(state);
    if (open.length === 0 || performance.now() > deadline || options.signal.aborted) return open;
    options.progress(open);
    await pause(LOOK_MILLISECONDS, undefined, { signal: options.signal }).catch(() => undefined);
  }
}
