import type { PassOptions } from "./pass.js";

/** What operators choose. */
export interface DiscoverySettings extends Pick<
  PassOptions,
  "sightings" | "repair" | "slice" | "parts" | "roundSeconds" | "perSecond"
> {
  /** Seconds from the beginning of one pass to that of the next; 0: never. */
  readonly seconds: number;
}
