import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";

/**
 * @param address - address of the peer, as a socket names it
 * @param headers - header fields by their names in lower case
 * @param method - HTTP method
 * @returns a request that came from there, without a server
 */
export function requestFrom(
  address: string,
  headers: Readonly<Record<string, string>>,
  method = "GET",
): IncomingMessage {
  const socket = new Socket();
  Object.defineProperty(socket, "remoteAddress", { value: address });
  const req = new IncomingMessage(socket);
  Object.assign(req.headers, headers);
  req.method = method;
  return req;
}

/**
 * @param req - a request
 * @returns its answer, not begun
 */
export function answerTo(req: IncomingMessage): ServerResponse {
  return new ServerResponse(req);
}
