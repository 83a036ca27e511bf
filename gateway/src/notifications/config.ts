import type { EnvReader } from "#service-kit/config.js";
import type { ConnectionLimits } from "#service-kit/http/connection-count.js";
import { SHARED_SECRET } from "#service-kit/secret-form.js";
import type { Secret } from "#service-kit/secret.js";

/** The secret that the registry shows, and, while it is being changed, the one before (or to come). */
export type NotificationSecrets = readonly [current: Secret, ...others: Secret[]];

/** Where and from whom the registry's notifications are taken. */
export interface NotificationConfig {
  readonly host: string;
  readonly port: number;
  /** Addresses, CIDR ranges or names of the registries. */
  readonly allowed: readonly string[];
  readonly secrets: NotificationSecrets;
  readonly connections: ConnectionLimits;
}

/** A registry sends one notification after the other. */
export const NOTIFICATION_CONNECTIONS: ConnectionLimits = {
  inAll: 256,
  perSource: 32,
  isTrusted: () => false,
};

/**
 * Reads `NOTIFICATION_HOST`, `NOTIFICATION_PORT`, `NOTIFICATION_ALLOWED`, `NOTIFICATION_SECRET` and
 * `NOTIFICATION_SECRET_PREVIOUS`.
 *
 * @param read - reader that collects faults
 * @returns the listener's settings
 */
export function readNotificationConfig(read: EnvReader): NotificationConfig {
  const current = read.secret(
    "NOTIFICATION_SECRET",
    {},
    "shown by the registry's notifications; the same for all gateways (docs/notifications.md)",
  );
  const previous = read.optionalSecret(
    "NOTIFICATION_SECRET_PREVIOUS",
    SHARED_SECRET,
    "taken as well, while the secret is being changed",
  );
  if (previous !== null && previous.reveal() === current.reveal() && current.reveal() !== "")
    read.fault("NOTIFICATION_SECRET_PREVIOUS", "is the same as NOTIFICATION_SECRET");
  return {
    host: read.host("NOTIFICATION_HOST", "127.0.0.1", {
      meaning: "where the registry's notifications come in; not to be public",
      wanted: "address",
    }),
    port: read.port("NOTIFICATION_PORT", 8082, "where the registry's notifications come in"),
    allowed: read.addressList(
      "NOTIFICATION_ALLOWED",
      "loopback,linklocal,uniquelocal",
      "where the registries are",
    ),
    secrets: previous === null ? [current] : [current, previous],
    connections: NOTIFICATION_CONNECTIONS,
  };
}
