import type { Socket } from "node:net";
import type { FaultCode } from "#registry-protocol/fault-catalogue.js";
import { Fault, toFaultReply } from "#registry-protocol/faults.js";
import { lingeringClose } from "./lingering-close.js";
import { reasonPhrase } from "./status-line.js";

/** What Node's parser calls the mistake, and what we do. */
const FAULT_OF_PARSER_CODE: Readonly<Record<string, FaultCode>> = {
  HPE_INVALID_METHOD: "METHOD_UNSUPPORTED",
  HPE_HEADER_OVERFLOW: "HEADERS_TOO_LARGE",
  HPE_INVALID_EOF_STATE: "BODY_INCOMPLETE",
  ERR_HTTP_REQUEST_TIMEOUT: "REQUEST_TIMEOUT",
};

/**
 * @param error - what the parser stumbled over
 * @returns what the client is told
 */
export function parserFault(error: NodeJS.ErrnoException): Fault {
  return new Fault(FAULT_OF_PARSER_CODE[error.code ?? ""] ?? "REQUEST_INVALID");
}

/**
 * Answers where there is no request that could be answered: in the registry's form too, since a client that sends
 * such bytes is still a registry client. Then closes the connection.
 *
 * @param socket - the client's connection, on which nothing is being answered
 * @param fault - what the client is told
 */
export function answerOnSocket(socket: Socket, fault: Fault): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  socket.write(faultOnSocket(fault));
  // The parser must not read on: what comes belongs to no request any more.
  socket.removeAllListeners("data");
  lingeringClose(socket, { from: socket, isAwaited: true });
}

/**
 * @param fault - what a client is told
 * @returns the whole answer, as it goes over the connection
 */
export function faultOnSocket(fault: Fault): string {
  const { status, summary, headers, body } = toFaultReply(fault, "");
  const text = JSON.stringify(body);
  const head = [
    `HTTP/1.1 ${status} ${reasonPhrase(status, summary)}`,
    "Docker-Distribution-Api-Version: registry/2.0",
    "Content-Type: application/json; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(text)}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    "Connection: close",
  ];
  return `${head.join("\r\n")}\r\n\r\n${text}`;
}
