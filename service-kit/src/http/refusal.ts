import type { Standing } from "./connection-count.js";
import type { HeadRefusal } from "./request-head.js";

/**
 * Why a listener refused something before any handler saw it, or gave a client up: the label `reason` of
 * `listener_refusals_total`, told in docs/limits.md.
 */
export type Refusal =
  | Exclude<Standing, "welcome">
  | HeadRefusal
  | "unparsable"
  | "handshake"
  | "head-timeout"
  | "connect"
  | "pipelining"
  | "slow";

/** All of them. */
export const REFUSALS: Readonly<Record<Refusal, true>> = {
  connections: true,
  "connections-of-source": true,
  headers: true,
  framing: true,
  malformed: true,
  upgrade: true,
  expectation: true,
  unparsable: true,
  handshake: true,
  "head-timeout": true,
  connect: true,
  pipelining: true,
  slow: true,
};
