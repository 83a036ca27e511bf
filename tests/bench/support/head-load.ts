import { once } from "node:events";
import { connect } from "node:net";
import type { Sample } from "./topic.js";
import { median } from "./topic.js";

/** Whose heads are asked for: wrk waits for the body that a HEAD has none of. */
interface Heads {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly seconds: number;
}

/**
 * Asks for heads over plain sockets, each for the next when it has the one before.
 *
 * @param heads - what is asked
 * @returns how many a second came
 * @throws Error when one is no success
 */
export async function headLoad({ url, headers, connections, seconds }: Heads): Promise<Sample> {
  const { hostname, port, host, pathname, search } = new URL(url);
  const lines = Object.entries({ Host: host, ...headers }).map(([name, value]) => `${name}: ${value}`); // prettier-ignore
  const request = [`HEAD ${pathname}${search} HTTP/1.1`, ...lines, "", ""].join("\r\n");
  const taken: number[] = [];
  const begun = performance.now();
  const until = begun + seconds * 1_000;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = connect(Number(port), hostname);
      await once(socket, "connect");
      let [text, since] = ["", performance.now()];
      socket.on("data", (chunk) => {
        text += chunk.toString("latin1");
        if (!text.endsWith("\r\n\r\n")) return;
        if (!text.startsWith("HTTP/1.1 200 ")) socket.destroy(new Error(text));
        const now = performance.now();
        taken.push(now - since);
        [text, since] = ["", now];
        if (now < until) socket.write(request);
        else socket.end();
      });
      socket.write(request);
      await once(socket, "close");
    }),
  );
  taken.sort((a, b) => a - b);
  return {
    value: (taken.length * 1_000) / (performance.now() - begun),
    count: taken.length,
    p50: median(taken),
    p99: taken[Math.floor(taken.length * 0.99)] ?? NaN,
  };
}
