/** Silence after which a gateway closes a connection (its `IDLE_SECONDS`). */
const IDLE_SECONDS = 900;

/** How the parts end, in seconds: each next one waits longer than the one before. */
export const TIMES = {
  /** The load balancer leads nobody there any more when SIGTERM comes: ECS deregisters a task first. */
  deregistration: 30,
  shutdownDelay: 5,
  drain: 100,
  /** The most that Fargate gives. */
  stop: 120,
  /** A connection that the gateway keeps must not be cut by the load balancer. */
  balancerIdle: IDLE_SECONDS + 60,
} as const;
