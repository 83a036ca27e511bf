import type { ClientRequest, IncomingMessage } from "node:http";
import { Fault } from "#registry-protocol/faults.js";

/**
 * Sends a client's body on as it comes, at the speed of the slower side. What was announced is held to the byte: a
 * body that ends early or goes on longer takes the connection with it, and never reads as whole.
 *
 * @param from - the client's request
 * @param to - the upstream request, its head made
 * @param length - bytes that were announced, or `null` when the body goes in chunks
 * @returns ends the sending where it is, without ending the upstream request; the rest of the body is left unread
 */
export function streamBody(
  from: IncomingMessage,
  to: ClientRequest,
  length: number | null,
): () => void {
  let sent = 0;
  let isStopped = false;
  const stop = () => {
    // Once only: whoever takes the rest of the body meanwhile must not be paused.
    if (isStopped) return;
    isStopped = true;
    from.off("data", take).off("end", end).off("close", gone);
    to.off("drain", goOn);
    from.pause();
  };
  const cut = (fault: Fault) => {
    stop();
    to.destroy(fault);
  };
  const take = (chunk: Buffer) => {
    sent += chunk.length;
    if (length !== null && sent > length) cut(longer());
    else if (!to.write(chunk)) from.pause();
  };
  const goOn = () => {
    from.resume();
  };
  const end = () => {
    if (length !== null && sent !== length) cut(new Fault("BODY_INCOMPLETE"));
    else to.end();
  };
  const gone = () => {
    if (!from.complete) cut(new Fault("BODY_INCOMPLETE"));
  };
  from.on("data", take).on("end", end).on("close", gone);
  to.on("drain", goOn).on("error", stop).on("close", stop);
  if (from.destroyed) gone();
  return stop;
}

function longer(): Fault {
  return new Fault("REQUEST_INVALID", {
    message: "the request's body is longer than its announced length",
  });
}
