import { Gauge, type Registry } from "prom-client";
import type { Logger } from "../log.js";
import { repeating } from "../repeating.js";
import type { Component } from "../run-until-signal.js";
import { steadyNow, type ClockReading } from "./clock-reading.js";
import { compareClocks, type ClockComparison, type ClockOffset } from "./compare-clocks.js";

/** Compares the own clock with others, again and again. */
export interface ClockWatch extends Component {
  /**
   * @param name - whose clock, see {@link ClockOffset}
   * @param reading - what it said
   */
  note(name: string, reading: ClockReading): void;
  /** @returns what is known now */
  comparison(): ClockComparison;
  /** @returns why the own clock may be wrong; `null`: it is right, as far as anybody has said */
  readonly doubt: () => string | null;
}

/** Whom to ask for the time. */
export interface ClockSource {
  readonly name: string;
  /** @returns what it said; `null` when it does not say. @throws when it does not answer */
  readonly read: () => Promise<ClockReading | null>;
}

/** What comparing needs. */
export interface ClockWatchDeps {
  readonly log: Pick<Logger, "error" | "info">;
  readonly metrics: { readonly registry: Registry };
  /** The own clock, in milliseconds since the epoch. */
  readonly now: () => number;
}

/** How far token server, gateway and registry may be apart: from there on one refuses what another has signed. */
export const CLOCKS_APART_SECONDS = 120;
const EVERY_MILLISECONDS = 20_000;
/** What was said before is of no use while nobody knows whether that clock was set since. */
const COUNTS_MILLISECONDS = 90_000;

/**
 * @param own - whose clock the own one is
 * @param sources - whose clocks are asked; others may tell theirs by {@link ClockWatch.note}
 * @param deps - log, metrics, and the own clock
 * @param allowedSeconds - how far clocks may be apart
 * @returns a component that looks at its start and every 20 seconds, and tells of each change
 */
export function clockWatch(
  own: string,
  sources: readonly ClockSource[],
  { log, metrics, now }: ClockWatchDeps,
  allowedSeconds = CLOCKS_APART_SECONDS,
): ClockWatch {
  const readings = new Map<string, ClockReading>();
  let told = "";
  const offsets = (): ClockOffset[] => {
    const steady = steadyNow();
    return [...readings]
      .filter(([, { takenAt }]) => steady - takenAt < COUNTS_MILLISECONDS)
      .map(([name, { zeroAt, uncertain }]) => ({
        name,
        aheadSeconds: (zeroAt + steady - now()) / 1_000,
        uncertainSeconds: uncertain / 1_000,
      }));
  };
  const comparison = () => compareClocks(own, offsets(), allowedSeconds);
  const tell = () => {
    const { differing, own: verdict, message } = comparison();
    // Not the message: its minutes change all the time while a clock runs away.
    const state = [...differing.map(({ name, aheadSeconds }) => `${name} ${Math.sign(aheadSeconds)}`), verdict].join(); // prettier-ignore
    if (state === told) return;
    if (message !== null) log.error({ event: "clocks.differ", own: verdict, message });
    else if (told !== "") log.info({ event: "clocks.agree" });
    told = state;
  };
  measureClocks(metrics.registry, offsets, comparison);
  const look = async (): Promise<number> => {
    await Promise.all(
      sources.map(async ({ name, read }) => {
        const reading = await read().catch(() => null);
        if (reading !== null) readings.set(name, reading);
      }),
    );
    for (const [name, { takenAt }] of readings)
      if (steadyNow() - takenAt >= COUNTS_MILLISECONDS) readings.delete(name);
    tell();
    return EVERY_MILLISECONDS;
  };
  return {
    ...repeating("clocks", 0, look),
    note: (name, reading) => readings.set(name, reading),
    comparison,
    doubt: () => {
      const { own: verdict, message } = comparison();
      return verdict === "right" ? null : message;
    },
  };
}

function measureClocks(
  registry: Registry,
  offsets: () => readonly ClockOffset[],
  comparison: () => ClockComparison,
): void {
  new Gauge({
    name: "clock_ahead_seconds",
    help: "How far other clocks are ahead of the own one, by what they said in the last minute and a half",
    aggregator: "max",
    labelNames: ["clock"],
    registers: [registry],
    collect() {
      this.reset();
      for (const { name, aheadSeconds } of offsets()) this.set({ clock: name }, aheadSeconds);
    },
  });
  new Gauge({
    name: "clock_doubted",
    help: "1 while the own clock is wrong by what the others say, or nobody can tell which of them is",
    aggregator: "max",
    registers: [registry],
    collect() {
      this.set(comparison().own === "right" ? 0 : 1);
    },
  });
}
