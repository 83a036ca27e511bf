import { Gauge, type Registry } from "prom-client";
import { Fault, Hindrance } from "#registry-protocol/faults.js";
import type { Logger } from "./log.js";
import type { RefusedFiles } from "./refused-files.js";
import { repeating } from "./repeating.js";
import type { Component } from "./run-until-signal.js";

/** @returns what is wrong, in words that everybody may read; `null`: nothing. @throws when nothing answers */
export type ReadinessCheck = () => Promise<string | null>;

/** Whether a service can do its work, and what keeps it from that. */
export interface Readiness {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, "ok" | "failing">>;
  /** What is wrong, of each check that fails. */
  readonly reasons: Readonly<Record<string, string>>;
  /** What somebody should look at, although the service does its work. */
  readonly warnings: readonly string[];
}

/** Looks whether a service can do its work, and tells when that changes. */
export interface ReadinessWatch extends Component {
  check(): Promise<Readiness>;
}

const EVERY_MILLISECONDS = 10_000;

/**
 * @param checks - by the name of what is looked at
 * @param deps - log and metrics
 * @returns a component that looks at its start and every ten seconds; `check` looks at once
 */
export function readinessWatch(
  checks: Readonly<Record<string, ReadinessCheck>>,
  deps: {
    readonly log: Pick<Logger, "error" | "info">;
    readonly metrics: { readonly registry: Registry };
    readonly files: Pick<RefusedFiles, "warnings">;
  },
): ReadinessWatch {
  const shown = new Gauge<"check">({
    name: "ready",
    help: "1 for each thing that the service needs and that answers, 0 for others (GET /ready)",
    aggregator: "min",
    labelNames: ["check"],
    registers: [deps.metrics.registry],
  });
  let told = "";
  let isStopping = false;
  const note = ({ ready, checks: outcomes, reasons }: Readiness) => {
    for (const [check, outcome] of Object.entries(outcomes))
      shown.set({ check }, outcome === "ok" ? 1 : 0);
    const state = JSON.stringify(outcomes);
    if (state === told) return;
    if (!ready) deps.log.error({ event: "ready.lost", reasons });
    else if (told !== "") deps.log.info({ event: "ready.again" });
    told = state;
  };
  const check = async (): Promise<Readiness> => {
    const readiness = { ...(await look(checks)), warnings: deps.files.warnings() };
    note(readiness);
    return isStopping ? stopping(readiness) : readiness;
  };
  const round = async (): Promise<number> => {
    await check();
    return EVERY_MILLISECONDS;
  };
  const announceStop = () => {
    isStopping = true;
  };
  return { ...repeating("readiness", 0, round), check, announceStop };
}

/** Nothing fails, so that only whoever asks hears of it, and no alarm. */
function stopping({ checks, reasons, warnings }: Readiness): Readiness {
  return {
    ready: false,
    checks: { ...checks, process: "failing" },
    reasons: { ...reasons, process: "the process is about to stop" },
    warnings,
  };
}

async function look(
  checks: Readonly<Record<string, ReadinessCheck>>,
): Promise<Omit<Readiness, "warnings">> {
  const found = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      const reason = await check().catch((error: unknown) => publicReason(name, error));
      return [name, reason] as const;
    }),
  );
  const failing = found.flatMap(([name, reason]) => (reason === null ? [] : [[name, reason]]));
  return {
    ready: failing.length === 0,
    checks: Object.fromEntries(found.map(([name, reason]) => [name, reason === null ? "ok" : "failing"])), // prettier-ignore
    reasons: Object.fromEntries(failing) as Record<string, string>,
  };
}

/** Errors of libraries name addresses and accounts, which are nobody's affair. */
function publicReason(name: string, error: unknown): string {
  if (error instanceof Fault || error instanceof Hindrance) return error.message;
  return `the ${name} does not answer as it should`;
}
