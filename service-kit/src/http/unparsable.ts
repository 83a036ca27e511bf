import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { Fault, toFaultReply, type FaultCode } from "#registry-protocol/faults.js";

/** What Node's parser calls the mistake, and what we do. */
const FAULT_OF_PARSER_CODE: Readonly<Record<string, FaultCode>> = {
  HPE_INVALID_METHOD: "METHOD_UNSUPPORTED",
  HPE_HEADER_OVERFLOW: "HEADERS_TOO_LARGE",
  HPE_INVALID_EOF_STATE: "BODY_INCOMPLETE",
  ERR_HTTP_REQUEST_TIMEOUT: "REQUEST_TIMEOUT",
};

/**
 * Answers bytes that are no HTTP request, before any handler could see one: in the registry's form too,
 * since a client that sends them is still a registry client. Then closes the connection.
 *
 * @param error - what the parser stumbled over
 * @param socket - the client's connection
 */
export function answerUnparsable(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const fault = new Fault(FAULT_OF_PARSER_CODE[error.code ?? ""] ?? "REQUEST_INVALID");
  const { status, body } = toFaultReply(fault, "");
  const text = JSON.stringify(body);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`,
    "Docker-Distribution-Api-Version: registry/2.0",
    "Content-Type: application/json; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(text)}`,
    "Connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${text}`);
}
