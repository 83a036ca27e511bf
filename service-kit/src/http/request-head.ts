import { Fault } from "#registry-protocol/faults.js";
import { HEAD_LIMITS } from "./head-limits.js";
import { rawValuesOf } from "./raw-headers.js";

/** What the parser read of a request before its body. */
export interface RequestHead {
  readonly method?: string | undefined;
  /** The target as it came. */
  readonly url?: string | undefined;
  readonly httpVersion: string;
  /** Names and values in turn, at least one pair more than {@link HEAD_LIMITS} allows when there are more. */
  readonly rawHeaders: readonly string[];
}

/** Why a request was refused before anybody handled it; the label in metrics. */
export type HeadRefusal = "headers" | "framing" | "malformed" | "upgrade" | "expectation";

/** A refusal, and what the client is told. */
export interface RefusedHead {
  readonly reason: HeadRefusal;
  readonly fault: Fault;
}

/** Programs take the first, the last or all of these when they come twice. */
const SINGLE = [
  "authorization",
  "content-length",
  "content-range",
  "content-type",
  "expect",
  "range",
  "transfer-encoding",
];

/** Visible ASCII: anything else is written differently by the next program. */
const PATH = /^\/[\x21-\x7e]*$/;

/**
 * Refuses what two programs could read differently, before any handler: the parser below lets it pass. It keeps
 * the first headers alone but frames bodies by all of them, so one header too many has to be seen here.
 *
 * @param head - a request's head
 * @returns why it is refused, or `null` when it may be handled (RFC 9110, RFC 9112)
 */
export function refuseHead(head: RequestHead): RefusedHead | null {
  for (const check of CHECKS) {
    const refused = check(head);
    if (refused !== null) return refused;
  }
  return null;
}

type Check = (head: RequestHead) => RefusedHead | null;

const CHECKS: readonly Check[] = [
  ({ rawHeaders }) =>
    rawHeaders.length > 2 * HEAD_LIMITS.headers
      ? { reason: "headers", fault: new Fault("HEADERS_TOO_LARGE") }
      : null,
  ({ httpVersion }) =>
    httpVersion === "1.1" || httpVersion === "1.0"
      ? null
      : malformed("the HTTP version is not supported: wanted HTTP/1.1 or HTTP/1.0"),
  // RFC 9112 section 3.2.2 wants servers to take whole URLs too; no registry client sends one but to a proxy.
  ({ url = "" }) =>
    PATH.test(url) ? null : malformed("the request's target must be a path in visible ASCII"),
  refuseHosts,
  refuseRepeated,
  refuseFraming,
  refuseUpgrade,
  refuseExpectation,
];

function refuseHosts(head: RequestHead): RefusedHead | null {
  const hosts = valuesOf(head, "host").length;
  if (hosts === 1 || (hosts === 0 && head.httpVersion === "1.0")) return null;
  return malformed(`the Host header is ${hosts === 0 ? "missing" : "given more than once"}`);
}

function refuseRepeated(head: RequestHead): RefusedHead | null {
  const repeated = SINGLE.find((name) => valuesOf(head, name).length > 1);
  return repeated === undefined
    ? null
    : malformed(`the header ${repeated} is given more than once`);
}

/** RFC 9112 sections 6.1 and 6.3. */
function refuseFraming(head: RequestHead): RefusedHead | null {
  const [coding] = valuesOf(head, "transfer-encoding");
  if (coding === undefined) return null;
  if (head.httpVersion === "1.0") return framing("HTTP/1.0 has no Transfer-Encoding");
  if (coding.toLowerCase() !== "chunked")
    return framing("the only Transfer-Encoding that is supported is chunked");
  if (valuesOf(head, "content-length").length > 0)
    return framing("the body has both a Content-Length and a Transfer-Encoding");
  return null;
}

/** Clients that could speak HTTP/2 as well offer it (RFC 7540 section 3.2), and go on without when it is ignored. */
function refuseUpgrade(head: RequestHead): RefusedHead | null {
  const others = valuesOf(head, "upgrade").filter((value) => value.toLowerCase() !== "h2c");
  if (others.length === 0) return null;
  return { reason: "upgrade", fault: invalid("this server upgrades to no other protocol") };
}

function refuseExpectation(head: RequestHead): RefusedHead | null {
  const [expected] = valuesOf(head, "expect");
  if (expected === undefined || expected.toLowerCase() === "100-continue") return null;
  return { reason: "expectation", fault: new Fault("EXPECTATION_FAILED") };
}

function valuesOf({ rawHeaders }: RequestHead, name: string): readonly string[] {
  return rawValuesOf(rawHeaders, name);
}

function malformed(message: string): RefusedHead {
  return { reason: "malformed", fault: invalid(message) };
}

function framing(message: string): RefusedHead {
  return { reason: "framing", fault: invalid(message) };
}

function invalid(message: string): Fault {
  return new Fault("REQUEST_INVALID", { message });
}
