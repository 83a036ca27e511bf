/** A request that hides another one where Node once did not see that there was a body. */
export interface HidingRequest {
  readonly method: string;
  readonly target: string;
  readonly authorization?: string;
  /** Headers before the one that says where the body ends. */
  readonly fillers: number;
  readonly framing: "length" | "chunked";
  /** What is hidden; its last header may be open, so that it takes in what comes next on the connection. */
  readonly hidden: string;
}

/**
 * @param request - see there
 * @returns its bytes
 */
export function hidingRequest(request: HidingRequest): string {
  const { method, target, authorization, fillers, framing, hidden } = request;
  const size = hidden.length;
  const lines = [
    `${method} ${target} HTTP/1.1`,
    "Host: gateway",
    ...(authorization === undefined ? [] : [`Authorization: ${authorization}`]),
    ...Array.from({ length: fillers }, (_, at) => `a${at}:b`),
    framing === "length" ? `Content-Length: ${size}` : "Transfer-Encoding: chunked",
  ];
  const body = framing === "length" ? hidden : `${size.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`;
  return `${lines.join("\r\n")}\r\n\r\n${body}`;
}
