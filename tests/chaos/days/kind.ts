import type { Day, DayStack } from "./day.js";
import type { Traffic } from "./traffic.js";

/** A stack for a day, and what has to be ended after it. */
export interface PreparedStack extends DayStack {
  readonly end?: () => Promise<void>;
}

/** Something that goes wrong with an installation as a whole, and how it comes back. */
export interface DayKind {
  readonly name: string;
  /** Whether it mounts file systems of its own, which root alone can. */
  readonly mounts?: boolean;
  /**
   * @param folder - of the day
   * @param isShort - less of everything
   * @returns how the stack differs; absent: not at all
   */
  prepare?(folder: string, isShort: boolean): Promise<PreparedStack>;
  /**
   * Goes wrong, and comes back as the documents say.
   *
   * @param day - the stack, up, nothing pushed yet
   * @param traffic - clients, at rest
   */
  run(day: Day, traffic: Traffic): Promise<void>;
}
