import type { ServerResponse } from "node:http";
import { readView } from "#access-policy/read-view.js";
import { Fault } from "#registry-protocol/faults.js";
import { readCursor, writeCursor, type CursorSealer } from "#rest-api/cursor.js";
import { followEvents } from "#rest-api/operations/events.js";
import { clientGone } from "#service-kit/http/client-gone.js";
import { headerText } from "#service-kit/http/header-text.js";
import { isVisible } from "../ledger/repositories-in-view.js";
import type { Follower, LiveFeed } from "../live/live-feed.js";
import type { StreamEnd } from "../live/live-metrics.js";
import type { LiveStreams } from "../live/live-streams.js";
import { placeAt, placeSchema, type Head, type Place } from "../live/place.js";
import type { FollowedEvent } from "../live/sql/committed-events.js";
import { eventStream } from "./event-stream.js";
import { implement, type Asked, type Implementation } from "./implement.js";

/** What following events needs. */
export interface EventOperationsDeps {
  readonly feed: Pick<LiveFeed, "follow">;
  readonly streams: Pick<LiveStreams, "begin">;
  /** Seals where they are who follow. */
  readonly sealer: CursorSealer;
  readonly heartbeatMilliseconds: number;
  /** For how many days events are kept. */
  readonly keepDays: number;
}

type AskedEvents = Asked<typeof followEvents>;

const LIST = followEvents.id;
const MILLISECONDS_PER_DAY = 86_400_000;

/**
 * @param deps - what happens
 * @returns the operation that tells of it
 */
export function eventOperations(deps: EventOperationsDeps): readonly Implementation[] {
  return [implement(followEvents, (asked) => follow(deps, asked))];
}

async function follow(deps: EventOperationsDeps, asked: AskedEvents): Promise<"sent"> {
  const { req, res, actor } = asked;
  const from = placeIn(deps.sealer, req.headers["last-event-id"]);
  const caller = actor.uid === "" ? actor.address : `${actor.realm}/${actor.uid}`;
  const stream = await deps.streams.begin(caller);
  const follower = deps.feed.follow();
  try {
    const now = await follower.now();
    begin(res);
    stream.end(
      req.method === "HEAD"
        ? "client"
        : await untilEnd(deps, asked, { follower, from, now, stopping: stream.stopping }),
    );
    res.end();
    return "sent";
  } catch (error) {
    stream.end("refused");
    throw error;
  } finally {
    follower.end();
  }
}

interface Following {
  readonly follower: Follower;
  readonly from: Place | null;
  readonly now: Head;
}

async function untilEnd(
  deps: EventOperationsDeps,
  asked: AskedEvents,
  { stopping, ...following }: Following & { readonly stopping: AbortSignal },
): Promise<StreamEnd> {
  const { res } = asked;
  const signal = AbortSignal.any([clientGone(res), stopping, endOf(asked.validUntil)]);
  if ((await tell(deps, asked, { ...following, signal })) === "slow") return "slow";
  if (res.destroyed) return "client";
  return stopping.aborted ? "stopping" : "login";
}

/** @returns how it ended, where that is not what the signal says */
async function tell(
  deps: EventOperationsDeps,
  { query, view, res }: AskedEvents,
  { follower, from, now, signal }: Following & { readonly signal: AbortSignal },
): Promise<"slow" | null> {
  const { has } = readView(view);
  const isWanted = ({ repository, action }: FollowedEvent) =>
    isVisible(has, repository) &&
    (query.repository === undefined || query.repository === repository) &&
    (query.team === undefined || repository.startsWith(`${query.team}/`)) &&
    (query.action === undefined || query.action === action);
  const { heartbeatMilliseconds, sealer } = deps;
  const out = eventStream(res, { heartbeatMilliseconds, signal });
  const idOf = (at: Place) => writeCursor(sealer, LIST, at);
  let place = from ?? placeAt(now);
  await out.begin(idOf(place));
  if (from !== null && isForgotten(from, now, deps.keepDays)) await out.missed("forgotten");
  let wasNewest = false;
  while (out.isOpen()) {
    if (!wasNewest && follower.isNewest(place)) {
      await out.place(idOf(place), "all that there was until now");
      wasNewest = true;
    }
    const batch = await follower.next(place, signal, out.patience());
    if (batch === null) {
      await out.place(idOf(place), "still here");
      continue;
    }
    if (batch.isBroken) await out.missed("restored");
    for (const { event, place: at } of batch.events)
      if (isWanted(event)) await out.event(idOf(at), event.action, shown(event));
    ({ place } = batch);
  }
  return out.wasSlow() ? "slow" : null;
}

function placeIn(sealer: CursorSealer, header: string | string[] | undefined): Place | null {
  if (header === undefined || header === "") return null;
  try {
    return readCursor(sealer, LIST, headerText(String(header)), placeSchema);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new Fault("REQUEST_INVALID", {
      message:
        "Last-Event-ID: wanted the id of an event of this registry, not long ago; without it what happens from now on is told",
    });
  }
}

function isForgotten({ told }: Place, now: Head, keepDays: number): boolean {
  return Date.parse(told.at) < Date.parse(now.at) - keepDays * MILLISECONDS_PER_DAY;
}

function begin(res: ServerResponse): void {
  res.setHeader("Content-Type", "text/event-stream");
  res.setHeader("Cache-Control", "no-store, no-transform");
  res.setHeader("X-Content-Type-Options", "nosniff");
  // nginx would keep events back until it has a buffer full of them.
  res.setHeader("X-Accel-Buffering", "no");
  res.appendHeader("Vary", "Authorization");
}

/** @returns what comes when a login's time is over; who needs none is asked anew now and then, too */
function endOf(validUntil: number | null): AbortSignal {
  const left = validUntil === null ? LONGEST_MILLISECONDS : validUntil * 1_000 - Date.now();
  return AbortSignal.timeout(Math.min(Math.max(0, left), LONGEST_MILLISECONDS));
}

/** Tokens live for minutes; what lives for longer is looked at again all the same. */
const LONGEST_MILLISECONDS = 3_600_000;

function shown(event: FollowedEvent) {
  const { id, action, recordedAs, at, actor, repository, tag, digest } = event;
  const { previousDigest, reason } = event;
  const by = { uid: actor.uid, realm: actor.realm, kind: actor.kind };
  return { id, action, recordedAs, at, by, repository, tag, digest, previousDigest, reason };
}
