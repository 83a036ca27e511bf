/** Silence after which a gateway closes a connection (its `IDLE_SECONDS`). */
const IDLE_SECONDS = 900;

/** How long a cluster's DNS lets an address be remembered (CoreDNS: 30), and a bit. */
const DNS_SECONDS = 35;

const SHUTDOWN_DELAY = 15;
const DRAIN = 285;
const REGISTRY_DRAIN = 280;

/** How the parts end, in seconds: each next one waits longer than the one before. */
export const TIMES = {
  /** An ingress hears of a pod that ends at the same moment as the pod does. */
  shutdownDelay: SHUTDOWN_DELAY,
  drain: DRAIN,
  /** Gateways find registries by a name that is theirs, so the registry waits until nobody remembers its address. */
  registryDelay: DNS_SECONDS,
  registryDrain: REGISTRY_DRAIN,
  grace: SHUTDOWN_DELAY + DRAIN + 15,
  registryGrace: DNS_SECONDS + REGISTRY_DRAIN + 15,
  /** A connection that the gateway keeps must not be cut by whoever is before it. */
  entryIdle: IDLE_SECONDS + 60,
} as const;
