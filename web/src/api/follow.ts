import { useEffect, useRef } from "preact/hooks";
import { hearRefusal, pageHeader, type Shown } from "./ask.js";
import { soon } from "./soon.js";

/** Something that happened. */
export type Happened = Shown<"Event">;

const FIRST_PAUSE_MILLISECONDS = 2_000;
const LONGEST_PAUSE_MILLISECONDS = 60_000;

/**
 * Follows what happens, while the page is seen. By `fetch`, since `EventSource` sends no header, and a session takes one.
 *
 * @param query - `repository` or `team`; nothing: all
 * @param happened - told of each event
 */
export function useFollow(
  query: Readonly<Record<string, string>>,
  happened: (event: Happened) => void,
): void {
  const latest = useRef(happened);
  latest.current = happened;
  const asked = new URLSearchParams(query).toString();
  useEffect(() => {
    let stop: (() => void) | null = null;
    const follow = () => {
      const isSeen = document.visibilityState === "visible";
      if (isSeen && stop === null)
        stop = followOnce(asked, (event) => {
          latest.current(event);
        });
      if (!isSeen && stop !== null) {
        stop();
        stop = null;
      }
    };
    const cancel = soon(follow);
    document.addEventListener("visibilitychange", follow);
    return () => {
      cancel();
      document.removeEventListener("visibilitychange", follow);
      stop?.();
    };
  }, [asked]);
}

function followOnce(query: string, happened: (event: Happened) => void): () => void {
  const gone = new AbortController();
  let place = "";
  let pause = FIRST_PAUSE_MILLISECONDS;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const run = async () => {
    const answer = await fetch(`/api/v1/events?${query}`, {
      headers: { ...pageHeader(), ...(place === "" ? {} : { "Last-Event-ID": place }) },
      signal: gone.signal,
      cache: "no-store",
    });
    // Who may not follow may not in a minute either; a place of other keys counts no more.
    if (answer.status === 400) place = "";
    hearRefusal(answer.status);
    if (!answer.ok || answer.body === null) return;
    pause = FIRST_PAUSE_MILLISECONDS;
    for await (const event of eventsIn(answer.body)) {
      if (event.id !== null) place = event.id;
      if (event.data !== null && event.name !== "missed")
        happened(JSON.parse(event.data) as Happened);
    }
  };
  const again = () => {
    if (gone.signal.aborted) return;
    timer = setTimeout(start, pause);
    pause = Math.min(2 * pause, LONGEST_PAUSE_MILLISECONDS);
  };
  const start = () => {
    run().then(again, again);
  };
  start();
  return () => {
    clearTimeout(timer);
    gone.abort();
  };
}

interface StreamEvent {
  readonly id: string | null;
  readonly name: string;
  readonly data: string | null;
}

/** WHATWG HTML, "Server-sent events": lines, and an empty one after each event. */
async function* eventsIn(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamEvent> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += decoder.decode(value, { stream: true });
    for (let end = text.indexOf("\n\n"); end !== -1; end = text.indexOf("\n\n")) {
      yield eventOf(text.slice(0, end));
      text = text.slice(end + 2);
    }
  }
}

function eventOf(block: string): StreamEvent {
  const fields = new Map(
    block.split("\n").map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trimStart()] as const;
    }),
  );
  return {
    id: fields.get("id") ?? null,
    name: fields.get("event") ?? "message",
    data: fields.get("data") ?? null,
  };
}
