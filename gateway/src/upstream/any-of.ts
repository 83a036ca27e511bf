import type { IncomingMessage } from "node:http";
import { setTimeout } from "node:timers/promises";
import { changesNothing, isClosed } from "#service-kit/http/closed-connection.js";
import { notConnected } from "#service-kit/http/not-connected.js";
import type { MadeRequest } from "./made-request.js";
import type { Sending } from "./once-more.js";
import type { Send } from "./send.js";

/** Between rounds in which nobody took a connection, in milliseconds: less than a second in all. */
const PAUSES = [100, 300, 500] as const;

/**
 * Several servers that do the same: each request begins with another one. One that takes no connection has been told
 * nothing, so the next one is asked, and all once more within a second. What changes nothing is asked of another one also
 * when the connection is closed without a word of answer.
 *
 * @param servers - what sends to each; one at least
 * @param pauses - between rounds, in milliseconds
 * @returns what sends to one of them; never a body that is streamed to more than the first
 */
export function anyOf(servers: readonly Send[], pauses: readonly number[] = PAUSES): Send {
  let turn = 0;
  return (made, client) => {
    const first = turn;
    turn = (turn + 1) % servers.length;
    const inTurn = [...servers.slice(first), ...servers.slice(0, first)];
    const waiting = new AbortController();
    let current: Sending | null = null;
    const ask = async (): Promise<IncomingMessage> => {
      let failure: unknown;
      for (const pause of [0, ...pauses]) {
        if (pause > 0) await setTimeout(pause);
        for (const send of inTurn) {
          waiting.signal.throwIfAborted();
          current = send(made, client);
          try {
            return await current.answer;
          } catch (error) {
            if (waiting.signal.aborted || !mayAskAnother(made, error)) throw error;
            failure = error;
          }
        }
      }
      throw failure;
    };
    const answer = ask();
    // Whoever waits for the answer hears of a failure.
    answer.catch(() => undefined);
    return {
      answer,
      cut: (reason) => {
        waiting.abort(reason);
        current?.cut(reason);
      },
    };
  };
}

function mayAskAnother({ method, body }: MadeRequest, error: unknown): boolean {
  if (body.kind === "streamed") return false;
  return notConnected(error) || (changesNothing(method) && isClosed(error));
}
