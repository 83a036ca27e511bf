import { Fault } from "#registry-protocol/faults.js";
import { turns, type Turns } from "#service-kit/turns.js";

/** @returns turns for unpacking images in this process: a few at once, one of them for one caller; others wait a while */
export function unpackingTurns(): Turns {
  return turns({
    ...{ atOnce: 2, perCaller: 1, waiting: 16, waitMilliseconds: 10_000 },
    refusal: (hasShare) =>
      hasShare
        ? new Fault("TOO_MANY_REQUESTS", { message: "another image of yours is being unpacked" })
        : new Fault("UNAVAILABLE", { message: "too many images are being unpacked: ask again" }),
  });
}
