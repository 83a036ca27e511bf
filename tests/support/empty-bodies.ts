import { once } from "node:events";
import { connect } from "node:net";
import { eventually } from "./eventually.js";
import { answersIn } from "./http-client.js";

/** How a client, or a mesh between, says that a request has no body. */
const FRAMINGS: readonly {
  readonly name: string;
  readonly headers: readonly string[];
  readonly atOnce: string;
  readonly late: string;
}[] = [
  { name: "none", headers: [], atOnce: "", late: "" },
  { name: "a length of 0", headers: ["Content-Length: 0"], atOnce: "", late: "" },
  {
    name: "no chunks, with the head",
    headers: ["Transfer-Encoding: chunked"],
    atOnce: "0\r\n\r\n",
    late: "",
  },
  {
    name: "no chunks, after the head",
    headers: ["Transfer-Encoding: chunked"],
    atOnce: "",
    late: "0\r\n\r\n",
  },
  {
    name: "no chunks and a trailer",
    headers: ["Transfer-Encoding: chunked"],
    atOnce: "0\r\n",
    late: "X-Trailer: 1\r\n\r\n",
  },
];

/**
 * Asks with no body in all the ways in which a client can say so.
 *
 * @param port - where a server listens on this machine
 * @param line - method and target
 * @param headers - of the request, as they are sent
 * @returns the final status of each answer, by how it was said that there is no body
 */
export async function statusesWithoutBody(
  port: number,
  line: string,
  headers: readonly string[],
): Promise<Record<string, number>> {
  const statuses: Record<string, number> = {};
  for (const { name, headers: framing, atOnce, late } of FRAMINGS) {
    const socket = connect(port, "127.0.0.1");
    let text = "";
    socket.setEncoding("latin1").on("data", (part: string) => (text += part));
    socket.on("error", () => undefined);
    const closed = once(socket, "close");
    const head = [`${line} HTTP/1.1`, "Host: g", "Connection: close", ...headers, ...framing];
    socket.write(`${head.join("\r\n")}\r\n\r\n${atOnce}`);
    if (late !== "") {
      // Sent with what comes next, it would arrive with the head.
      await new Promise((resolve) => setImmediate(resolve));
      if (!socket.destroyed) socket.write(late);
    }
    await closed;
    statuses[name] = answersIn(text).at(-1)?.status ?? 0;
  }
  return statuses;
}

/**
 * Asks with `Expect: 100-continue`, and sends the end of the body that there is not only when told to go on, or answered.
 *
 * @param port - where a server listens on this machine
 * @param line - method and target
 * @param headers - of the request, as they are sent
 * @returns the status of the answer
 */
export async function statusAwaitingContinue(
  port: number,
  line: string,
  headers: readonly string[],
): Promise<number> {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.setEncoding("latin1").on("data", (part: string) => (text += part));
  socket.on("error", () => undefined);
  const closed = once(socket, "close");
  const waiting = ["Expect: 100-continue", "Transfer-Encoding: chunked"];
  const head = [`${line} HTTP/1.1`, "Host: g", "Connection: close", ...headers, ...waiting];
  socket.write(`${head.join("\r\n")}\r\n\r\n`);
  await eventually("it is told to go on, or answered", () => text.includes("\r\n\r\n"));
  socket.write("0\r\n\r\n");
  await closed;
  return answersIn(text).at(-1)?.status ?? 0;
}
