import { createHash, timingSafeEqual } from "node:crypto";
import type { Request, Response } from "express";
import { Fault } from "#registry-protocol/faults.js";
import { isMarkerRepository } from "#registry-protocol/storage-marker.js";
import { admitBody } from "#service-kit/http/admit-body.js";
import type { Database } from "#service-kit/db/pool.js";
import { sendJson } from "#service-kit/http/send-fault.js";
import type { Logger } from "#service-kit/log.js";
import type { NotificationSecrets } from "./config.js";
import {
  eventAction,
  parseEnvelope,
  type DeadLetter,
  type Envelope,
  type RegistryNotification,
} from "./envelope.js";
import type { HookMetrics } from "./notification-metrics.js";
import { isOwnRequest, ownRequestMark } from "../upstream/own-requests.js";
import { readBounded, type BoundedBody } from "./read-body.js";
import { keepNotifications } from "./sql/keep-notifications.js";

/** What taking notifications needs. */
export interface HookDeps {
  readonly db: Database;
  readonly log: Logger;
  readonly secrets: NotificationSecrets;
  readonly hookMetrics: HookMetrics;
  /** Told when there is something to look at. */
  readonly notified: () => void;
}

/** Largest envelope that is understood, in bytes. */
export const MAX_ENVELOPE_BYTES = 4 * 1024 * 1024;
/** Of a larger one so much is kept, and so much is read before the connection is given up. */
const KEPT_BYTES = 64 * 1024;
const READ_BYTES = 64 * 1024 * 1024;

/**
 * Takes the registry's notifications: answered when they are in the database. The registry repeats what is not
 * answered 2xx for ever and holds back all that is behind it, so an authentic envelope is always accepted,
 * understood or not.
 *
 * @param deps - the secrets of which the registry shows one, database and metrics
 * @param req - request whose body nobody has read
 * @param res - its answer
 * @throws Fault UNAUTHORIZED for a wrong secret, before anything of the body is read; UNAVAILABLE while the
 *   database is away; BODY_INCOMPLETE when the sender has gone
 */
export async function receiveNotification(
  deps: HookDeps,
  req: Request,
  res: Response,
): Promise<void> {
  const given = /^bearer +(\S+)$/i.exec(req.headers.authorization ?? "")?.[1] ?? "";
  if (!deps.secrets.some((secret) => sameSecret(given, secret.reveal())))
    throw new Fault("UNAUTHORIZED", { message: "the notification secret is wrong" });
  admitBody(req, res);
  const body = await readBounded(req, { keep: MAX_ENVELOPE_BYTES, read: READ_BYTES });
  const { events, dead } = understand(body);
  const telling = events.filter((event) => !saysNothing(deps, event));
  await keep(deps, { events: telling, dead }, body);
  for (const { action } of events) deps.hookMetrics.received.inc({ action: eventAction(action) });
  deps.hookMetrics.skipped.inc(events.length - telling.length);
  if (!body.ended) res.setHeader("Connection", "close");
  sendJson(res, 200, { received: events.length });
}

function understand(body: BoundedBody): Envelope {
  const { content, size } = body;
  if (size <= MAX_ENVELOPE_BYTES) return parseEnvelope(content);
  const reason = `it is larger than ${MAX_ENVELOPE_BYTES} bytes`;
  return { events: [], dead: [{ reason, content: content.subarray(0, KEPT_BYTES), size }] };
}

/** Pulls through a gateway were seen by it, a HEAD fetches nothing, and the storage's marker is nobody's. */
function saysNothing({ secrets }: HookDeps, event: RegistryNotification): boolean {
  if (event.repository !== null && isMarkerRepository(event.repository)) return true;
  if (event.action !== "pull") return false;
  const isOwn = secrets.some((secret) => isOwnRequest(event.userAgent, ownRequestMark(secret)));
  return event.method === "HEAD" || isOwn;
}

async function keep(deps: HookDeps, { events, dead }: Envelope, body: BoundedBody): Promise<void> {
  if (events.length + dead.length === 0) return;
  const rows = events.map((event) => ({ ...event, outcome: outcomeAtOnce(event) }));
  try {
    const news = await keepNotifications(deps.db, rows, dead);
    deps.hookMetrics.duplicates.inc(events.length - news);
    noteDead(deps, dead);
    if (rows.some(({ outcome }) => outcome === null)) deps.notified();
  } catch (error) {
    if (error instanceof Fault) throw error;
    // The database takes anything as bytes, and the registry would send the same again and again.
    deps.log.error({ event: "notification.not-kept", err: error });
    const { content, size } = body;
    const whole = [{ reason: "the database refused it", content, size }];
    await keepNotifications(deps.db, [], whole);
    noteDead(deps, whole);
  }
}

function noteDead({ hookMetrics, log }: HookDeps, dead: readonly DeadLetter[]): void {
  hookMetrics.dead.inc(dead.length);
  for (const { reason, size } of dead) log.warn({ event: "notification.dead", reason, size });
}

/** What a tag is gets looked at when it was pushed; pulls are counted; of deletions discovery takes care. */
function outcomeAtOnce({ action, isManifest, tag, digest }: RegistryNotification): string | null {
  const tells = (action === "push" && tag !== null) || (action === "pull" && digest !== null);
  return isManifest && tells ? null : "nothing to do";
}

/** Compares in constant time; hashing first gives both the same length. */
function sameSecret(given: string, wanted: string): boolean {
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(given), hash(wanted));
}
