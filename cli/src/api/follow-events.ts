import { setTimeout as pause } from "node:timers/promises";
import { CommandFault, ServerRefusal } from "../exit/faults.js";
import type { Client } from "./client.js";
import { readEvents, type StreamEvent } from "./event-stream.js";

/** How long is waited, in milliseconds. */
export interface FollowTimes {
  /** Before the first attempt to go on; twice as long before each that follows. */
  readonly first: number;
  readonly longest: number;
  /** A stream that says nothing for this long is cut off somewhere. */
  readonly silence: number;
}

const TIMES: FollowTimes = { first: 1_000, longest: 30_000, silence: 60_000 };
/** One after the other; a stream that has begun makes it none. */
const MOST_FAILURES = 10;
/** What may be otherwise in a moment. */
const PASSING = [408, 425, 429];

/** What is followed. */
export interface AskedEvents {
  /** Path and query of the stream. */
  readonly target: string;
  /** Where it was left; `null`: from now on. */
  readonly after: string | null;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Told what those should know who read what follows. */
  readonly say: (line: string) => void;
}

/**
 * Follows a stream of events over its ends: a login's time is over now and then, and gateways are replaced.
 *
 * @param connect - makes a client, with a login that counts
 * @param asked - what is followed
 * @param times - absent: as for people
 * @returns its events, those alone that have data
 * @throws ServerRefusal that is final, CommandFault where it does not begin, or cannot be gone on with
 */
export async function* followEvents(
  connect: () => Promise<Client>,
  { target, after, signal, say }: AskedEvents,
  times = TIMES,
): AsyncGenerator<StreamEvent & { readonly data: string }> {
  let last = after;
  let [failures, hasBegun] = [0, false];
  const isOver = () => signal.aborted;
  while (!isOver()) {
    try {
      for await (const event of streamOf(await connect(), { target, last, signal, times })) {
        [failures, hasBegun] = [0, true];
        last = event.id ?? last;
        if (event.data !== null) yield { ...event, data: event.data };
      }
    } catch (error) {
      if (isOver()) return;
      if (isForgottenPlace(error, last)) {
        say("the registry does not know any more where this was left: something may be missing");
        last = null;
        continue;
      }
      failures += 1;
      if (isFinal(error) || !hasBegun || failures > MOST_FAILURES) throw error;
      if (failures === 1) say(`the stream broke off (${messageOf(error)}): trying again`);
    }
    const wait = Math.min(times.longest, times.first * 2 ** Math.max(0, failures - 1));
    await pause(wait, undefined, { signal }).catch(() => undefined);
  }
}

async function* streamOf(
  client: Client,
  {
    target,
    last,
    signal,
    times,
  }: {
    readonly target: string;
    readonly last: string | null;
    readonly signal: AbortSignal;
    readonly times: FollowTimes;
  },
): AsyncGenerator<StreamEvent> {
  const silent = new AbortController();
  const timer = setTimeout(() => {
    silent.abort(new CommandFault("the registry says nothing any more"));
  }, times.silence);
  try {
    const answer = await client.ask(target, {
      headers: {
        Accept: "text/event-stream",
        ...(last === null ? {} : { "Last-Event-ID": last }),
      },
      signal: AbortSignal.any([signal, silent.signal]),
    });
    if (!/^text\/event-stream\b/.test(answer.headers.get("content-type") ?? ""))
      throw new CommandFault(`${client.url} answers with no stream: is it a Wharfinger?`);
    const chunks = async function* () {
      for await (const chunk of answer.body ?? []) {
        timer.refresh();
        yield chunk;
      }
    };
    yield* readEvents(chunks());
  } finally {
    clearTimeout(timer);
  }
}

function isForgottenPlace(error: unknown, last: string | null): boolean {
  return error instanceof ServerRefusal && error.status === 400 && last !== null;
}

function isFinal(error: unknown): boolean {
  return error instanceof ServerRefusal && error.status < 500 && !PASSING.includes(error.status);
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return "failed";
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : "";
  return `${error.message}${cause}`;
}
