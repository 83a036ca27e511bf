import { Gauge, type Registry } from "prom-client";
import {
  clockReading,
  describeDifference,
  judgeClocks,
  type ClockReading,
  type ClockVerdict,
} from "./clock-verdict.js";
import type { Queryable } from "../db/pool.js";
import type { Logger } from "../log.js";
import { repeating } from "../repeating.js";
import type { Component } from "../run-until-signal.js";

/** Whose clocks are compared with one's own. */
export type OtherClock = "database" | "token server" | "registry";

/** Compares the clocks of the parts of an installation with one's own. */
export interface ClockWatch extends Component {
  /** An answer came with this `Date` header (RFC 9110, section 6.6.1), which tells whole seconds. */
  noteDate(of: OtherClock, date: string | null, asked: AskedAt): void;
  /** @returns what the clocks said of late */
  verdict(): ClockVerdict;
  /** @returns milliseconds by which another clock is ahead, and a sentence; `null` when it agrees, or was not heard of lately */
  difference(of: OtherClock): { readonly ahead: number; readonly message: string } | null;
  /** @returns one sentence for each clock that differs */
  reasons(): readonly string[];
}

/** When somebody was asked and when they answered, by one's own clock. */
export interface AskedAt {
  readonly from: number;
  readonly to: number;
}

/** Differences that harm nobody: tokens live longer, and receivers of webhooks allow for more. */
export const CLOCK_TOLERANCE_MILLISECONDS = 60_000;
const EVERY_MILLISECONDS = 20_000;
/** What a clock said is forgotten after this long. */
const COUNTS_MILLISECONDS = 120_000;
const WHOLE_SECOND = 1_000;

/**
 * @param own - whose own clock it is, as `gateway`
 * @param deps - database, log and metrics; `now` is one's own clock, in milliseconds since the epoch
 * @returns a component that asks the database now and then; who talks to others notes their dates
 */
export function clockWatch(
  own: string,
  deps: {
    readonly db: Queryable;
    readonly log: Pick<Logger, "warn" | "info">;
    readonly registry: Registry;
    readonly now?: () => number;
  },
): ClockWatch {
  const now = deps.now ?? Date.now;
  const heard = new Map<OtherClock, { readonly reading: ClockReading; readonly at: number }>();
  let told = "";

  const current = (): Map<OtherClock, ClockReading> => {
    const recent = [...heard].filter(([, { at }]) => Math.abs(now() - at) < COUNTS_MILLISECONDS);
    return new Map(recent.map(([name, { reading }]) => [name, reading]));
  };
  const verdict = () => judgeClocks(current(), CLOCK_TOLERANCE_MILLISECONDS);
  const difference = (of: OtherClock) => {
    const ahead = current().get(of)?.ahead;
    if (ahead === undefined || !verdict().differing.includes(of)) return null;
    return { ahead, message: describeDifference(`the ${of}`, ahead, `the ${own}`) };
  };
  const reasons = () =>
    [...current().keys()].map((of) => difference(of)?.message).filter((one) => one !== undefined);
  const note = (name: OtherClock, reading: ClockReading) => {
    heard.set(name, { reading, at: now() });
    tell();
  };
  const tell = (): void => {
    const { own: isOwn, differing } = verdict();
    const state = `${isOwn} ${differing.join()}`;
    if (state === told) return;
    const wasRight = told === "" || told === "right ";
    told = state;
    if (differing.length > 0)
      deps.log.warn({ event: "clock.differs", own: isOwn, message: reasons().join("; ") });
    else if (!wasRight) deps.log.info({ event: "clock.agrees", own: isOwn });
  };
  registerMetrics(deps.registry, current, () => verdict().own !== "right");

  const askDatabase = async (): Promise<number> => {
    const from = now();
    const asked = await deps.db
      .query<{ now: string }>(`select extract(epoch from clock_timestamp()) * 1000 as now`)
      .catch(() => null);
    const time = Number(asked?.rows[0]?.now);
    if (asked !== null && Number.isFinite(time))
      note("database", clockReading(time, { from, to: now() }, 0));
    return EVERY_MILLISECONDS;
  };
  return {
    ...repeating("clocks", 0, askDatabase),
    noteDate: (of, date, asked) => {
      const time = Date.parse(date ?? "");
      if (!Number.isNaN(time)) note(of, clockReading(time, asked, WHOLE_SECOND));
    },
    verdict,
    difference,
    reasons,
  };
}

function registerMetrics(
  registry: Registry,
  readings: () => ReadonlyMap<string, ClockReading>,
  isOwnWrong: () => boolean,
): void {
  const registers = [registry];
  new Gauge({
    name: "clock_ahead_seconds",
    help: "How far another clock is ahead of this process's; negative: behind",
    labelNames: ["of"],
    registers,
    collect() {
      this.reset();
      for (const [of, { ahead }] of readings()) this.set({ of }, ahead / 1_000);
    },
  });
  new Gauge({
    name: "clock_distrusted",
    help: "1 while as many other clocks say that this process's is wrong as that it is right, or more",
    registers,
    collect() {
      this.set(isOwnWrong() ? 1 : 0);
    },
  });
}
