import type { Opened } from "../run-until-signal.js";
import type { Traces } from "../trace.js";

/** Whose traces they are. */
export interface TracedService {
  /** Such as `gateway`. */
  readonly name: string;
  /** Name of its database. */
  readonly database: string;
}

/** What collects traces, if anything does. */
export interface OpenedTraces extends Opened {
  /** `null`: nothing does. */
  readonly traces: Traces | null;
}
