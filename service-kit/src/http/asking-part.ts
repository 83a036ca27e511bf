import type { IncomingMessage } from "node:http";
import type { Part, PartOutcome } from "../trace.js";

/**
 * What is shown of a question to somebody else (OpenTelemetry, "Semantic conventions for HTTP spans", HTTP client). Paths and
 * queries are left out: uploads are continued by theirs, and services are asked about tokens in them.
 *
 * @param method - of the request
 * @param url - of whoever is asked
 * @param template - form of the path, one of few; absent: nothing is said of it
 * @returns the part
 */
export function askingPart(method: string, url: URL, template?: string): Part {
  const port = url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
  return {
    kind: "upstream",
    name: template === undefined ? method : `${method} ${template}`,
    facts: {
      "http.request.method": method,
      "server.address": url.hostname.replace(/^\[|\]$/g, ""),
      "server.port": port,
      ...(template === undefined ? {} : { "url.template": template }),
    },
  };
}

/**
 * @param answer - the head of an answer
 * @returns how it went; a client's 404 is an error to nobody but whoever asked, and so only what the server failed in is one
 */
export function answerOutcome({
  statusCode = 0,
}: Pick<IncomingMessage, "statusCode">): PartOutcome {
  const facts = { "http.response.status_code": statusCode };
  return statusCode >= 500 ? { facts, error: String(statusCode) } : { facts };
}
