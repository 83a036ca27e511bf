import type { ScmOrigin } from "../scm/scm-source.js";
import type { CountGrowth } from "./growth-metrics.js";

/** Steps of the push protocol. */
export type PushStep =
  | "reserved"
  | "waited"
  | "sent"
  | "unclear"
  | "committed"
  | "released"
  | "taken-over"
  | "overtaken"
  /** Nobody can tell what came of it. */
  | "ended"
  /** Its client had gone before the registry was asked. */
  | "abandoned";

/** How a push of a tag can end. */
export const PUSH_OUTCOMES = [
  "stored",
  "unchanged",
  "refused",
  "rejected",
  "undecided",
  "abandoned",
] as const;
export type PushOutcome = (typeof PUSH_OUTCOMES)[number];

/** Told of what pushes do, for metrics. */
export interface PushCounts {
  /** Of every step of the push protocol. */
  readonly step: (step: PushStep) => void;
  /** Once of every push of a tag that came to an end. */
  readonly outcome: (outcome: PushOutcome) => void;
  /** Of every source that came with a push. */
  readonly source: (origin: ScmOrigin) => void;
  /** Of every manifest that is new to the ledger. */
  readonly growth: CountGrowth;
}
