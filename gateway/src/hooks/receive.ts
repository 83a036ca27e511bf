import { createHash, timingSafeEqual } from "node:crypto";
import type { Request, Response } from "express";
import type { Counter } from "prom-client";
import { Fault } from "#registry-protocol/faults.js";
import { sendJson } from "#service-kit/http/send-fault.js";
import type { Secret } from "#service-kit/secret.js";
import { eventAction, parseEnvelope } from "./envelope.js";

/** What taking notifications needs. */
export interface HookDeps {
  readonly secret: Secret;
  readonly notifications: Counter<"action">;
}

/** Largest envelope the gateway reads, in bytes. */
export const MAX_ENVELOPE_BYTES = 4 * 1024 * 1024;

/**
 * Takes the registry's notifications. The registry repeats what is not answered 2xx for ever and holds
 * back all that is behind it, so an authentic envelope is always accepted, understood or not.
 *
 * @param deps - the secret that the registry shows, and the counter of events
 * @param req - request whose body has been read into a buffer
 * @param res - its answer
 * @throws Fault UNAUTHORIZED for a wrong secret
 */
export function receiveNotification(deps: HookDeps, req: Request, res: Response): void {
  const given = /^bearer +(\S+)$/i.exec(req.headers.authorization ?? "")?.[1] ?? "";
  if (!sameSecret(given, deps.secret.reveal()))
    throw new Fault("UNAUTHORIZED", { message: "the notification secret is wrong" });
  const envelope = Buffer.isBuffer(req.body) ? parseEnvelope(req.body) : null;
  if (envelope === null) deps.notifications.inc({ action: "unreadable" });
  for (const event of envelope?.events ?? [])
    deps.notifications.inc({ action: eventAction(event.action) });
  sendJson(res, 200, { received: envelope?.events.length ?? 0 });
}

/** Compares in constant time; hashing first gives both the same length. */
function sameSecret(given: string, wanted: string): boolean {
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(given), hash(wanted));
}
