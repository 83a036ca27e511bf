import type { Installation } from "./installation.js";
import type { Failure } from "./traffic.js";

/** A time in which something was done that operators do. */
export interface Window {
  readonly what: string;
  /** Why operations may fail in it; absent: none may. */
  readonly explains?: string | undefined;
  readonly from: number;
  readonly to: number;
}

/** Requests that had begun when something ended are told of a little later. */
const AFTERWARDS_MILLISECONDS = 3_000;

/**
 * @param failure - an operation that was not done
 * @param windows - what was done meanwhile, in order
 * @returns what was under way, or had just ended, and whether that explains the failure
 */
export function explain(
  { at }: Pick<Failure, "at">,
  windows: readonly Window[],
): { readonly during: string; readonly explains: string | undefined } {
  const window = windows.findLast(({ from }) => from <= at);
  if (window === undefined) return { during: "nothing", explains: undefined };
  const isWithin = at <= window.to + AFTERWARDS_MILLISECONDS;
  return { during: window.what, explains: isWithin ? window.explains : undefined };
}

/**
 * @param installation - after a while
 * @returns lines of the gateways about notifications whose secret they did not take
 */
export function refusedNotifications({ gateways }: Pick<Installation, "gateways">): string[] {
  return gateways
    .flatMap((one) => one.output().split("\n"))
    .filter((line) => line.includes('"route":"hooks"') && line.includes('"status":"401"'));
}
