import { once } from "node:events";
import { request, type Agent, type IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** One request of the bench's own. */
export interface Sending {
  readonly agent: Agent;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | readonly Buffer[];
  readonly wanted: number;
}

/**
 * @param url - where to
 * @param sending - what
 * @returns the answer, whose body was read and forgotten
 * @throws Error when it has another status than wanted
 */
export async function send(
  url: URL,
  { agent, method, headers, body, wanted }: Sending,
): Promise<IncomingMessage> {
  const outgoing = request(url, { agent, method, headers });
  const answered = once(outgoing, "response") as Promise<[IncomingMessage]>;
  if (typeof body === "object") await pipeline(Readable.from(body), outgoing);
  else outgoing.end(body);
  const [answer] = await answered;
  answer.resume();
  await once(answer, "end");
  if (answer.statusCode !== wanted)
    throw new Error(`${method} ${url.href} answered ${answer.statusCode ?? 0}, wanted ${wanted}`);
  return answer;
}
