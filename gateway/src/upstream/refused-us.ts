import { Fault, Hindrance } from "#registry-protocol/faults.js";
import { timeInHeaders, type AnswerTime } from "#service-kit/clocks/clock-reading.js";
import { CLOCKS_APART_SECONDS } from "#service-kit/clocks/clock-watch.js";
import { differenceOf } from "#service-kit/clocks/compare-clocks.js";

/**
 * @param name - who refuses with 401 what the gateway signs, for messages: "the registry"
 * @param time - when it did, by its own clock
 * @returns what a client hears of it: it is no answer to their request
 */
export function refusedUs(name: string, time: AnswerTime): Fault {
  return new Fault("UNAVAILABLE", {
    message: `${name} did not accept the gateway's authorization for this request`,
    cause:
      refusedForTime(name, time) ??
      new Error("401 from upstream: do its rootcertbundle, issuer and service match ours?"),
  });
}

/**
 * @param name - who answers
 * @param time - when it did, just now, by its own clock
 * @returns that its clock is so far off that it takes no token of ours; `null` when it is not
 */
export function refusedForTime(name: string, time: AnswerTime): Hindrance | null {
  const told = timeInHeaders(time);
  if (told === null) return null;
  const aheadSeconds = (told.at + told.coarseness / 2 - Date.now()) / 1_000;
  if (Math.abs(aheadSeconds) < CLOCKS_APART_SECONDS) return null;
  const difference = differenceOf({ name, aheadSeconds, uncertainSeconds: 0 }, "the gateway");
  return new Hindrance(difference);
}
