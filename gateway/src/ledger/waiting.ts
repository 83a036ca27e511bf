import type { TagKey } from "#registry-protocol/tag-key.js";
import type { Bounds } from "./bounds.js";

/** How time passes, and how pushes of others are waited for. */
export interface Waiting {
  /** How long what nobody knows may stay so. */
  readonly bounds: Bounds;
  /** Current time in milliseconds. */
  readonly now: () => number;
  /** Waits for this many milliseconds. */
  readonly pause: (milliseconds: number) => Promise<void>;
  /** Waits until a push of the tag has been settled, or this many milliseconds. */
  readonly untilSettled: (key: TagKey, milliseconds: number) => Promise<void>;
  /** Settles the push of a gateway that was lost. */
  readonly recover: (key: TagKey) => Promise<void>;
}
