import { FAULTS, type FaultCode, type FaultSpec } from "./fault-catalogue.js";

/** What a fault may carry besides its code. */
export interface FaultOptions {
  /** Replaces the catalogue's message. */
  readonly message?: string;
  /** Replaces the catalogue's message in the status line: words of ours, and nothing that a user wrote. */
  readonly summary?: string;
  /** Replaces the catalogue's code on the wire. */
  readonly wire?: string;
  /** Put into the answer's `detail` as it is; must hold no secret. */
  readonly detail?: unknown;
  /** Id of the rule that refuses, for the record; never shown. */
  readonly rule?: string | undefined;
  /** Extra response headers, for example `WWW-Authenticate`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What went wrong inside; is logged, never shown unless it is a {@link Hindrance}. */
  readonly cause?: unknown;
}

/**
 * Why something cannot be decided for the moment, in words that everybody may read: every UNAVAILABLE that comes of it
 * says so, too.
 */
export class Hindrance extends Error {
  override readonly name = "Hindrance";
}

/** A refusal or failure that a client is told about; anything else that is thrown becomes UNKNOWN. */
export class Fault extends Error {
  override readonly name = "Fault";
  readonly code: FaultCode;
  readonly wire: string;
  readonly summary: string;
  readonly detail: unknown;
  readonly headers: Readonly<Record<string, string>>;
  readonly rule: string | undefined;

  constructor(code: FaultCode, options: FaultOptions = {}) {
    super(messageOf(code, options), { cause: options.cause });
    this.code = code;
    this.wire = options.wire ?? FAULTS[code].wire;
    this.summary = options.summary ?? FAULTS[code].message;
    this.detail = options.detail;
    this.headers = options.headers ?? {};
    this.rule = options.rule;
  }
}

function messageOf(code: FaultCode, { message, cause }: FaultOptions): string {
  const said = message ?? FAULTS[code].message;
  return code === "UNAVAILABLE" && cause instanceof Hindrance ? `${said}: ${cause.message}` : said;
}

/** An HTTP answer with the registry's error body. */
export interface FaultReply {
  readonly status: number;
  /** What it is in few words, for the status line. */
  readonly summary: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: {
    readonly errors: readonly { code: string; message: string; detail?: unknown }[];
  };
}

/**
 * Turns whatever was thrown into the registry's error answer.
 *
 * @param error - a {@link Fault}, or anything else, of which nothing but the request id is shown
 * @param requestId - id of the request, as it stands in the log
 * @returns status, headers and JSON body (OCI distribution-spec, section "Error Codes")
 */
export function toFaultReply(error: unknown, requestId: string): FaultReply {
  const fault =
    error instanceof Fault ? error : new Fault("UNKNOWN", { detail: { requestId }, cause: error });
  const spec: FaultSpec = FAULTS[fault.code];
  const retryAfter =
    spec.retryAfterSeconds === undefined ? {} : { "Retry-After": String(spec.retryAfterSeconds) };
  const detail = fault.detail === undefined ? {} : { detail: fault.detail };
  return {
    status: spec.status,
    summary: fault.summary,
    headers: { ...retryAfter, ...fault.headers },
    body: { errors: [{ code: fault.wire, message: fault.message, ...detail }] },
  };
}

/**
 * @param error - anything that was thrown
 * @returns a fault with the code on the wire that Pier One gives it, where that is another; else the very same
 */
export function asPierOne(error: unknown): unknown {
  if (!(error instanceof Fault)) return error;
  const { pierOneWire: wire }: FaultSpec = FAULTS[error.code];
  if (wire === undefined) return error;
  const { code, message, summary, detail, headers, cause } = error;
  return new Fault(code, { message, summary, wire, detail, headers, cause });
}

/**
 * @param error - anything that was thrown
 * @returns whether something that is needed is away for the moment
 */
export function isUnavailable(error: unknown): error is Fault {
  return error instanceof Fault && error.code === "UNAVAILABLE";
}
