import type { Sink } from "#gateway/events/sink.js";

/** A sink that wants everything and is never delivered to. */
export const EVERYTHING: Sink = {
  name: "everything",
  kind: "webhook",
  ordered: true,
  target: "nowhere",
  wants: () => true,
  deliver: () => Promise.resolve(),
  close: () => Promise.resolve(),
};
