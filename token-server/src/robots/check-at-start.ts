import type { Logger } from "#service-kit/log.js";
import { repeating } from "#service-kit/repeating.js";
import type { Component } from "#service-kit/run-until-signal.js";
import type { ExceedingRobot } from "./exceeding.js";

const RETRY_MILLISECONDS = 60_000;
/** Long enough that nothing else is meant: it is told once for each start. */
const NEVER_MILLISECONDS = 2 ** 31 - 1;
const MOST_NAMES = 20;

/**
 * Says once, when the database answers, how many robots could not be made today.
 *
 * @param look - finds them
 * @param log - where it is told
 * @returns a component
 */
export function robotCheck(look: () => Promise<readonly ExceedingRobot[]>, log: Logger): Component {
  return repeating("robot-check", 0, async () => {
    try {
      const robots = await look();
      if (robots.length > 0)
        log.warn({
          event: "robots.exceed",
          count: robots.length,
          robots: robots.slice(0, MOST_NAMES).map(({ login }) => login),
          message: "robots may do more than who vouches for them: wharf robots check",
        });
      return NEVER_MILLISECONDS;
    } catch (error) {
      log.warn({ event: "robots.not-checked", err: error });
      return RETRY_MILLISECONDS;
    }
  });
}
